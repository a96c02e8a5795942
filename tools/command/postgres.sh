# A private PostgreSQL cluster: made, configured, bootstrapped. The supervisor runs it.
# Sourced by ./wardroom and tools/testenv, never run. Next: lib/db/bootstrap.sql

pg_version=15
pg_bin=/usr/lib/postgresql/$pg_version/bin

# as_postgres CMD...: PostgreSQL will not run as root; then its programs run as the user `postgres`.
as_postgres() {
    if as_root; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

# postgres_can_reach PATH: may PostgreSQL's user pass through every folder above PATH?
postgres_can_reach() {
    local folder=$1
    as_root || return 0
    while [ "$folder" != / ]; do
        folder=$(dirname "$folder")
        if [ -d "$folder" ] && ! as_postgres test -x "$folder"; then return 1; fi
    done 2>/dev/null
}

# pg_find STATE RUN: sets pg_data, pg_sockets and pg_secrets.
pg_find() {
    pg_sockets=$2/pg
    pg_secrets=$1/secrets/pg
    pg_data=$1/postgres
    if ! postgres_can_reach "$1"; then
        pg_data=/var/lib/wardroom-postgres/$(short_hash "$1")
    fi
}

# pg_login ROLE DATABASE: the connection string of a login; the password stays in its own file.
pg_login() {
    printf "host=%s port=5432 dbname=%s user=%s passfile=%s/%s" \
        "$pg_sockets" "$2" "$1" "$pg_secrets" "$1"
}

pg_password() { sed 's/.*://' "$pg_secrets/$1"; }

pg_make_password() {
    [ -s "$pg_secrets/$1" ] ||
        printf '*:*:*:%s:%s\n' "$1" "$(random_secret)" | write_file 0600 "$pg_secrets/$1"
}

pg_logins_of() {
    case $1 in
        threads | files) echo "$1_migrator $1_runtime $1_eraser" ;;
        *) echo "$1_migrator $1_runtime" ;;
    esac
}

# pg_create [initdb option...]: the cluster, once; its settings, every time. PG_CONF adds settings.
pg_create() {
    local owner=$(id -u) service login
    as_root && owner=postgres
    make_folder 0700 "$pg_secrets"
    pg_make_password postgres
    for service in $services; do
        for login in $(pg_logins_of "$service"); do pg_make_password "$login"; done
    done
    mkdir -p "$pg_sockets" "$pg_data"
    chown "$owner" "$pg_sockets" "$pg_data"
    chmod 0711 "$pg_sockets"
    chmod 0700 "$pg_data"
    if [ ! -s "$pg_data/PG_VERSION" ]; then
        pg_initdb "$owner" "$@"
    fi
    pg_configure "$owner"
}

# initdb reads the superuser's password from a file of its own user, gone again at once. A cluster
# whose making was interrupted is cleared away first.
pg_initdb() {
    local owner=$1 password=$pg_sockets/superuser status=0
    shift
    find "$pg_data" -mindepth 1 -delete
    pg_password postgres | write_file 0600 "$password"
    chown "$owner" "$password"
    as_postgres "$pg_bin/initdb" -D "$pg_data" -U postgres --pwfile="$password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 "$@" || status=$?
    rm -f "$password"
    return $status
}

pg_configure() {
    local conf=$pg_data/wardroom.conf
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$pg_sockets'"
        echo "port = 5432"
        echo "password_encryption = scram-sha-256"
        echo "logging_collector = off"
        echo "log_line_prefix = '%m [%p] %q%u@%d '"
        echo "${PG_CONF:-}"
    } | write_file 0600 "$conf"
    chown "$1" "$conf"
    grep -q "wardroom.conf" "$pg_data/postgresql.conf" ||
        echo "include 'wardroom.conf'" >>"$pg_data/postgresql.conf"
    echo "local all all scram-sha-256" | write_file 0600 "$pg_data/pg_hba.conf"
    chown "$1" "$pg_data/pg_hba.conf"
}

# pg_wait SECONDS: until the cluster answers.
pg_wait() {
    local end=$((SECONDS + $1))
    until "$pg_bin/pg_isready" -q -h "$pg_sockets" -p 5432; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

# pg_bootstrap: databases, roles and passwords of every service.
pg_bootstrap() {
    local service eraser
    for service in $services; do
        eraser=()
        case $service in
            threads | files) eraser=("WARDROOM_ERASER_PASSWORD=$(pg_password "${service}_eraser")") ;;
        esac
        (
            export WARDROOM_MIGRATOR_PASSWORD=$(pg_password "${service}_migrator")
            export WARDROOM_RUNTIME_PASSWORD=$(pg_password "${service}_runtime")
            [ ${#eraser[@]} = 0 ] || export "${eraser[@]}"
            psql -X -q -v service="$service" -f "$source_dir/lib/db/bootstrap.sql" \
                "$(pg_login postgres postgres)"
        ) || return 1
    done
}
