#!/bin/bash
# The promises of ./wardroom, on a running suite: `up` again is harmless, what dies comes back,
# secrets are closed, `up` after `down` finds everything said before. Run by `./wardroom test flow`.
set -euo pipefail
: "${WARDROOM:?the command}" "${WARDROOM_STATE:?}" "${WARDROOM_URL:?}" "${WARDROOM_LOGINS:?}"

expect() {
    local words=$1
    shift
    if "$@"; then printf 'ok      %s\n' "$words"; else printf 'FAILED  %s\n' "$words"; exit 1; fi
}

wardroom() {
    local command=$1
    shift
    "$WARDROOM" "$command" --state "$WARDROOM_STATE" "$@"
}
up() { wardroom up "$@" >"$WARDROOM_STATE/command.log" || { cat "$WARDROOM_STATE/command.log"; exit 1; }; }
programs() { wardroom status --json | jq -r '.programs[] | "\(.name) \(.pid) \(.state)"'; }
names() { programs | cut -d' ' -f1 | sort | paste -sd ' '; }
pid_of() { programs | awk -v name="$1" '$1 == name { print $2 }'; }

# call TOKEN METHOD PATH [BODY]
call() {
    curl -sf --cacert "$WARDROOM_STATE/secrets/tls.crt" --max-time 10 -X "$2" \
        ${1:+-H "Authorization: Bearer $1"} -H 'Content-Type: application/json' \
        ${4:+--data "$4"} "$WARDROOM_URL$3"
}
sign_in() {
    call '' POST /api/chat/token/ "$(jq -c --arg role "$1" \
        'first(.logins[] | select(.role == $role)) | {username, password}' "$WARDROOM_LOGINS")" |
        jq -r .access
}
messages() { call "$token" GET "/api/chat/threads/$thread/messages/" | jq -c '[.results[] | [.seq, .body, .hash]]'; }

test_status_names_every_program_with_its_version() {
    [ "$(names)" = "auth-1 files-1 gateway-1 gateway-2 postgres redis retention-1 templates-1 threads-1" ] &&
        wardroom status --json | jq -e '(.url | startswith("https://localhost:")) and
            (.programs | all(.version | test("^[0-9]+[.][0-9]"))) and
            (.programs | all(.state == "running" and .pid > 0))' >/dev/null
}

test_up_again_restarts_nothing() {
    local before
    before=$(programs)
    up
    [ "$(programs)" = "$before" ]
}

test_up_with_more_gateways_adds_and_removes_only_those() {
    local before
    before=$(programs)
    up --gateways 3
    [ -n "$(pid_of gateway-3)" ] || return 1
    up --gateways 2
    [ "$(programs)" = "$before" ]
}

test_another_suite_cannot_take_the_port() {
    local other=$WARDROOM_STATE/other code=0
    "$WARDROOM" up --state "$other" --port "${WARDROOM_URL##*:}" >/dev/null 2>&1 || code=$?
    [ $code = 1 ] && [ ! -e "$other/run/supervisor.pid" ]
}

test_secrets_are_closed_to_others() {
    local file
    [ "$(stat -c %a "$WARDROOM_LOGINS")" = 600 ] || return 1
    for file in secrets trust env logs; do
        [ "$(stat -c %a "$WARDROOM_STATE/$file")" = 700 ] || { echo "$file"; return 1; }
    done
    file=$(find "$WARDROOM_STATE/secrets" "$WARDROOM_STATE/env" -type f -perm /077)
    file+=$(find "$WARDROOM_STATE/trust" -type f -perm /077 -not -name '*.pub' -not -name jwks.json)
    [ -z "$file" ] || { echo "$file"; return 1; }
}

# Neither the command lines of all processes nor the environments of ours hold a password or a key.
test_no_secret_stands_where_ps_looks() {
    local pid
    {
        sed 's/.*://' "$WARDROOM_STATE"/secrets/pg/*
        cat "$WARDROOM_STATE/secrets/redis_password"
        jq -r '.logins[].password' "$WARDROOM_LOGINS"
    } | grep -v '^$' >"$WARDROOM_STATE/command.words"
    for pid in /proc/[0-9]*; do cat "$pid/cmdline"; done 2>/dev/null | tr '\0' '\n' \
        >"$WARDROOM_STATE/command.seen"
    for pid in $(programs | cut -d' ' -f2); do tr '\0' '\n' <"/proc/$pid/environ"; done \
        >>"$WARDROOM_STATE/command.seen"
    ! grep -F -f "$WARDROOM_STATE/command.words" "$WARDROOM_STATE/command.seen"
}

test_every_killed_program_comes_back_and_is_ready() {
    local before kept
    before=$(programs | cut -d' ' -f1,2 | sort)
    kill -KILL $(cut -d' ' -f2 <<<"$before")
    up
    kept=$(comm -12 <(echo "$before") <(programs | cut -d' ' -f1,2 | sort))
    [ -z "$kept" ] && wardroom status >/dev/null && call '' GET /readyz >/dev/null
}

test_up_after_down_finds_everything_said_before() {
    local before logins
    before=$(messages)
    logins=$(cat "$WARDROOM_LOGINS")
    wardroom down >/dev/null
    expect "status of a stopped suite exits with 3" test "$(code wardroom status)" = 3
    expect "down again is harmless" wardroom down
    up
    token=$(sign_in analyst)
    [ "$(cat "$WARDROOM_LOGINS")" = "$logins" ] && [ -n "$before" ] && [ "$(messages)" = "$before" ]
}

test_up_after_a_killed_supervisor_repairs() {
    local supervisor
    supervisor=$(cat "$WARDROOM_STATE"/run/supervisor.pid)
    kill -KILL "$supervisor"
    expect "status with a dead supervisor exits with 3" test "$(code wardroom status)" = 3
    up
    call '' GET /readyz >/dev/null
}

code() {
    local code=0
    "$@" >/dev/null 2>&1 || code=$?
    echo $code
}

expect "status names every program with its version" test_status_names_every_program_with_its_version
token=$(sign_in analyst)
thread=$(call "$token" POST /api/chat/threads/ '{"title":"Kept over a restart"}' | jq -r .id)
call "$token" POST "/api/chat/threads/$thread/messages/" \
    "{\"client_id\":\"$(cat /proc/sys/kernel/random/uuid)\",\"body\":\"said before\"}" >/dev/null
expect "up again restarts nothing" test_up_again_restarts_nothing
expect "up with more gateways adds and removes only those" \
    test_up_with_more_gateways_adds_and_removes_only_those
expect "another suite cannot take the port" test_another_suite_cannot_take_the_port
expect "secrets are closed to others" test_secrets_are_closed_to_others
expect "no secret stands where ps looks" test_no_secret_stands_where_ps_looks
expect "every killed program comes back and is ready" test_every_killed_program_comes_back_and_is_ready
expect "up after down finds everything said before" test_up_after_down_finds_everything_said_before
expect "up after a killed supervisor repairs" test_up_after_a_killed_supervisor_repairs
expect "an unknown option is not understood" test "$(code wardroom up --colour red)" = 2
expect "an unknown command is not understood" test "$(code "$WARDROOM" dance)" = 2
