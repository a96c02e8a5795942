# Keys and the TLS certificate, made once and kept; every secret file has mode 0600.
# Sourced, never run. Next: programs.sh

make_keys() {
    [ -s "$state/install" ] || random_secret | cut -c1-12 | write_file 0644 "$state/install"
    "$bin/wardroomctl" keys init --trust "$state/trust" --secrets "$state/secrets" --name localhost
    make_certificate
}

# The names a browser may use for this suite.
certificate_names() {
    local names host
    names=DNS:localhost,IP:127.0.0.1,IP:::1
    host=$(hostname)
    case $host in '' | localhost | *[!A-Za-z0-9.-]*) ;; *) names=$names,DNS:$host ;; esac
    case $bind in '' | 0.0.0.0 | ::) ;; *) names=$names,IP:$bind ;; esac
    echo "$names"
}

# Made again when its names change or it ends within 30 days.
make_certificate() {
    local secrets=$state/secrets names
    names=$(certificate_names)
    if [ "$(cat "$secrets/tls.names" 2>/dev/null)" = "$names" ] && [ -s "$secrets/tls.key" ] &&
        openssl x509 -in "$secrets/tls.crt" -noout -checkend 2592000 >/dev/null 2>&1; then
        return
    fi
    (
        umask 077
        openssl ecparam -name prime256v1 -genkey -noout -out "$secrets/tls.key.new"
        openssl req -x509 -new -key "$secrets/tls.key.new" -sha256 -days 820 -subj /CN=localhost \
            -addext "subjectAltName=$names" -addext basicConstraints=critical,CA:FALSE \
            -addext extendedKeyUsage=serverAuth -out "$secrets/tls.crt.new"
        mv "$secrets/tls.key.new" "$secrets/tls.key"
        mv "$secrets/tls.crt.new" "$secrets/tls.crt"
        echo "$names" >"$secrets/tls.names"
    )
}
