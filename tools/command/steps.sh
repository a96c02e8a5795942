# Progress: one line per long step, its details in a log, the end of that log when it fails.
# Sourced, never run. `steps_log` is the log; without it details go nowhere. Next: ports.sh

steps_log=/dev/null

# step WORDS CMD...: run CMD with its output in the log, and say how long it took.
step() {
    local words=$1 begin=$SECONDS status=0 on_error
    shift
    printf '  %-46s ' "$words"
    printf '\n=== %s\n' "$words" >>"$steps_log"
    # In a subshell with errexit on; `(...) || status=$?` would switch it off inside.
    on_error=$(trap -p ERR)
    trap - ERR
    set +e
    (set -e; "$@") >>"$steps_log" 2>&1 </dev/null
    status=$?
    set -e
    eval "$on_error"
    if [ $status = 0 ]; then
        printf '%4d s\n' $((SECONDS - begin))
        return
    fi
    printf 'failed after %d s\n\n' $((SECONDS - begin))
    [ "$steps_log" = /dev/null ] || tail -n 20 "$steps_log" | sed 's/^/    /'
    printf '\n'
    fail "\"$words\" failed; the lines above are the end of $steps_log."
}

# steps_to PATH: the log of the steps that follow.
steps_to() {
    steps_log=$1
    (umask 077 && : >>"$steps_log")
    printf '\n##### %s\n' "$(date -u '+%Y-%m-%d %H:%M:%S UTC')" >>"$steps_log"
}
