# The programs and the frontend, built where their sources changed. Sourced, never run.
# Next: up.sh

bin=${WARDROOM_BIN:-$source_dir/build/release/bin}
frontend_dist=$source_dir/frontend/dist

# The functions below run as steps and as tests; they return their failures themselves.

# with_build_lock CMD...: two suites of one clone may start at the same time.
with_build_lock() {
    mkdir -p "$source_dir/build"
    (exec 9>"$source_dir/build/.lock" && flock 9 && "$@" 9>&-)
}

# build_preset PRESET [TARGET...] [-- NINJA OPTION...]
build_preset() {
    local preset=$1 targets=()
    shift
    cd "$source_dir" || return
    [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" || return
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        targets+=("$1")
        shift
    done
    [ ${#targets[@]} = 0 ] || set -- --target "${targets[@]}" "$@"
    cmake --build --preset "$preset" "$@"
}

# What a suite consists of; not the tests.
program_targets() {
    local service
    echo wardroom-supervisor wardroom-gateway wardroomctl
    for service in $services; do echo "wardroom-$service"; done
}

# What `up` and `bench` run.
build_programs() {
    [ -n "${WARDROOM_BIN:-}" ] ||
        with_build_lock build_preset release $(program_targets) wardroom-bench
}

# A digest of files named on standard input, names and contents.
digest_files() { LC_ALL=C sort | (cd "$source_dir" && xargs -r -d '\n' sha256sum) | sha256sum; }

packages_digest() { (cd "$source_dir" && ls package-lock.json package.json) | digest_files; }

packages_are_fresh() {
    [ "$(packages_digest)" = "$(cat "$source_dir/node_modules/.wardroom-digest" 2>/dev/null)" ]
}

fetch_packages() {
    cd "$source_dir" || return
    packages_are_fresh && return
    npm ci --no-fund --no-audit || return
    packages_digest >node_modules/.wardroom-digest
}

frontend_digest() {
    (cd "$source_dir" && find frontend clients/typescript package-lock.json -type f \
        -not -path '*/node_modules/*' -not -path '*/dist/*' -not -name '*.tsbuildinfo') |
        digest_files
}

frontend_is_fresh() {
    [ "$(frontend_digest)" = "$(cat "$frontend_dist/.sources" 2>/dev/null)" ]
}

make_frontend() {
    cd "$source_dir" || return
    frontend_is_fresh && return
    npm run build --workspace clients/typescript --if-present || return
    npm run build --workspace frontend || return
    frontend_digest >"$frontend_dist/.sources"
}

build_frontend() {
    [ -f "$source_dir/frontend/package.json" ] || return 0
    frontend_is_fresh && return
    install_node
    packages_are_fresh ||
        step "Fetching the frontend's packages" with_build_lock fetch_packages
    step "Building the frontend" with_build_lock make_frontend
}
