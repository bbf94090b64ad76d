# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# servers.sh: the settings and first data of Redis, RabbitMQ, Prometheus, mail and alerts.

servers_write() {
    mkdir -p "$BOX_DIR"/{bin,log,run,faults,mail,redis,state} "$BOX_DIR/rabbitmq" "$BOX_DIR/prometheus/data"
    chmod 700 "$BOX_DIR/state"
    cp "$BOX_BIN/mt_service" "$BOX_BIN/mt_mail" "$BOX_BIN/mt_amqp" "$BOX_DIR/bin/"
    servers_rabbitmq
    servers_prometheus
}

servers_rabbitmq() {
    cat >"$BOX_DIR/rabbitmq/rabbitmq.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$PORT_rabbitmq
management.tcp.ip = 127.0.0.1
management.tcp.port = $PORT_rabbitmq_http
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = $PORT_rabbitmq_metrics
prometheus.return_per_object_metrics = true
default_user = mastertrade
default_pass = $BOX_RABBITMQ_PASSWORD
collect_statistics_interval = 1000
disk_free_limit.absolute = 50MB
CONF
    echo '[rabbitmq_management, rabbitmq_prometheus].' >"$BOX_DIR/rabbitmq/enabled_plugins"
}

servers_prometheus() {
    cat >"$BOX_DIR/prometheus/prometheus.yml" <<CONF
global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: prometheus
    static_configs: [{ targets: ["127.0.0.1:$PORT_prometheus"] }]
  - job_name: mastertrade-strategy-service
    metrics_path: /api/v1/metrics
    static_configs: [{ targets: ["127.0.0.1:$PORT_strategy"] }]
  - job_name: mastertrade-order-executor
    static_configs: [{ targets: ["127.0.0.1:$PORT_executor"] }]
  - job_name: mastertrade-risk-manager
    static_configs: [{ targets: ["127.0.0.1:$PORT_risk"] }]
  - job_name: mastertrade-data-access
    static_configs: [{ targets: ["127.0.0.1:$PORT_data_access"] }]
  - job_name: rabbitmq-exporter
    static_configs: [{ targets: ["127.0.0.1:$PORT_rabbitmq_metrics"] }]
CONF
}

# The keys that the services keep in Redis.
redis_fill() {
    local name n
    {
        for n in $(seq 1 200); do
            echo "LPUSH signals:recent '{\"symbol\":\"BTCUSDC\",\"signal\":\"buy\",\"n\":$n}'"
        done
        echo "EXPIRE signals:recent 86400"
        for name in moralis glassnode historical sentiment stock_index; do
            echo "SETEX circuit_breaker:$name 86400 closed"
            echo "SETEX rate_limiter:$name 3600 5"
        done
        for name in BTCUSDC ETHUSDC SOLUSDC; do
            echo "SETEX market_data:$name 30 '{\"symbol\":\"$name\"}'"
            echo "SETEX social_sentiment:$name 60 0.4"
            echo "SETEX historical_klines:$name:1h 300 []"
        done
        echo "SETEX dashboard_perf:dashboard 60 {}"
    } | redis-cli -p "$PORT_redis" >"$BOX_DIR/log/redis-fill.log"
    ! grep -iE 'err|invalid' "$BOX_DIR/log/redis-fill.log" || box_die "Redis refuses the box's first keys: see the line above"
}

# alerts_make COUNT PRIORITY: alerts as a service makes them, each triggered; says nothing about their delivery.
alerts_make() {
    local n id url="http://127.0.0.1:$PORT_alerts/api/alerts"
    for n in $(seq 1 "$1"); do
        id=$(curl -fsS -m 5 -H 'Content-Type: application/json' "$url/create" -d "{\"alert_type\":\"health\",
            \"priority\":\"$2\",\"title\":\"Collector slow $n\",\"message\":\"Latency above its target\",
            \"channels\":[\"email\"]}" | sed 's/.*"alert_id":"\([^"]*\)".*/\1/') || return 1
        curl -sS -m 10 -o /dev/null -X POST "$url/trigger/$id" || return 1
    done
}

# alerts_rate: the share of deliveries that succeeded, in percent, as the alert system counts them.
alerts_rate() {
    unit_get alerts /api/alerts/stats/summary | sed 's/.*"overall_success_rate":\([0-9.]*\).*/\1/'
}

# queue_depth QUEUE FIELD: messages or consumers of a queue this very moment, as the broker itself says.
queue_depth() {
    local messages consumers
    read -r messages consumers < <("$BOX_DIR/bin/mt_amqp" \
        "amqp://mastertrade:$BOX_RABBITMQ_PASSWORD@127.0.0.1:$PORT_rabbitmq/%2F" depth "$1" 2>/dev/null) || return 1
    printf '%s' "${!2}"
}

# queue_holds QUEUE FIELD OPERATOR NUMBER
queue_holds() {
    test "$(queue_depth "$1" "$2")" "$3" "$4"
}

# queue_shows QUEUE FIELD OPERATOR NUMBER: the same in the management API, which is some seconds behind.
queue_shows() {
    test "$(curl -fsS -m 5 -u "mastertrade:$BOX_RABBITMQ_PASSWORD" \
        "http://127.0.0.1:$PORT_rabbitmq_http/api/queues/%2F/$1" | sed "s/.*[,{]\"$2\":\([0-9]*\).*/\1/")" "$3" "$4"
}
