# What every part of the command shares: words for people, and where things are.
# Sourced by ./wardroom and tools/testenv, never run. Next: postgres.sh

services="auth threads templates files retention"

say() { printf '%s\n' "$*"; }

fail() {
    printf 'wardroom: %s\n' "$*" >&2
    exit 1
}

misuse() {
    printf 'wardroom: %s\nTry: ./wardroom --help\n' "$*" >&2
    exit 2
}

as_root() { [ "$(id -u)" = 0 ]; }

short_hash() { printf '%s' "$1" | sha256sum | cut -c1-12; }

# random_secret: 192 random bits as 48 hex digits; safe in SQL, URLs and password files.
random_secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# write_file MODE PATH: standard input becomes the file, whole or not at all, unless it is the same.
write_file() {
    local mode=$1 path=$2 new=$2.new.$$
    (umask 077 && cat >"$new") || fail "Cannot write $path."
    chmod "$mode" "$new"
    if cmp -s "$new" "$path"; then
        chmod "$mode" "$path" && rm -f "$new"
    else
        mv -f "$new" "$path"
    fi
}

# find_state FOLDER: sets `state`, absolute, from --state or the default.
find_state() {
    local chosen=${1:-}
    if [ -z "$chosen" ]; then
        if as_root; then chosen=/var/lib/wardroom; else
            chosen=${XDG_STATE_HOME:-$HOME/.local/state}/wardroom
        fi
    fi
    state=$(realpath -m -- "$chosen")
    case $state in
        / | *[!A-Za-z0-9._/+@=,-]*)
            fail "The state folder $state must have a plain name (letters, digits and . _ - + @ = ,)." ;;
    esac
}

# find_run: sets `run`, the folder of sockets. PostgreSQL is installed by now.
#
# A socket path has at most 107 bytes, and PostgreSQL, which refuses to run as root, must be able to
# reach its own; where the state folder is too deep or closed to it, sockets live in /tmp.
find_run() {
    run=$state/run
    if [ ${#run} -gt 70 ] || ! postgres_can_reach "$state"; then
        run=/tmp/wardroom-$(id -u)-$(short_hash "$state")
    fi
}

# make_folder MODE PATH: a folder that is ours and nobody else's.
make_folder() {
    [ ! -L "$2" ] || fail "$2 is a symbolic link; refusing to use it."
    [ -d "$2" ] || mkdir -m "$1" "$2" || fail "Cannot create the folder $2."
    [ -O "$2" ] || fail "The folder $2 belongs to another user; refusing to use it."
    chmod "$1" "$2"
}
