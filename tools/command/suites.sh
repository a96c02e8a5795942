# The levels of `./wardroom test` that need Node.js or a running suite: frontend, flow, scale, faults,
# browser, compose. Each level that needs one starts a suite of its own and stops it. Sourced, never run.

# fetch_for_test LEVEL: the npm packages; a failure is a failed test.
fetch_for_test() {
    install_node
    packages_are_fresh && return
    run_test "$1" packages 900 with_build_lock fetch_packages
}

# has_script FOLDER SCRIPT
has_script() {
    jq -e --arg script "$2" '.scripts[$script] != null' "$source_dir/$1/package.json" \
        >/dev/null 2>&1
}

level_frontend() {
    local folder script
    fetch_for_test frontend || return 1
    for folder in clients/typescript frontend; do
        for script in typecheck lint test; do
            ! has_script $folder $script ||
                run_test frontend "${folder##*/}-$script" 600 env -C "$source_dir" \
                    npm run --silent "$script" --workspace "$folder"
        done
    done
}

# --- levels with a suite ---

level_flow() { level_in_suite flow; }
level_browser() { level_in_suite browser; }

# With two of what clients depend on, so that one can take over from the other.
level_faults() {
    test_bin_for faults
    level_in_suite faults --gateways 2 --threads 2
}

# level_in_suite LEVEL [option of up...]: `npm test` of tests/<level> and every program
# tests/<level>/*.sh, beside a fresh suite. They find WARDROOM_URL, WARDROOM_LOGINS (the file),
# WARDROOM_STATE, WARDROOM (the command) and NODE_EXTRA_CA_CERTS, so that they can check the
# certificate.
level_in_suite() {
    local level=$1 script
    shift
    level_has_tests "$level" || return 0
    [ ! -f "$source_dir/tests/$level/package.json" ] || fetch_for_test "$level" || return 1
    programs_for_test "$level" || return 1
    run_test "$level" up 1500 suite_up "$level" "$@" || return 1
    suite_export "$level"
    if has_script "tests/$level" test; then
        run_test "$level" npm-test "$(npm_test_seconds "$level")" env -C "$source_dir" \
            npm run --silent test --workspace "tests/$level"
    fi
    for script in "$source_dir/tests/$level"/*.sh; do
        [ ! -x "$script" ] || run_test "$level" "$(basename "$script" .sh)" 900 "$script"
    done
    run_test "$level" down 60 suite_down "$level"
}

# The suite with two of everything: some of the flow tests again, and programs that come and go.
level_scale() {
    fetch_for_test scale || return 1
    programs_for_test scale || return 1
    run_test scale up 1500 suite_up scale --gateways 2 --threads 2 --auth 2 --templates 2 --files 2 \
        --retention 2 --redis 2 || return 1
    suite_export scale
    run_test scale npm-test 600 env -C "$source_dir" \
        npm run --silent test:scale --workspace tests/flow
    run_test scale down 60 suite_down scale
}

# The levels that have a suite once more, its programs under ASan and UBSan. A run of its own, whose
# output is the log of this test.
level_sanitized() {
    run_test sanitized suites 7200 "$source_dir/wardroom" test --sanitize flow scale faults browser
}

# In containers, built and run for real, where a Docker engine can be had.
level_compose() {
    fetch_for_test compose || return 1
    run_test compose stack 3600 "$source_dir/tests/compose/run"
}

# Faults take as long as there are seeds: eight seconds each, twice that on a busy machine.
npm_test_seconds() {
    case $1 in
        faults) echo $((600 + 16 * fault_seeds)) ;;
        *) echo 1500 ;;
    esac
}

# programs_for_test LEVEL: what `up` does not build by itself.
programs_for_test() {
    [ -z "$test_bin" ] ||
        build_for_test "$1" "$(basename "${test_bin%/bin}")" $(program_targets)
}

# test_bin_for LEVEL: faults need programs with failpoints; the sanitized ones have them too.
test_bin_for() {
    [ "$1" != faults ] || test_bin=${test_bin:-$source_dir/build/faults/bin}
}

level_has_tests() {
    [ -n "$(find "$source_dir/tests/$1" -name node_modules -prune -o \
        \( -name '*.test.ts' -o -name '*.sh' \) -print 2>/dev/null)" ]
}

suite_folder() { cat "$test_logs/$1.suite"; }

# suite_up LEVEL [option of up...]
suite_up() {
    local folder level=$1
    shift
    folder=$(mktemp -d /tmp/wardroom-test-XXXXXX) && chmod 0711 "$folder" || return
    echo "$folder" >"$test_logs/$level.suite"
    if [ -n "$test_bin" ]; then export WARDROOM_BIN=$test_bin; fi
    timeout 1500 "$source_dir/wardroom" up --state "$folder/state" --port "$(free_port)" "$@"
}

suite_export() {
    local state
    state=$(suite_folder "$1")/state
    export WARDROOM=$source_dir/wardroom WARDROOM_STATE=$state
    export WARDROOM_LOGINS=$state/logins.json NODE_EXTRA_CA_CERTS=$state/secrets/tls.crt
    WARDROOM_URL=$(jq -r .url "$WARDROOM_LOGINS")
    export WARDROOM_URL
    [ -z "$test_bin" ] || export WARDROOM_BIN=$test_bin
    export WARDROOM_TEST_FAULTS=$fault_seeds WARDROOM_TEST_TABLE=$test_logs/$1/table
}

suite_down() {
    local folder status=0
    test_bin_for "$1"
    [ -z "$test_bin" ] || export WARDROOM_BIN=$test_bin
    folder=$(suite_folder "$1") || return
    "$source_dir/wardroom" down --state "$folder/state" || status=1
    mkdir -p "$test_logs/$1/suite-logs"
    cp "$folder"/state/logs/*.log "$test_logs/$1/suite-logs/"
    suite_is_sane "$test_logs/$1/suite-logs" || status=1
    [ -n "${WARDROOM_TEST_KEEP:-}" ] || rm -rf "$folder"
    rm -f "$test_logs/$1.suite"
    return $status
}

# A program that a sanitizer ended was started again, so only its log tells.
suite_is_sane() {
    ! grep -m 5 -A 30 -E 'ERROR: (Address|Leak)Sanitizer|: runtime error: ' "$1"/*.log
}

# However the run ends, its suites end with it.
suites_end() {
    local level
    for level in flow scale faults browser; do
        [ ! -f "$test_logs/$level.suite" ] || suite_down "$level" >/dev/null 2>&1 || true
    done
}
