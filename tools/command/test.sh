# ./wardroom test: the levels, one after the other, each with its time; at the end one line
# `N passed, N failed`. A level is a function level_NAME that calls run_test for each of its tests.
# Output goes to build/test/<level>/<test>.log, all of a level's to build/test/<level>.log.
# Sourced, never run. Next: suites.sh

all_levels="checks unit store service frontend fuzz flow scale faults browser"
long_levels="sanitized compose"
test_logs=$source_dir/build/test
test_all=
test_bin=
fault_seeds=10

command_test() {
    local level chosen=() begin=$SECONDS passed=0 failed=0
    while [ $# -gt 0 ]; do
        case " $all_levels $long_levels " in *" $1 "*) chosen+=("$1"); shift; continue ;; esac
        case $1 in
            --all) test_all=1 fault_seeds=100 ;;
            --faults)
                [ $# -ge 2 ] || misuse "--faults needs a number of seeds."
                fault_seeds=$(number_of --faults "$2" 1 1000000)
                chosen+=(faults)
                shift ;;
            --sanitize) test_bin=$source_dir/build/dev/bin ;;
            *) misuse "test: there is no level or option '$1'. Levels: $all_levels $long_levels" ;;
        esac
        shift
    done
    [ ${#chosen[@]} -gt 0 ] || chosen=($all_levels ${test_all:+$long_levels})
    # Without the tests' own suites in the way: their variables are not for these programs.
    unset WARDROOM_URL WARDROOM_LOGINS WARDROOM_STATE
    export NO_COLOR=1
    mkdir -p "$test_logs"
    steps_to "$test_logs/install.log"
    install_for_test
    trap suites_end EXIT
    for level in "${chosen[@]}"; do test_level "$level"; done
    printf '\n%d min %d s. Logs are in build/test.\n' \
        $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60))
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] || exit 1
}

# test_level NAME: run it, print its line, add to `passed` and `failed`.
test_level() {
    local level=$1 begin=$SECONDS results=$test_logs/$1.results good bad name
    rm -rf "${test_logs:?}/$level"
    mkdir -p "$test_logs/$level"
    : >"$results"
    : >"$test_logs/$level.log"
    printf '  %-10s ' "$level"
    # Errexit is for steps; a level goes on after a failed test.
    set +e
    ( set +E; trap - ERR EXIT; "level_$level" ) </dev/null >>"$test_logs/$level.log" 2>&1 ||
        [ -s "$results" ] || echo "failed level" >>"$results"
    set -e
    good=$(grep -c '^ok ' "$results" || true)
    bad=$(grep -c '^failed ' "$results" || true)
    passed=$((passed + good)) failed=$((failed + bad))
    if [ "$good$bad" = 00 ]; then
        printf 'has no tests yet\n'
        return
    fi
    printf '%3d passed, %d failed  %4d s\n' "$good" "$bad" $((SECONDS - begin))
    [ ! -s "$test_logs/$level/table" ] || sed 's/^/    /' "$test_logs/$level/table"
    grep '^failed ' "$results" | cut -d' ' -f2 | head -n 5 | while read -r name; do
        printf '\n    --- %s: %s\n' "$level" "$name"
        { tail -n 25 "$test_logs/$level/$name.log" 2>/dev/null ||
            tail -n 25 "$test_logs/$level.log"; } | cut -c1-200 | sed 's/^/    /'
        printf '\n'
    done || true
}

# run_test LEVEL NAME SECONDS CMD...: one test; passes when CMD exits with 0 within its time. A
# function has no time limit; it stands in no errexit and has to return its failures itself.
run_test() {
    local level=$1 name=$2 limit=$3 status=0 begin=$SECONDS
    local log=$test_logs/$level/$name.log
    shift 3
    if [ "$(type -t "$1")" = function ]; then
        ( "$@" ) >"$log" 2>&1 || status=$?
    else
        timeout -k 15 "$limit" "$@" >"$log" 2>&1 || status=$?
    fi
    [ $status != 124 ] || echo "It did not end within $limit s." >>"$log"
    printf '\n=== %s (exit %d, %d s)\n' "$name" $status $((SECONDS - begin))
    cat "$log"
    if [ $status = 0 ]; then echo "ok $name"; else echo "failed $name"; fi >>"$test_logs/$level.results"
    return $status
}

level_checks() {
    local check
    for check in "$source_dir"/tools/checks/*; do
        [ ! -x "$check" ] || run_test checks "$(basename "$check")" 120 "$check"
    done
}

# --- C: ctest by label, in the sanitizer preset ---

level_unit() { level_ctest unit; }
level_store() { level_ctest store "$source_dir/tools/testenv"; }
level_service() { level_ctest service "$source_dir/tools/testenv"; }

# level_ctest LABEL [PREFIX...]: every test by itself, behind the prefix.
level_ctest() {
    local label=$1 name
    shift
    build_for_test "$label" dev
    for name in $(ctest_names "$label"); do
        run_test "$label" "$name" 400 "$@" \
            ctest --test-dir "$source_dir/build/dev" --output-on-failure --no-tests=error \
            -R "^$name\$"
    done
}

ctest_names() {
    ctest --test-dir "$source_dir/build/dev" -N -L "^$1\$" |
        sed -n 's/^ *Test *#[0-9]*: \([^ ]*\).*/\1/p'
}

# A build that works is no test; one that fails is a failed one, and goes on with what does build.
build_for_test() {
    local level=$1
    shift
    with_build_lock build_preset "$@" -- -k 0 >"$test_logs/$level/build.log" 2>&1 && return
    sed -i '/^\[/d' "$test_logs/$level/build.log"
    cat "$test_logs/$level/build.log"
    echo "failed build" >>"$test_logs/$level.results"
    return 1
}

level_fuzz() {
    local target seconds=10 name
    [ -z "$test_all" ] || seconds=60
    with_build_lock fuzz_configure || { build_for_test fuzz fuzz; return 1; }
    mapfile -t targets < <(ninja -C "$source_dir/build/fuzz" -t targets all |
        sed -n 's/^\(fuzz_[a-z0-9_]*\): phony$/\1/p' | sort -u)
    [ ${#targets[@]} -gt 0 ] || return 0
    build_for_test fuzz fuzz "${targets[@]}" || return 1
    for name in "${targets[@]}"; do
        run_test fuzz "$name" $((seconds + 60)) fuzz_run "$name" "$seconds"
    done
}

fuzz_configure() {
    cd "$source_dir" && { [ -f build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null; }
}

# What it finds stays in build/test/fuzz; tests/fuzz/corpus/<target> is where it begins.
fuzz_run() {
    local name=$1 found=$test_logs/fuzz/corpus/$1 seeds=$source_dir/tests/fuzz/corpus/${1#fuzz_}
    local options=(-max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
        -artifact_prefix="$test_logs/fuzz/$name-")
    [ ! -f "$source_dir/tests/fuzz/${1#fuzz_}.dict" ] ||
        options+=(-dict="$source_dir/tests/fuzz/${1#fuzz_}.dict")
    mkdir -p "$found"
    [ -d "$seeds" ] || seeds=
    "$source_dir/build/fuzz/bin/$name" "${options[@]}" "$found" $seeds 2>&1 | tail -n 40
}
