# Two demo tenants and an operator, once. Sourced, never run. Next: status.sh

# tenant, user name, name, role
demo_people="acme amara Amara_Osei admin
acme andre André_Lindqvist analyst
acme alba Alba_Ferrer member
acme aiko Aiko_Tanaka member
acme arthur Arthur_Penn auditor
globex gina Gina_Moretti admin
globex george George_Adeyemi analyst
globex grace Grace_Kowalski member
globex gabriel Gabriel_Santos member
globex greta Greta_Holm auditor
platform olga Olga_Petrova operator"

demo_tenants="acme Acme_Manufacturing
globex Globex_Bank
platform Platform"

# random_password: 20 letters and digits that are not mistaken for each other, 98 bits.
random_password() {
    LC_ALL=C tr -dc 'abcdefghjkmnpqrstuvwxyz23456789' </dev/urandom | head -c 20 |
        sed 's/...../&-/g; s/-$//' || true
}

# The passwords are chosen and kept before the first account is made, so that a `up` that was
# interrupted here goes on with the same ones.
demo_choose() {
    local tenant username name role
    [ ! -s "$state/secrets/demo.json" ] || return 0
    while read -r tenant username name role; do
        jq -n --arg tenant "$tenant" --arg username "$username" --arg name "${name//_/ }" \
            --arg role "$role" --rawfile password <(random_password) '$ARGS.named'
    done <<<"$demo_people" | write_file 0600 "$state/secrets/demo.json"
}

# admin_call RPC: the request is standard input; that it is there already is as good as done.
admin_call() {
    local rpc=$1 words
    if words=$(env $(environment_endpoints auth) WARDROOM_TRUST_DIR="$state/trust" \
        WARDROOM_INSTALL="$(cat "$state/install")" "$bin/wardroomctl" call "$rpc" - 2>&1); then
        return 0
    fi
    ! grep -qiE 'conflict|exists' <<<"$words" || return 0
    printf '%s: %s\n' "$rpc" "$words" >&2
    return 1
}

demo_create() {
    local tenant name person
    while read -r tenant name; do
        jq -n --arg id "$tenant" --arg name "${name//_/ }" '$ARGS.named' |
            admin_call auth.CreateTenant
    done <<<"$demo_tenants"
    jq -c . "$state/secrets/demo.json" | while read -r person; do
        admin_call auth.CreateUser <<<"$person"
    done
}

demo_write_logins() {
    jq -s --arg url "$1" '{url: $url, logins: [.[] | {tenant, username, password, role}]}' \
        "$state/secrets/demo.json" | write_file 0600 "$state/logins.json"
}

demo_print() {
    say
    say "  $(jq -r .url "$state/logins.json")"
    say
    jq -r '.logins[] | [.tenant, .role, .username, .password] | @tsv' "$state/logins.json" |
        { printf 'TENANT\tROLE\tUSER\tPASSWORD\n'; cat; } |
        awk -F'\t' '{ printf "  %-10s %-10s %-10s %s\n", $1, $2, $3, $4 }'
    say
    say "The certificate is its own; the browser will ask once. The log-ins are also in"
    say "$state/logins.json."
}
