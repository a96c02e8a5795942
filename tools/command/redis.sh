# A private Redis: on loopback, with a password, nothing on disk. Losing it loses no message.
# Sourced, never run. Next: keys.sh

# redis_create PORT: its configuration, in a folder of its own in $run, and its URL in a secret.
#
# As root it runs as the user `redis`.
redis_create() {
    local port=$1 owner folder=$run/redis
    owner=$(redis_user)
    [ -s "$state/secrets/redis_password" ] ||
        random_secret | write_file 0600 "$state/secrets/redis_password"
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
    chown -R "$owner" "$folder"
    chmod 0700 "$folder"
    echo "redis://:$(cat "$state/secrets/redis_password")@127.0.0.1:$port/0" |
        write_file 0600 "$state/secrets/redis_url"
}

redis_user() { if as_root && id redis >/dev/null 2>&1; then echo redis; else id -un; fi; }
