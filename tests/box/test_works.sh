# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# test_works.sh: what a box holds and does, the same in both modes, and that nothing of it stays.

works_data() {
    local clock=$1 night=$2
    between "rows of market_data" 690000 730000 "$(sql 'SELECT count(*) FROM market_data')"
    between "hourly points of BTCUSDC in 90 days" 2001 2161 "$(sql "SELECT count(*) FROM market_data
        WHERE data->>'symbol' = 'BTCUSDC' AND data->>'interval' = '1h' AND created_at > now() - interval '90 days'")"
    equal "the database's day" "${clock%T*}" "$(sql "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')")"
    equal "strategies of the last run" 500 "$(sql "SELECT count(*) FROM strategies WHERE created_at
        BETWEEN '${night}T03:00:00Z' AND '${night}T03:30:00Z'")"
    equal "strategies after it" 0 "$(sql "SELECT count(*) FROM strategies WHERE created_at > '${night}T03:30:00Z'")"
    is "the strategy service's log tells of the last run" \
        sh -c "'$TEST_HOME/box' log strategy --at '$AT' | grep 'Strategy generation cycle completed' |
            grep '\"night\":\"$night\",\"generated\":500,\"backtested\":500'"
    equal "active strategies" 2 "$(number_of strategy /api/v1/strategy/activation/status current_active_count)"
    equal "most active strategies" 2 "$(number_of strategy /api/v1/strategy/activation/max-active max_active_strategies)"
}

works_backups() {
    local newest now folder=$AT/backups
    now=$(date -d "$(box clock)" +%s)
    newest=$(find "$folder/postgres/full" -name '*.gz' | sort | tail -n 1)
    between "age of the newest dump in minutes" 0 1500 $(((now - $(stat -c %Y "$newest")) / 60))
    equal "dumps of PostgreSQL" 7 "$(find "$folder/postgres/full" -name 'mastertrade_full_*.sql.gz' | wc -l)"
    equal "dumps of Redis" 7 "$(find "$folder/redis/rdb" -name 'dump_*.rdb.gz' | wc -l)"
    is "the newest dumps are whole" gzip -t "$newest" "$(find "$folder/redis/rdb" -name '*.gz' | sort | tail -n 1)"
    is "the checksum beside the dump is its own" grep -q "$(sha256sum <"$newest" | cut -d ' ' -f 1)" "$newest.meta"
    works_restore "$newest"
}

# A dump is good when it restores.
works_restore() {
    local psql=("$BOX_PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PORT_postgres" -U postgres)
    export PGPASSWORD=invented-box-postgres
    "${psql[@]}" -d postgres -c 'CREATE DATABASE restored'
    is "the newest dump restores" sh -c "gzip -dc '$1' | '${psql[0]}' -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 \
        -p $PORT_postgres -U postgres -d restored -o /dev/null"
    equal "strategies in the restored database" 3500 "$("${psql[@]}" -d restored -c 'SELECT count(*) FROM strategies')"
    equal "rows of market_data in it" 696384 "$("${psql[@]}" -d restored -c 'SELECT count(*) FROM market_data')"
    "${psql[@]}" -d postgres -c 'DROP DATABASE restored'
    unset PGPASSWORD
}

works_http() {
    local unit service
    for unit in market_data data_access strategy alerts risk executor; do
        service=$(sed -n "s/^    $unit) echo \(.*\) ;;/\1/p" "$TEST_HOME/lib/units.sh" | tail -n 1)
        is "$unit is healthy and says who it is" sh -c "printf '%s' '$(body_of "$unit" /health)' |
            grep '\"status\":\"healthy\".*\"service\":\"$service\"'"
    done
    equal "an unknown path" 404 "$(status_of strategy /api/strategies)"
    equal "a wrong method" 405 "$(status_of alerts /api/alerts/health -X POST)"
    is "the page is HTML" sh -c "printf '%s' '$(body_of ui /)' | grep '<html'"
    equal "Grafana's health" 200 "$(status_of grafana /api/health)"
    equal "a dashboard without login" 401 "$(status_of grafana /api/dashboards/uid/mastertrade-trading)"
    equal "panels of the trading dashboard" 9 "$(body_of grafana /api/dashboards/uid/mastertrade-trading \
        -u "admin:invented-box-grafana" | grep -o '"type":"timeseries"' | wc -l)"
    equal "Prometheus" 200 "$(status_of prometheus /-/healthy)"
    is "Prometheus reaches all its targets" within 15 works_targets
    is "Prometheus knows the 95th percentile of the services" within 15 works_latency
    is "the access log has what was asked" grep -q 'GET /api/strategies 404' "$AT/log/http-strategy_service.log"
    sql "SELECT 'a mark in the log'" >/dev/null
    is "the statement log has what was asked" grep -q 'app=box.*a mark in the log' "$AT/log/postgres/statements.log"
}

works_targets() {
    local up
    up=$(body_of prometheus "/api/v1/query?query=sum(up)" | grep -o '"[0-9]*"\]' | tr -dc 0-9)
    [ "$up" = 6 ]
}

works_latency() {
    body_of prometheus "/api/v1/query" --data-urlencode \
        'query=histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[1m])) by (le))' |
        grep -q '"value":\[[0-9.]*,"0\.[0-9]'
}

works_generation() {
    local job before
    before=$(sql 'SELECT count(*) FROM strategies')
    equal "too many strategies" 400 "$(status_of strategy /api/v1/strategies/generate -X POST -d '{"num_strategies":5000}')"
    job=$(body_of strategy /api/v1/strategies/generate -X POST -d '{"num_strategies":120}' |
        sed 's/.*"job_id":"\([^"]*\)".*/\1/')
    is "the generation is done" within 20 sh -c \
        "curl -s 'http://127.0.0.1:$PORT_strategy/api/v1/strategies/jobs/$job/progress' | grep '\"status\":\"completed\"'"
    equal "strategies made in the database" 120 $(($(sql 'SELECT count(*) FROM strategies') - before))
    equal "backtested" 120 "$(number_of strategy "/api/v1/strategies/jobs/$job/progress" strategies_backtested)"
    sql "DELETE FROM strategies WHERE metadata ? 'job'" >/dev/null
}

works_mail() {
    local id
    id=$(body_of alerts /api/alerts/create -X POST -d '{"alert_type":"custom","priority":"high",
        "title":"Mark of a test","message":"m"}' | sed 's/.*"alert_id":"\([^"]*\)".*/\1/')
    equal "the alert triggers" 200 "$(status_of alerts "/api/alerts/trigger/$id" -X POST)"
    is "its mail arrives" within 5 grep -rq 'Subject: \[HIGH\] Mark of a test' "$AT/mail"
    is "the alert is listed as sent" sh -c "printf '%s' '$(body_of alerts "/api/alerts/list?status=sent&priority=high")' |
        grep 'Mark of a test'"
    equal "an unknown status" 400 "$(status_of alerts "/api/alerts/list?status=failed")"
}

works_broker() {
    local url="amqp://mastertrade:invented-box-rabbitmq@127.0.0.1:$PORT_rabbitmq/%2F"
    is "an answer comes from the cache the second time" sh -c "
        curl -s 'http://127.0.0.1:$PORT_data_access/api/market-data/ETHUSDC?limit=7' | grep '\"count\":7.*\"from_cache\":false' &&
        curl -s 'http://127.0.0.1:$PORT_data_access/api/market-data/ETHUSDC?limit=7' | grep '\"from_cache\":true'"
    equal "it is in Redis" 1 "$(redis-cli -p "$PORT_redis" exists historical_klines:ETHUSDC:1m:7:24)"
    "$AT/bin/mt_amqp" "$url" publish mastertrade.trading signal.buy 3
    is "three signals became orders" within 10 works_orders 3
    sql "UPDATE trading_config SET enabled = false" >/dev/null
    "$AT/bin/mt_amqp" "$url" publish mastertrade.trading signal.buy 3
    is "the signals are taken while trading is off" within 10 works_received 6
    equal "orders after trading was switched off" 3 "$(sql "SELECT count(*) FROM orders WHERE status = 'NEW'")"
    sql "UPDATE trading_config SET enabled = true" >/dev/null
    sql "DELETE FROM orders WHERE status = 'NEW'" >/dev/null
}

works_orders() {
    [ "$(sql "SELECT count(*) FROM orders WHERE status = 'NEW'")" = "$1" ]
}

works_received() {
    body_of executor /metrics | grep -q "^signals_received_total{.*} $1\$"
}

works_outage() {
    local unit
    is "the database stops" box break service-down postgres
    for unit in market_data data_access strategy alerts risk executor; do
        equal "$unit without database" 503 "$(status_of "$unit" /health)"
    done
    is "the box says that it is not well" not box status
    is "the database comes back" box mend
    for unit in market_data data_access strategy alerts risk executor; do
        equal "$unit with database" 200 "$(status_of "$unit" /health)"
    done
    is "the box says that it is well" box status
}

# The environment is Lua that names the connections production names.
works_environment() {
    local lua='function secret(name) return "<" .. name .. ">" end
        function environment(table) E = table end
        dofile(arg[1])
        assert(E.postgres.main.port == tonumber(arg[2]) and E.postgres.main.password == "<BOX_PGPASSWORD>")
        assert(E.redis.cache.url and E.amqp.broker.url and E.state and E.params.data_directory)
        for _, name in ipairs({ "market_data", "data_access", "strategy", "alerts", "risk", "executor", "ui",
            "prometheus", "grafana", "rabbitmq" }) do assert(E.http[name].url, name) end
        assert((E.docker ~= nil) == (arg[3] == "containers"))'
    printf '%s' "$lua" >"$TEST_DIR/check.lua"
    is "the environment names every connection" lua5.4 "$TEST_DIR/check.lua" "$TEST_DIR/box.lua" "$PORT_postgres" "$BOX_MODE"
    equal "its secrets" "export BOX_PGPASSWORD=invented-box-postgres" "$(box env | head -n 1)"
}

# What must be gone after down: remembered before.
works_remember() {
    REMEMBER_SHM=
    if [ "$BOX_MODE" = plain ]; then
        REMEMBER_SHM=$(grep -ho '/dev/shm/[A-Za-z0-9._]*' "/proc/$(cut -d ' ' -f 1 "$AT/run/postgres.pid")/maps" | sort -u)
    fi
}

works_down() {
    local file port
    is "down" box down
    is "no folder" test ! -e "$AT"
    is "no environment" test ! -e "$TEST_DIR/box.lua"
    is "no process" not pgrep -f -- "$AT/" -r D,R,S,T
    is "no mount" not grep -q "$AT" /proc/mounts
    is "no control group" test -z "$(find /sys/fs/cgroup -name "belay-box-$PORT_postgres*" 2>/dev/null)"
    is "no record of ports" not grep -rqsx -- "$AT" "/tmp/belay-box-ports-$(id -u)"
    for file in $REMEMBER_SHM; do
        is "no $file" test ! -e "$file"
    done
    for port in $PORT_postgres $PORT_redis $PORT_rabbitmq $PORT_strategy $PORT_epmd; do
        is "port $port is free" not bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
    done
    is "down again" box down
}

test_works() {
    local clock=2026-03-01T02:59:00Z night=2026-02-28 plain=--plain
    if [ "$1" = containers ]; then
        clock=2026-03-01T23:59:00Z night=2026-03-01 plain=
    fi
    # shellcheck disable=SC2086
    bring_up $plain --clock "$clock"
    if [ "$BOX_MODE" != "$1" ]; then
        echo "skipped: no containers can be started here"
        box down
        trap - EXIT
        rm -rf "$TEST_DIR"
        exit 77
    fi
    is "up again says so" sh -c "'$TEST_HOME/box' up --at '$AT' | grep 'already up'"
    is "the box is well" box status
    works_data "$clock" "$night"
    works_backups
    works_http
    works_generation
    works_mail
    works_broker
    works_outage
    works_environment
    works_remember
    works_down
}
