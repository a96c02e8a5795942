# A private Redis: on loopback, with a password, nothing on disk. Losing it loses no message.
# Sourced, never run. Next: keys.sh

# redis_create: the configuration of each, in a folder of its own in $run, and their URLs, with commas
# between them, in a secret.
#
# As root they run as the user `redis`.
redis_create() {
    local name urls=
    [ -s "$state/secrets/redis_password" ] ||
        random_secret | write_file 0600 "$state/secrets/redis_password"
    for name in $(names_of redis); do
        redis_configure "$name" "$(port_of "$name")"
        urls+=,redis://:$(cat "$state/secrets/redis_password")@127.0.0.1:$(port_of "$name")/0
    done
    echo "${urls#,}" | write_file 0600 "$state/secrets/redis_url"
}

redis_configure() {
    local name=$1 port=$2 folder=$run/$1
    mkdir -p "$folder"
    {
        echo "port $port"
        echo "bind 127.0.0.1"
        echo "requirepass $(cat "$state/secrets/redis_password")"
        echo "dir $folder"
        echo 'save ""'
        echo "appendonly no"
        echo "daemonize no"
        echo "maxclients 4096"
        echo "client-output-buffer-limit pubsub 64mb 16mb 30"
    } | write_file 0600 "$folder/redis.conf"
    chown -R "$(redis_user)" "$folder"
    chmod 0700 "$folder"
}

redis_user() { if as_root && id redis >/dev/null 2>&1; then echo redis; else id -un; fi; }
