# What the machine needs, installed where it is missing. Debian 12 is what is tried; elsewhere the
# list is printed and the rest is up to its owner. Sourced, never run. Next: build.sh

packages_run="redis-server postgresql postgresql-15 curl openssl jq procps"
packages_build="build-essential cmake ninja-build pkg-config libwebsockets-dev
    libwebsockets-evlib-uv libczmq-dev libzmq3-dev libprotobuf-c-dev protobuf-c-compiler
    protobuf-compiler libhiredis-dev libjwt-dev libssl-dev libuv1-dev libpq-dev libjansson-dev
    libcmocka-dev libargon2-dev libmagic-dev libpcre2-dev"
packages_test="git chromium clang clang-format llvm libclang-rt-14-dev fonts-dejavu-core"

node_version=22
node_folder=$source_dir/build/node

# packages_missing NAME...: those that are not installed.
packages_missing() {
    local installed name
    installed=$({ dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true; } |
        sed -n 's/ installed$//p')
    for name in "$@"; do
        grep -qx "$name" <<<"$installed" || printf '%s ' "$name"
    done
}

# Node.js counts as present however it came.
packages_of_node() { command -v node >/dev/null && command -v npm >/dev/null || echo nodejs npm; }

# install_packages NAME...: ask apt for what is missing, after saying what that is.
install_packages() {
    local missing
    command -v dpkg-query >/dev/null ||
        fail "This is no Debian. Install the equivalents of these yourself: $*"
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    [ -z "${WARDROOM_NO_INSTALL:-}" ] || fail "These packages are missing: $missing"
    say "These Debian packages are missing and will be installed with apt-get:"
    say "$missing" | fold -s -w 90 | sed 's/^/    /'
    as_root || command -v sudo >/dev/null ||
        fail "That needs root, and there is no sudo here. As root: apt-get install $missing"
    as_root || sudo -v || fail "sudo refused. As root: apt-get install $missing"
    step "Installing packages" install_with_apt $missing
}

sudo_if_needed() { if as_root; then "$@"; else sudo -n "$@"; fi; }

# Debian starts the services it installs, and makes a database cluster. This suite has its own, so
# both are prevented for the time of the installation, unless the machine already has a policy.
install_with_apt() {
    local policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.d/wardroom.conf
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends
        -o DPkg::Lock::Timeout=300)
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | sudo_if_needed tee $policy >/dev/null
        sudo_if_needed chmod 755 $policy
        trap 'sudo_if_needed rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    sudo_if_needed apt-get update
    if [ -n "$(packages_missing postgresql-15)" ]; then
        sudo_if_needed "${apt[@]}" install postgresql-common
        sudo_if_needed mkdir -p "$(dirname $clusters)"
        echo 'create_main_cluster = false' | sudo_if_needed tee $clusters >/dev/null
    fi
    sudo_if_needed "${apt[@]}" install "$@" || {
        sudo_if_needed rm -f $clusters
        return 1
    }
    sudo_if_needed rm -f $clusters
}

# node_is_new_enough: what Vite asks for, 20.19 or newer.
node_is_new_enough() {
    node -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

install_node_here() {
    mkdir -p "$node_folder"
    npm install --no-fund --no-audit --prefix "$node_folder" "node@$node_version"
}

# install_node: a Node.js that can build the frontend comes first on PATH.
install_node() {
    node_is_new_enough && return
    PATH=$node_folder/node_modules/.bin:$PATH
    hash -r
    node_is_new_enough && return
    step "Fetching Node.js $node_version (this machine's is older)" install_node_here
    hash -r
    node_is_new_enough || fail "Node.js 20.19 or newer is needed, and could not be fetched."
}

install_for_up() {
    if [ -n "${WARDROOM_BIN:-}" ]; then
        install_packages $packages_run
    else
        install_packages $packages_run $packages_build $(packages_of_node)
    fi
}

install_for_test() {
    install_packages $packages_run $packages_build $packages_test $(packages_of_node)
}
