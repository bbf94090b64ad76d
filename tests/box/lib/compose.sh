# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# compose.sh: units as containers with the owner's service and container names, made by docker-compose.

# A text as a YAML scalar that compose does not interpolate.
compose_quote() {
    local text=${1//\\/\\\\}
    text=${text//\"/\\\"}
    printf '"%s"' "${text//\$/\$\$}"
}

# compose_list KEY ITEM...: one key with a list.
compose_list() {
    local item key=$1
    shift
    printf '    %s:\n' "$key"
    for item in "$@"; do
        printf '      - %s\n' "$(compose_quote "$item")"
    done
}

# The check that the owner's file has for some services, as a command in the container.
compose_health() {
    local port=PORT_$1
    case $1 in
    postgres) compose_list "  test" CMD "$BOX_PG_BIN/pg_isready" -q -h 127.0.0.1 -p "${!port}" ;;
    redis) compose_list "  test" CMD redis-cli -p "${!port}" ping ;;
    rabbitmq) compose_list "  test" CMD curl -fsS -o /dev/null "http://127.0.0.1:$PORT_rabbitmq_http/" ;;
    market_data | data_access | alerts) compose_list "  test" CMD curl -fsS -o /dev/null "http://127.0.0.1:${!port}/health" ;;
    *) return 0 ;;
    esac
}

compose_service() {
    local unit=$1 health mounts
    unit_define "$unit"
    mapfile -t mounts < <(engine_mounts)
    printf '  %s:\n    container_name: %s\n' "$(unit_service "$unit")" "$(unit_container "$unit")"
    printf '    image: %s\n    network_mode: host\n    restart: unless-stopped\n' "$ENGINE_IMAGE"
    printf '    user: "%s"\n    working_dir: "%s"\n    shm_size: 256m\n' "$UNIT_USER" "$BOX_DIR"
    if [ "$unit" = postgres ]; then
        printf '    stop_signal: SIGINT\n'
    fi
    compose_list command "${UNIT_ARGV[@]}"
    compose_list environment "${UNIT_ENV[@]}"
    compose_list volumes "${mounts[@]}"
    health=$(compose_health "$unit")
    if [ -n "$health" ]; then
        printf '    healthcheck:\n      interval: 5s\n      timeout: 5s\n      retries: 3\n%s\n' "$health"
    fi
}

compose_write() {
    local unit
    {
        printf 'version: "2.4"\nservices:\n'
        for unit in $UNITS; do
            compose_service "$unit"
        done
    } >"$BOX_DIR/docker-compose.yml"
}

compose_run() {
    DOCKER_HOST=$BOX_DOCKER COMPOSE_HTTP_TIMEOUT=60 docker-compose --project-name mastertrade \
        --file "$BOX_DIR/docker-compose.yml" "$@" >>"$BOX_DIR/log/compose.log" 2>&1
}

# Containers of these names may be somebody's real ones: those are never touched.
compose_refuse() {
    local unit
    for unit in $UNITS; do
        if engine_docker inspect "$(unit_container "$unit")" >/dev/null 2>&1; then
            box_die "the engine at $BOX_DOCKER already has a container $(unit_container "$unit"): use another engine"
        fi
    done
}

compose_prepare() {
    compose_write
}

compose_start() {
    local unit services=()
    for unit in "$@"; do
        services+=("$(unit_service "$unit")")
    done
    compose_run up -d --no-deps --no-recreate "${services[@]}" ||
        box_die "docker-compose cannot start $*: $(tail -n 1 "$BOX_DIR/log/compose.log") (see $BOX_DIR/log/compose.log)"
}

compose_running() {
    [ "$(engine_docker inspect -f '{{.State.Running}}' "$(unit_container "$1")" 2>/dev/null)" = true ]
}

compose_stop() {
    engine_docker stop -t "$2" "$(unit_container "$1")" >/dev/null
}

compose_signal() {
    engine_docker kill -s "$2" "$(unit_container "$1")" >/dev/null
}

compose_renew() {
    compose_run up -d --no-deps --force-recreate --timeout 5 "$(unit_service "$1")"
}

compose_log() {
    engine_docker logs "$(unit_container "$1")" 2>&1
}

# Whether every container that has a health check has passed it.
compose_healthy() {
    local unit names=()
    for unit in $UNITS; do
        names+=("$(unit_container "$unit")")
    done
    ! engine_docker inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{end}}' "${names[@]}" | grep -qE 'starting|unhealthy'
}

# Removes this box's containers and image from the engine; a private engine then ends.
compose_down() {
    local unit names=()
    for unit in $UNITS; do
        names+=("$(unit_container "$unit")")
    done
    engine_docker rm -f "${names[@]}" >/dev/null 2>&1 || true
    engine_discard
}
