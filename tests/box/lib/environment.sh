# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# environment.sh: the Belay environment that names this box's servers as production names its own.

# Limits of the box, small enough that a fault exceeds them within seconds. PostgreSQL and Belay read "512MB" alike.
BOX_DATABASE_DISK=512MB
BOX_REDIS_LIMIT_MB=64

# environment_http NAME PORT [USER SECRET]
environment_http() {
    printf '    %s = { url = "http://127.0.0.1:%s"' "$1" "$2"
    if [ $# -gt 2 ]; then
        printf ', user = "%s", password = secret("%s")' "$3" "$4"
    fi
    printf ' },\n'
}

environment_text() {
    local unit port
    cat <<LUA
-- Written by tests/box/box for the box at $BOX_DIR; 'box down' removes it. Secrets: $BOX_DIR/secrets.env
environment({
  state = "$BOX_DIR/state",
  policy = { change = "confirm", destroy = { typed = true } },
  postgres = {
    main = {
      host = "127.0.0.1",
      port = $PORT_postgres,
      dbname = "mastertrade",
      user = "mastertrade",
      password = secret("BOX_PGPASSWORD"),
    },
  },
  redis = { cache = { url = "redis://127.0.0.1:$PORT_redis" } },
  amqp = {
    broker = { url = "amqp://mastertrade@127.0.0.1:$PORT_rabbitmq/%2F", password = secret("BOX_RABBITMQ_PASSWORD") },
  },
  http = {
LUA
    for unit in market_data data_access strategy alerts risk executor ui prometheus; do
        port=PORT_$unit
        environment_http "$unit" "${!port}"
    done
    environment_http grafana "$PORT_grafana" admin BOX_GRAFANA_PASSWORD
    environment_http rabbitmq "$PORT_rabbitmq_http" mastertrade BOX_RABBITMQ_PASSWORD
    printf '  },\n'
    if [ "$BOX_MODE" = containers ]; then
        printf '  docker = { engine = { socket = "%s" } },\n' "${BOX_DOCKER#unix://}"
    fi
    cat <<LUA
  params = {
    postgres_backups = "$BOX_DIR/backups/postgres/full",
    redis_backups = "$BOX_DIR/backups/redis/rdb",
    data_directory = "$BOX_DIR/postgres",
    database_disk = "$BOX_DATABASE_DISK",
    latency_metric = "http_request_duration_seconds",
    redis_limit = "${BOX_REDIS_LIMIT_MB}MB",
  },
})
LUA
}

environment_write() {
    { mkdir -p "$(dirname "$BOX_ENVIRONMENT")" && environment_text >"$BOX_ENVIRONMENT"; } ||
        box_die "cannot write $BOX_ENVIRONMENT: check the folder or give another file with --environment"
}

# Removes the file if it still speaks of this box.
environment_remove() {
    if [ -f "$BOX_ENVIRONMENT" ] && head -n 1 "$BOX_ENVIRONMENT" | grep -qF "box at $BOX_DIR;"; then
        rm -f "$BOX_ENVIRONMENT"
    fi
}
