# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# ports.sh: free ports on 127.0.0.1, kept for the life of a box, so that a restarted server gets its own again.

# Below the range from which the kernel takes ports for outgoing connections, so that none of those can sit on ours.
PORTS_FIRST=20000
PORTS_LAST=32000

ports_registry() {
    printf '/tmp/belay-box-ports-%s' "$(id -u)"
}

# Ports in use by any socket of this machine, one a line.
ports_used() {
    awk 'FNR > 1 { split($2, local, ":"); print strtonum("0x" local[2]) }' /proc/net/tcp /proc/net/tcp6 2>/dev/null ||
        sed 's/^.\{15\}//' /proc/net/tcp | while IFS=': ' read -r hex _; do printf '%d\n' "0x$hex" 2>/dev/null || true; done
}

# Ports that other boxes keep, whether they listen now or not; records of boxes that are gone are removed.
ports_kept() {
    local file
    for file in "$(ports_registry)"/*; do
        [ -f "$file" ] || continue
        if [ -d "$(head -n 1 "$file")" ]; then
            tail -n +2 "$file"
        else
            rm -f "$file"
        fi
    done
}

ports_record() {
    printf '%s/%s' "$(ports_registry)" "$(printf '%s' "$BOX_DIR" | cksum | tr ' ' -)"
}

# ports_choose NAME...: gives PORT_NAME to each name and records it. Two boxes cannot choose at once.
ports_choose() {
    local name port taken
    exec 8</tmp
    flock 8
    mkdir -p "$(ports_registry)"
    taken=" $( (ports_used; ports_kept) | tr '\n' ' ')"
    printf '%s\n' "$BOX_DIR" >"$(ports_record)"
    for name in "$@"; do
        port=$PORTS_FIRST
        while [[ $taken == *" $port "* ]] || [ "$port" = "$PORTS_FIRST" ]; do
            port=$((PORTS_FIRST + 1 + (RANDOM * 32768 + RANDOM) % (PORTS_LAST - PORTS_FIRST)))
        done
        taken="$taken$port "
        printf '%s\n' "$port" >>"$(ports_record)"
        box_record "PORT_$name" "$port"
    done
    exec 8<&-
}

ports_release() {
    exec 8</tmp
    flock 8
    rm -f "$(ports_record)"
    rmdir "$(ports_registry)" 2>/dev/null || true
    exec 8<&-
}
