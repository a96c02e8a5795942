# ./wardroom status, logs, down. Sourced, never run. Next: test.sh

# options_state ARG...: takes --state out of the arguments; the rest is in `rest`.
options_state() {
    local state_option=
    rest=()
    while [ $# -gt 0 ]; do
        case $1 in
            --state)
                [ $# -ge 2 ] || misuse "--state needs a folder."
                state_option=$2
                shift ;;
            *) rest+=("$1") ;;
        esac
        shift
    done
    find_state "$state_option"
    [ -d "$state" ] || { say "There is no suite in $state."; exit 3; }
    find_run
    settings_read
}

# With a dead supervisor its last word is not the truth: then everything counts as stopped.
status_now() {
    local alive=false
    ! suite_is_up || alive=true
    jq --arg url "https://localhost:$port" --argjson alive $alive '{url: $url,
        programs: [.programs[] | if $alive then . else .pid = 0 | .state = "stopped" end]}' \
        "$run/status.json" 2>/dev/null ||
        jq -n --arg url "https://localhost:$port" '{url: $url, programs: []}'
}

command_status() {
    local now
    options_state "$@"
    now=$(status_now)
    case ${rest[*]} in
        '') status_table "$now" ;;
        --json) jq '{url, programs: [.programs[] | {name, pid, state, version}]}' <<<"$now" ;;
        *) misuse "status: there is no option '${rest[*]}'." ;;
    esac
    jq -e '.programs | length > 0' <<<"$now" >/dev/null || exit 3
    jq -e '.programs | any(.state != "stopped")' <<<"$now" >/dev/null || exit 3
    jq -e '.programs | all(.state == "running")' <<<"$now" >/dev/null || exit 1
}

status_table() {
    say "$(jq -r .url <<<"$1")   ($state)"
    say
    jq -r '.programs[] | [.name, .state, .pid, .version, .deaths,
            (if .pid > 0 then (now - .started_at | floor) else 0 end)] | @tsv' <<<"$1" |
        awk -F'\t' 'BEGIN { printf "%-14s %-11s %8s  %-9s %7s  %s\n",
                "PROGRAM", "STATE", "PID", "VERSION", "DEATHS", "SINCE" }
            { s = $6; up = sprintf("%dd %02d:%02d:%02d", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60)
              printf "%-14s %-11s %8d  %-9s %7d  %s\n", $1, $2, $3, $4, $5, up }'
}

command_logs() {
    local follow= name files=()
    options_state "$@"
    set -- "${rest[@]}"
    while [ $# -gt 0 ]; do
        case $1 in
            -f | --follow) follow=-F ;;
            *[!a-z0-9-]* | -*) misuse "logs: '$1' is no service." ;;
            *) name=$1 ;;
        esac
        shift
    done
    for file in "$state/logs/${name:-}"*.log; do [ ! -f "$file" ] || files+=("$file"); done
    [ ${#files[@]} -gt 0 ] || fail "There is no log of '${name:-}' in $state/logs."
    exec tail -n 40 $follow "${files[@]}"
}

command_down() {
    options_state "$@"
    [ ${#rest[@]} = 0 ] || misuse "down: there is no option '${rest[*]}'."
    if ! suite_is_up; then
        say "Nothing runs in $state."
        return
    fi
    steps_to "$state/logs/up.log"
    step "Stopping everything" down_stop
}

# The supervisor holds a lock on its pid file until it has ended.
down_stop() {
    supervisor_ask stop
    flock -w 60 "$run/supervisor.pid" true
}
