# Ports on this machine: which are free, when one answers. Sourced, never run.

# Listening TCP ports, IPv4 and IPv6, one per line.
ports_taken() {
    local local_address state _
    { cat /proc/net/tcp; cat /proc/net/tcp6 2>/dev/null; } |
        while read -r _ local_address _ state _; do
            [ "$state" != 0A ] || echo $((16#${local_address##*:}))
        done
}

# (Not `grep -q`, which would leave the pipe early and make it fail.)
port_is_taken() { ports_taken | grep -x "$1" >/dev/null; }

# free_port [TAKEN...]: a free port from 20000 to 31999, and none of those named. Below 32768,
# because above it a client may connect to itself while the server is down.
free_port() {
    local taken port
    taken=" $(ports_taken | tr '\n' ' ') $* "
    while :; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        case $taken in *" $port "*) ;; *) echo $port; return ;; esac
    done
}

# port_wait PORT SECONDS: until something listens there.
port_wait() {
    local end=$((SECONDS + $2))
    until port_is_taken "$1"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}
