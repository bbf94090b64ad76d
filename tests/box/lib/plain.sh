# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# plain.sh: units as plain processes with pid files, for machines where no container engine can be started.

# The start time of a process, which tells it from a later one with the same number.
plain_born() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    [ "$1" != Z ] && [ "$1" != X ] && printf '%s' "${20}"
}

# The pid of a unit that runs.
plain_pid() {
    local pid born
    { read -r pid born <"$BOX_DIR/run/$1.pid"; } 2>/dev/null || return 1
    [ "$(plain_born "$pid")" = "$born" ] && printf '%s' "$pid"
}

plain_running() {
    plain_pid "$1" >/dev/null
}

plain_start() {
    local unit
    for unit in "$@"; do
        if [ "$unit" = rabbitmq ]; then
            plain_start_one epmd
        fi
        plain_start_one "$unit"
    done
}

plain_start_one() {
    local pid
    plain_running "$1" && return 0
    unit_define "$1"
    (
        cd "$BOX_DIR" || exit 1
        exec 6>&- 7<&- 8<&- 9<&-
        exec env -i "${UNIT_ENV[@]}" "${UNIT_AS[@]}" setsid "${UNIT_ARGV[@]}"
    ) >>"$BOX_DIR/log/$1.log" 2>&1 </dev/null &
    pid=$!
    printf '%s %s\n' "$pid" "$(plain_born "$pid")" >"$BOX_DIR/run/$1.pid"
}

# plain_stop NAME SECONDS: asks it to end, and kills its session when it does not.
plain_stop() {
    local pid signal=TERM end
    pid=$(plain_pid "$1") || {
        rm -f "$BOX_DIR/run/$1.pid"
        return 0
    }
    [ "$1" = postgres ] && signal=INT
    kill -"$signal" "$pid" 2>/dev/null || true
    end=$((SECONDS + $2))
    while plain_running "$1" && [ "$SECONDS" -lt "$end" ]; do
        sleep 0.05
    done
    kill -KILL -- "-$pid" 2>/dev/null || true
    while plain_running "$1"; do
        sleep 0.05
    done
    rm -f "$BOX_DIR/run/$1.pid" "/dev/shm/faketime_shm_$pid" "/dev/shm/sem.faketime_sem_$pid"
}

plain_signal() {
    local pid
    pid=$(plain_pid "$1") && kill -"$2" "$pid"
}

# Forgets what the unit has written to its log, as a container made anew does.
plain_renew() {
    plain_stop "$1" 10
    : >"$BOX_DIR/log/$1.log"
    plain_start "$1"
}

plain_log() {
    cat "$BOX_DIR/log/$1.log"
}

plain_down() {
    local unit stops=()
    for unit in $UNITS epmd; do
        case $unit in
        postgres) ;;
        rabbitmq | epmd | prometheus | redis) plain_stop "$unit" 0 ;;
        *) plain_stop "$unit" 2 ;;
        esac &
        stops+=($!)
    done
    wait "${stops[@]}"
    plain_stop postgres 10
    if [ -f "$BOX_DIR/run/dockerd.pid" ]; then
        engine_stop
    fi
}

# Nothing to prepare and nothing to wait for beyond what both modes have.
plain_prepare() { :; }
plain_healthy() { :; }
