# The plan of a suite: which programs, with which environment. Written for the supervisor.
# Sourced, never run. tools/supervisor/README.md has the format. Next: demo.sh

# Which of the caller's variables the programs get; the caller's win over ours.
caller_environment() {
    env | grep -E '^(WARDROOM_[A-Z0-9_]+|ITSM_API_URL|INCIDENT_SLA_HOURS)=' |
        grep -vE '^WARDROOM_(BIN|NO_INSTALL|URL|LOGINS|STATE|(TEST|FAULT|BENCH)_[A-Z_]*)=' || true
}

# environment_write NAME: standard input, then the caller's, becomes the environment of a program.
environment_write() {
    {
        echo "PATH=/usr/local/bin:/usr/bin:/bin"
        echo "LANG=C.UTF-8"
        echo "HOME=/"
        cat
        caller_environment
    } | awk -F= '{ value[$1] = $0; if (!seen[$1]++) order[++n] = $1 }
                 END { for (i = 1; i <= n; i++) print value[order[i]] }' |
        write_file 0600 "$state/env/$1"
}

# plan_program NAME STAGE VERSION REVISION ARGUMENT...: one block of the plan.
plan_program() {
    local name=$1 argument
    printf 'program %s\nstage %s\nversion %s\nrevision %s\nenvironment %s\n' \
        "$name" "$2" "$3" "$4" "$state/env/$name"
    shift 4
    for argument in "$@"; do printf 'argument %s\n' "$argument"; done
}

plan_postgres() {
    local user=
    as_root && user=postgres
    environment_write postgres </dev/null
    plan_program postgres 1 "$("$pg_bin/postgres" --version | grep -oE '[0-9]+\.[0-9]+' | head -1)" \
        "$(sha256sum <"$pg_data/wardroom.conf" | cut -c1-16)" "$pg_bin/postgres" -D "$pg_data"
    echo "stop INT"
    [ -z "$user" ] || echo "user $user"
}

# plan_redis NAME
plan_redis() {
    local conf=$run/$1/redis.conf
    environment_write "$1" </dev/null
    plan_program "$1" 1 "$(redis-server --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -1)" \
        "$(sha256sum <"$conf" | cut -c1-16)" "$(command -v redis-server)" "$conf"
    ! as_root || echo "user $(redis_user)"
}

# plan_ours NAME STAGE PROGRAM: one of our programs; it is restarted when binary, environment,
# certificate or list of Redis servers changed. Its environment has been written.
plan_ours() {
    local binary=$bin/wardroom-$3 revision
    revision=$(cat "$binary" "$state/env/$1" "$state/secrets/tls.crt" "$state/secrets/redis_url" |
        sha256sum | cut -c1-16)
    plan_program "$1" "$2" "$(version_of "$binary")" "$revision" "$binary"
}

version_of() { "$1" --version | awk '{ print $NF; exit }'; }

# What every program of ours is told.
environment_common() {
    echo "WARDROOM_ENV=development"
    echo "WARDROOM_INSTALL=$(cat "$state/install")"
    echo "WARDROOM_LOG_LEVEL=info"
    echo "WARDROOM_TRUST_DIR=$state/trust"
    echo "WARDROOM_CHANNEL_KEY_FILE=$state/secrets/channel.key"
    echo "REDIS_URL_FILE=$state/secrets/redis_url"
    echo "WARDROOM_OPS_LISTEN=127.0.0.1:$(port_of "$1")"
}

environment_endpoints() {
    local service
    for service in "$@"; do
        echo "WARDROOM_${service^^}_ENDPOINT=dir:$run/discovery/$service"
    done
}

# plan_service SERVICE NAME
plan_service() {
    local service=$1 name=$2
    {
        environment_common "$name"
        echo "WARDROOM_LISTEN=ipc://$run/bus/$name.sock"
        echo "WARDROOM_ANNOUNCE_DIR=$run/discovery/$service"
        echo "WARDROOM_DATABASE_URL=$(pg_login "${service}_runtime" "wardroom_$service")"
        echo "WARDROOM_SERVICE_KEYS_FILE=$state/secrets/$service.keys"
        case $service in
            auth) echo "WARDROOM_SIGNING_DIR=$state/trust/signing" ;;
            files)
                echo "WARDROOM_FILES_DIR=$state/objects"
                echo "WARDROOM_FILE_KEYS_FILE=$state/secrets/files.content.keys"
                ;;
            retention) environment_endpoints threads files auth ;;
        esac
    } | environment_write "$name"
    plan_ours "$name" 2 "$service"
}

# With [::1] as well, so that https://localhost works whatever the browser tries first.
gateway_listen() {
    local list=127.0.0.1:$port
    [ "$bind" != 0.0.0.0 ] || list=0.0.0.0:$port
    ! grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null || list="$list,[::1]:$port"
    case $bind in
        '' | 0.0.0.0 | 127.0.0.1 | ::1) ;;
        ::) list="127.0.0.1:$port,[::]:$port" ;;
        *:*) list="$list,[$bind]:$port" ;;
        *) list=$list,$bind:$port ;;
    esac
    echo "$list"
}

gateway_origins() {
    local origins=https://localhost:$port,https://127.0.0.1:$port host
    host=$(hostname)
    case $bind in
        '' | 127.0.0.1 | ::1) ;;
        0.0.0.0 | ::) origins=$origins,https://$host:$port ;;
        *:*) origins=$origins,https://[$bind]:$port ;;
        *) origins=$origins,https://$bind:$port,https://$host:$port ;;
    esac
    echo "$origins"
}

plan_gateway() {
    local name=$1
    {
        environment_common "$name"
        environment_endpoints $services
        echo "WARDROOM_GATEWAY_LISTEN=$(gateway_listen)"
        echo "WARDROOM_PUBLIC_ORIGINS=$(gateway_origins)"
        echo "WARDROOM_TLS_CERT_PATH=$state/secrets/tls.crt"
        echo "WARDROOM_TLS_KEY_PATH=$state/secrets/tls.key"
        echo "WARDROOM_STATIC_DIR=$frontend_dist"
    } | environment_write "$name"
    plan_ours "$name" 3 gateway
}

# How many of each there may be. All of them together hold 16 x 4 connections of threads, 8 x 5 of
# auth and of files, 8 x 3 of templates, 8 x 2 of retention: 184 of PostgreSQL's 200.
declare -A replicas_max=([gateways]=32 [threads]=16 [auth]=8 [templates]=8 [files]=8 [retention]=8
    [redis]=8)
declare -A replicas=()

# settings_read: sets port, bind and replicas as this suite was last told.
settings_read() {
    local name value
    port=8443 bind=
    replicas=([gateways]=2 [threads]=1 [auth]=1 [templates]=1 [files]=1 [retention]=1 [redis]=1)
    [ -s "$state/settings" ] || return 0
    while IFS='=' read -r name value; do
        case $name in
            port) port=$value ;;
            bind) bind=$value ;;
            *) replicas[$name]=$value ;;
        esac
    done <"$state/settings"
}

# names_of SERVICE...: threads-1 threads-2 ... The first Redis is called `redis`.
names_of() {
    local service count n
    for service in "$@"; do
        case $service in gateway) count=${replicas[gateways]} ;; *) count=${replicas[$service]} ;; esac
        for n in $(seq "$count"); do
            if [ "$service-$n" = redis-1 ]; then echo redis; else echo "$service-$n"; fi
        done
    done
}

plan_write_stores() { plan_stores | write_file 0600 "$state/plan"; }

plan_stores() {
    local name
    plan_postgres
    for name in $(names_of redis); do echo; plan_redis "$name"; done
}

plan_write_all() {
    local service name
    {
        plan_stores
        for service in $services; do
            for name in $(names_of "$service"); do echo; plan_service "$service" "$name"; done
        done
        for name in $(names_of gateway); do echo; plan_gateway "$name"; done
    } | write_file 0600 "$state/plan"
}
