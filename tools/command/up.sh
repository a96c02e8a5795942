# ./wardroom up: from nothing, or from anything in between, to a running suite.
#
# Every step looks at what is there and does only what is missing, so a second `up`, or one after an
# interruption, is the same command. Sourced, never run. Next: install.sh

command_up() {
    local state_option= port_option= bind_option=-
    local -A chosen=()
    while [ $# -gt 0 ]; do
        [ $# -ge 2 ] || misuse "up: '$1' needs a value, or is no option."
        case $1 in
            --state) state_option=$2 ;;
            --port) port_option=$(number_of "$1" "$2" 1 65535) ;;
            --bind) bind_option=$2 ;;
            --gateways | --threads | --auth | --templates | --files | --retention | --redis)
                chosen[${1#--}]=$(number_of "$1" "$2" 1 "${replicas_max[${1#--}]}") ;;
            *) misuse "up: there is no option '$1'." ;;
        esac
        shift 2
    done
    find_state "$state_option"
    make_state
    exec 8>"$state/.lock"
    flock -n 8 || { say "Another ./wardroom works on $state; waiting."; flock 8; }
    steps_to "$state/logs/up.log"
    say "Wardroom in $state"
    install_for_up
    find_run
    make_run
    settings_load
    [ -n "${WARDROOM_BIN:-}" ] || step "Building the programs" build_programs
    build_frontend
    up_start
    demo_print
}

number_of() {
    case $2 in
        *[!0-9]* | '') misuse "$1 takes a number, not '$2'." ;;
    esac
    [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || misuse "$1 takes a number from $3 to $4, not $2."
    echo "$2"
}

make_state() {
    local folder
    mkdir -p "$(dirname "$state")" || fail "Cannot create $(dirname "$state")."
    make_folder "$(outer_mode)" "$state"
    for folder in secrets trust logs env objects; do make_folder 0700 "$state/$folder"; done
}

make_run() {
    local folder
    make_folder "$(outer_mode)" "$run"
    for folder in bus discovery; do make_folder 0700 "$run/$folder"; done
    for folder in $services; do make_folder 0700 "$run/discovery/$folder"; done
}

# As root, the users `postgres` and `redis` pass through to what is theirs.
outer_mode() { if as_root; then echo 0711; else echo 0700; fi; }

# What was chosen with options stays chosen: port, bind and how many of each program.
settings_load() {
    local name
    settings_read
    port_before=$port
    port=${port_option:-$port}
    [ "$bind_option" = - ] || bind=$bind_option
    case $bind in *[!0-9A-Fa-f.:]*) misuse "--bind takes an IP address, not '$bind'." ;; esac
    for name in "${!chosen[@]}"; do replicas[$name]=${chosen[$name]}; done
    {
        printf 'port=%s\nbind=%s\n' "$port" "$bind"
        for name in "${!replicas[@]}"; do echo "$name=${replicas[$name]}"; done | sort
    } | write_file 0600 "$state/settings.new"
}

settings_keep() { mv -f "$state/settings.new" "$state/settings"; }

supervisor_ask() { "$bin/wardroom-supervisor" --ask "$run" "$1"; }

suite_is_up() { [ -x "$bin/wardroom-supervisor" ] && supervisor_ask ping 2>/dev/null; }

up_start() {
    local was_up=no
    if suite_is_up; then was_up=yes; else after_supervisor_died; fi
    ports_choose $was_up
    settings_keep
    pg_find "$state" "$run"
    if [ $was_up = no ]; then
        step "Preparing the database" up_prepare_database
    fi
    redis_create
    if [ $was_up = no ]; then
        plan_write_stores
        supervisor_start
    fi
    step "Creating keys and databases" up_prepare_data
    plan_write_all
    supervisor_ask reload || fail "The supervisor refused the new plan $state/plan."
    step "Waiting until everything is ready" up_wait_ready
    if [ ! -s "$state/logins.json" ]; then
        step "Creating two demo tenants" up_make_demo
    fi
    demo_write_logins "https://localhost:$port"
}

up_make_demo() { demo_choose; demo_create; }

up_prepare_database() {
    PG_CONF="fsync = on
synchronous_commit = on
max_connections = 200
shared_buffers = 256MB
wal_compression = lz4
max_wal_size = 2GB
min_wal_size = 256MB
jit = off
checkpoint_timeout = 10min
checkpoint_completion_target = 0.9
log_min_duration_statement = 1000
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0" pg_create --data-checksums
    # Found again by people; the programs know.
    [ "$pg_data" = "$state/postgres" ] || ln -sfn "$pg_data" "$state/postgres"
    pg_login postgres postgres | write_file 0600 "$state/secrets/superuser_url"
}

up_prepare_data() {
    local service
    pg_wait 60 || { echo "PostgreSQL does not answer; see $state/logs/postgres.log"; return 1; }
    make_keys
    pg_bootstrap
    for service in $services; do
        echo "--- migrations of $service"
        env -i PATH="$PATH" WARDROOM_LOG_LEVEL=info WARDROOM_ENV="${WARDROOM_ENV:-development}" \
            WARDROOM_INSTALL="$(cat "$state/install")" WARDROOM_TRUST_DIR="$state/trust" \
            WARDROOM_SERVICE_KEYS_FILE="$state/secrets/$service.keys" \
            WARDROOM_DATABASE_URL="$(pg_login "${service}_migrator" "wardroom_$service")" \
            "$bin/wardroom-$service" --migrate
    done
}

# ports_choose WAS_UP: the inner ports, kept in $state/ports as `name=port`; what is taken by
# somebody else meanwhile is chosen anew, unless it is us who run.
ports_choose() {
    local was_up=$1 name number kept= taken
    if [ "$was_up $port" != "yes $port_before" ] && port_is_taken "$port"; then
        fail "Port $port is taken by another program. Choose one: ./wardroom up --port N"
    fi
    taken=" $(ports_taken | tr '\n' ' ')"
    for name in $(names_of redis $services gateway); do
        number=$(port_of "$name")
        if [ -z "$number" ] || { [ "$was_up" = no ] && [[ $taken == *" $number "* ]]; }; then
            number=$(free_port $kept)
        fi
        kept="$kept $number"
        echo "$name=$number"
    done >"$state/ports.new"
    write_file 0644 "$state/ports" <"$state/ports.new"
    rm -f "$state/ports.new"
}

port_of() { [ ! -f "$state/ports" ] || sed -n "s/^$1=//p" "$state/ports"; }

supervisor_start() {
    find "$run/discovery" "$run/bus" -mindepth 1 -not -type d -delete
    "$bin/wardroom-supervisor" "$state/plan" "$run" "$state/logs" 8>&- ||
        fail "The supervisor did not start."
}

# The supervisor is gone, perhaps by kill -9; its children were told to end. Whoever of them is
# still there after 15 s is killed, if it is still the program that status.json names.
after_supervisor_died() {
    local pid name end=$((SECONDS + 15))
    [ -s "$run/status.json" ] || return 0
    jq -r '.programs[] | select(.pid > 0) | "\(.pid) \(.name)"' "$run/status.json" |
        while read -r pid name; do
            while program_is "$pid" "$name" && [ $SECONDS -lt $end ]; do sleep 0.1; done
            ! program_is "$pid" "$name" || kill -KILL "$pid"
        done
}

# program_is PID NAME: does PID still run the command that the plan has for NAME?
program_is() {
    local binary
    binary=$(awk -v name="$2" '$1 == "program" { here = $2 == name }
        here && $1 == "argument" { print $2; exit }' "$state/plan")
    [ -n "$binary" ] && [ "$(readlink "/proc/$1/exe")" = "$(readlink -f "$binary")" ]
} 2>/dev/null

# not_ready: the names of programs that are between two lives, or whose /readyz does not say yes.
not_ready() {
    local name
    supervisor_ask ping
    jq -r '.programs[] | select(.state != "running") | .name' "$run/status.json"
    for name in $(names_of $services gateway); do
        curl -sf -o /dev/null --max-time 2 "http://127.0.0.1:$(port_of "$name")/readyz" ||
            printf '%s ' "$name"
    done
}

up_wait_ready() {
    local end=$((SECONDS + 60)) waiting
    while waiting=$(not_ready); [ -n "$waiting" ]; do
        if [ $SECONDS -ge $end ]; then
            for name in $(sort -u <<<"${waiting// /$'\n'}"); do
                echo "--- $name is not ready; the end of its log:"
                tail -n 5 "$state/logs/$name.log"
            done
            return 1
        fi
        sleep 0.1
    done
    curl -skf -o /dev/null --max-time 5 "https://localhost:$port/readyz"
}
