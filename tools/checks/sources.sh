# What the checks look at. Sourced by each of them, after `set -euo pipefail`.
cd "$(dirname "$0")/../.."

# sources PATTERN...: files of this tree that match, one per line, committed or about to be.
sources() {
    git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}

found=0

# refuse WORDS: say what is wrong for each line of standard input (file:line:text).
refuse() {
    local line
    while read -r line; do
        printf '%s\n    %s\n' "$line" "$1"
        found=$((found + 1))
    done
}

finish() {
    [ $found = 0 ] || { echo "$found found."; exit 1; }
}
