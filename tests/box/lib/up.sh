# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# up.sh: brings a box up, tells how it is, and takes it down without a trace.

# What both modes do by different means: unit_start, unit_stop, unit_signal, unit_renew, unit_running,
# unit_log, unit_healthy.
unit_start() { "${BOX_DRIVER}_start" "$@"; }
unit_stop() { "${BOX_DRIVER}_stop" "$@"; }
unit_signal() { "${BOX_DRIVER}_signal" "$@"; }
unit_renew() { "${BOX_DRIVER}_renew" "$@"; }
unit_running() { "${BOX_DRIVER}_running" "$@"; }
unit_log() { "${BOX_DRIVER}_log" "$@"; }
unit_healthy() { "${BOX_DRIVER}_healthy"; }

up_missing() {
    local tool missing=
    for tool in redis-server redis-cli prometheus curl flock setsid sha256sum gzip awk epmd; do
        command -v "$tool" >/dev/null || missing="$missing $tool"
    done
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing="$missing rabbitmq-server"
    [ -z "$missing" ] || box_die "missing on this machine:$missing; install with './bootstrap deps'"
}

# The programs of the box: where BOX_BIN says, else the newest build of this tree.
up_programs() {
    local found
    if [ -z "${BOX_BIN:-}" ]; then
        found=$(find "$BOX_HOME/../../build" -maxdepth 4 -path '*/tests/box/mt_service' -printf '%T@ %h\n' 2>/dev/null |
            sort -rn | head -n 1 | cut -d ' ' -f 2-)
        BOX_BIN=$found
    fi
    [[ -x $BOX_BIN/mt_service && -x $BOX_BIN/mt_mail && -x $BOX_BIN/mt_amqp ]] ||
        box_die "the programs of the box are not built (looked in ${BOX_BIN:-build/*/tests/box}): run './bootstrap build'"
}

up_clock() {
    local wanted
    BOX_CLOCK_OFFSET=0
    if [ -n "$1" ]; then
        wanted=$(date -u -d "$1" +%s 2>/dev/null) || box_die "--clock $1 is not a time: give one as 2026-03-01T02:59:00Z"
        BOX_CLOCK_OFFSET=$((wanted - $(date +%s)))
    fi
}

# Everything that needs no server: ports, secrets, settings, the copied data.
up_prepare() {
    box_record BOX_ENVIRONMENT "$ARG_ENVIRONMENT" BOX_CLOCK_OFFSET "$BOX_CLOCK_OFFSET" BOX_PG_BIN "$(pg_find)"
    # shellcheck disable=SC2086
    ports_choose $UNITS rabbitmq_http rabbitmq_metrics rabbitmq_dist epmd
    cache_make
    box_record BOX_CACHE "$BOX_CACHE"
    secrets_write
    printf '%s\n' "$BOX_CLOCK_OFFSET" >"$BOX_DIR/clock"
    servers_write
    up_mode
    "${BOX_DRIVER}_prepare"
}

# Containers where an engine answers or can be started, plain processes elsewhere.
up_mode() {
    local obstacle
    box_record BOX_MODE plain BOX_DRIVER plain
    if [ -n "$ARG_PLAIN" ]; then
        return 0
    fi
    obstacle=$(engine_obstacle)
    if [ -z "$obstacle" ]; then
        box_record BOX_DOCKER "${BOX_DOCKER_HOST:-unix://$BOX_DIR/docker/docker.sock}"
        obstacle=$(engine_ready)
        if [ -z "$obstacle" ]; then
            box_record BOX_MODE containers BOX_DRIVER compose
            return 0
        fi
        [ -z "${BOX_DOCKER_HOST:-}" ] || box_die "the engine at $BOX_DOCKER_HOST cannot be used: $obstacle"
    fi
    box_say "no containers ($obstacle): plain processes instead"
}

up_start() {
    local unit
    unit_start rabbitmq redis mail prometheus
    pg_copy
    unit_start postgres
    unit_await postgres
    pg_fresh
    # shellcheck disable=SC2086
    unit_start $UNITS_SERVICES
    unit_await redis
    redis_fill
    backups_postgres
    backups_redis
    for unit in $UNITS; do
        unit_await "$unit"
    done
    alerts_make 20 low
    box_wait 60 "the strategy service's consumers" queue_holds strategy_market_data_legacy consumers -ge 1
    box_wait 60 "the health checks of all containers" unit_healthy
}

# Takes away what was started. Who failed has said why; who was cut off is told that nothing is left.
up_failed() {
    trap - EXIT TERM
    if [ -z "${BOX_KEEP:-}" ]; then
        down_all
        [ "$1" -lt 128 ] || printf 'box: interrupted while starting: nothing is left of %s\n' "$BOX_DIR" >&6
    fi
    exit "$1"
}

box_up() {
    local begun=$SECONDS
    if box_load; then
        box_say "already up at $BOX_DIR ($BOX_MODE); 'box down' ends it"
        return 0
    fi
    [ -z "$(ls -A "$BOX_DIR")" ] || box_die "$BOX_DIR is not empty and no box: give another folder with --at"
    exec 6>&2 # a signal may come while standard error is redirected
    trap 'up_failed 143' TERM
    trap 'up_failed $?' EXIT
    chmod 755 "$BOX_DIR"
    up_missing
    up_programs
    up_clock "$ARG_CLOCK"
    up_prepare
    up_start
    environment_write
    box_record BOX_UP 1
    trap - EXIT TERM
    box_say "up in $((SECONDS - begun)) s at $BOX_DIR ($BOX_MODE), clock $(box_now); environment: $BOX_ENVIRONMENT"
}

# Starts the box in a process group of its own. A Ctrl-C then reaches this process alone, which asks that one to end:
# a shell that gets INT while it waits for a program that handles INT itself may go on as if nothing had been.
up_apart() {
    local worker status cut=
    set -m
    box_up &
    worker=$!
    set +m
    trap 'cut=130; kill -TERM "$worker" 2>/dev/null' INT
    trap 'cut=143; kill -TERM "$worker" 2>/dev/null' TERM HUP
    while :; do
        wait "$worker" && return 0
        status=$?
        kill -0 "$worker" 2>/dev/null || break
    done
    return "${cut:-$status}"
}

box_status() {
    local unit port state all=0
    box_need_load
    printf 'box at %s: %s, clock %s\n' "$BOX_DIR" "$BOX_MODE" "$(box_now)"
    for unit in $UNITS; do
        port=PORT_$unit
        state="answers"
        if ! unit_running "$unit"; then
            state="stopped"
        elif ! unit_answers "$unit"; then
            state="runs, does not answer"
        fi
        [ "$state" = answers ] || all=1
        printf '  %-12s %-28s 127.0.0.1:%-6s %s\n' "$unit" "$(unit_container "$unit")" "${!port}" "$state"
    done
    for unit in "$BOX_DIR"/faults/*; do
        [ ! -e "$unit" ] || printf '  broken: %s\n' "${unit##*/}"
    done
    return "$all"
}

down_all() {
    if box_load; then
        "${BOX_DRIVER:-plain}_down"
        environment_remove
        ports_release
    fi
    cd /
    rm -rf "$BOX_DIR" || box_die "cannot remove $BOX_DIR: remove it by hand"
}

box_down() {
    if [ ! -d "$BOX_DIR" ]; then
        box_say "no box at $BOX_DIR: nothing to do"
        return 0
    fi
    box_lock
    [ -f "$BOX_DIR/box.conf" ] || [ -z "$(ls -A "$BOX_DIR")" ] || box_die "$BOX_DIR is no box: nothing was removed"
    down_all
    box_say "down: nothing is left of $BOX_DIR"
}
