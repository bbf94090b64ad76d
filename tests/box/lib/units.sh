# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# units.sh: what runs in a box: for each unit its command, environment, user and container name, in both modes.

UNITS="postgres redis rabbitmq prometheus mail market_data data_access strategy alerts risk executor ui grafana"
UNITS_SERVICES="market_data data_access strategy alerts risk executor ui grafana"

unit_known() {
    case " $UNITS " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

# The name the owner's compose file gives to the container.
unit_container() {
    case $1 in
    data_access) echo mastertrade_data_api ;;
    alerts) echo mastertrade_alert_system ;;
    risk) echo mastertrade_risk_manager ;;
    executor) echo mastertrade_order_executor ;;
    ui) echo mastertrade_monitoring_ui ;;
    *) echo "mastertrade_$1" ;;
    esac
}

# The name the owner's compose file gives to the service.
unit_service() {
    case $1 in
    market_data) echo market_data_service ;;
    data_access) echo data_access_api ;;
    strategy) echo strategy_service ;;
    alerts) echo alert_system ;;
    risk) echo risk_manager ;;
    executor) echo order_executor ;;
    ui) echo monitoring_ui ;;
    *) echo "$1" ;;
    esac
}

# PostgreSQL refuses to run as root; its own user must be able to enter the folders above the box's.
unit_as_postgres() {
    UNIT_AS=()
    UNIT_USER=$(id -u):$(id -g)
    if [ "$(id -u)" = 0 ]; then
        UNIT_AS=(setpriv --reuid postgres --regid postgres --init-groups
            --inh-caps +dac_override --ambient-caps +dac_override)
        UNIT_USER=$(id -u postgres):$(id -g postgres)
    fi
}

# A shifted clock for the database, so that its now() is the box's now. (Redis stops under libfaketime: it keeps the
# machine's clock, which shows in LASTSAVE only.)
unit_clock() {
    local library
    [ "$BOX_CLOCK_OFFSET" != 0 ] || return 0
    for library in /usr/lib/*/faketime/libfaketime.so.1; do
        UNIT_ENV+=("LD_PRELOAD=$library" "FAKETIME=$(printf '%+ds' "$BOX_CLOCK_OFFSET")"
            DONT_FAKE_MONOTONIC=1 FAKETIME_DONT_RESET=1)
    done
    [ -f "$library" ] || box_die "--clock needs libfaketime, which is not installed: apt-get install faketime"
}

unit_postgres() {
    UNIT_ARGV=("$BOX_PG_BIN/postgres" -D "$BOX_DIR/postgres" -p "$PORT_postgres" -c listen_addresses=127.0.0.1
        -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off
        -c shared_buffers=64MB -c max_connections=100 -c log_statement=all -c logging_collector=on
        -c "log_directory=$BOX_DIR/log/postgres" -c log_filename=statements.log -c log_rotation_size=0
        -c log_rotation_age=0 -c 'log_line_prefix=%m [%p] app=%a user=%u db=%d ' -c timezone=UTC -c log_timezone=UTC)
    unit_as_postgres
    unit_clock
}

unit_redis() {
    UNIT_ARGV=(redis-server --port "$PORT_redis" --bind 127.0.0.1 --dir "$BOX_DIR/redis" --appendonly yes
        --save "3600 1 300 100 60 10000" --daemonize no)
}

unit_rabbitmq() {
    local home=$BOX_DIR/rabbitmq
    UNIT_ARGV=(/usr/lib/rabbitmq/bin/rabbitmq-server)
    UNIT_ENV+=("HOME=$home" "RABBITMQ_NODENAME=box$PORT_rabbitmq@localhost" "RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf"
        "RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins" "RABBITMQ_MNESIA_BASE=$home/mnesia"
        "RABBITMQ_LOG_BASE=$home/log" "RABBITMQ_DIST_PORT=$PORT_rabbitmq_dist" "ERL_EPMD_PORT=$PORT_epmd"
        ERL_EPMD_ADDRESS=127.0.0.1 "ERL_CRASH_DUMP=$home/erl_crash.dump" RABBITMQ_CTL_DIST_PORT_MIN=0
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+sbwt none +sbwtdcpu none +sbwtdio none")
}

unit_epmd() {
    UNIT_ARGV=(epmd -port "$PORT_epmd" -address 127.0.0.1)
}

unit_prometheus() {
    UNIT_ARGV=(prometheus "--config.file=$BOX_DIR/prometheus/prometheus.yml"
        "--storage.tsdb.path=$BOX_DIR/prometheus/data" "--web.listen-address=127.0.0.1:$PORT_prometheus"
        --log.level=warn)
}

unit_mail() {
    UNIT_ARGV=("$BOX_DIR/bin/mt_mail" "$PORT_mail" "$BOX_DIR/mail")
}

# A MasterTrade service: the environment variables are the ones its compose entry sets.
unit_mastertrade() {
    local name=$1 role=$1 port=PORT_$1
    case $name in
    market_data) role=market ;;
    data_access) role=data ;;
    esac
    UNIT_ARGV=("$BOX_DIR/bin/mt_service" "$role")
    UNIT_ENV+=("MT_PORT=${!port}" "MT_CLOCK_OFFSET=$BOX_CLOCK_OFFSET"
        "MT_ACCESS_LOG=$BOX_DIR/log/http-$(unit_service "$name").log")
    case $name in
    grafana)
        UNIT_ENV+=(GF_SECURITY_ADMIN_USER=admin "GF_SECURITY_ADMIN_PASSWORD=$BOX_GRAFANA_PASSWORD")
        ;;
    ui) ;;
    *)
        UNIT_ENV+=(POSTGRES_HOST=127.0.0.1 "POSTGRES_PORT=$PORT_postgres" POSTGRES_DB=mastertrade
            POSTGRES_USER=mastertrade "POSTGRES_PASSWORD=$BOX_PGPASSWORD"
            "POSTGRES_APPLICATION_NAME=$(unit_service "$name")"
            "RABBITMQ_URL=amqp://mastertrade:$BOX_RABBITMQ_PASSWORD@127.0.0.1:$PORT_rabbitmq/%2F"
            "REDIS_URL=redis://127.0.0.1:$PORT_redis" LOG_LEVEL=INFO)
        ;;
    esac
    if [ "$name" = alerts ]; then
        UNIT_ENV+=(SMTP_HOST=127.0.0.1 "SMTP_PORT=$PORT_mail" SMTP_FROM_EMAIL=alerts@mastertrade.invalid
            EMAIL_TO=ops@mastertrade.invalid)
    fi
}

# unit_define NAME: fills UNIT_ARGV, UNIT_ENV, UNIT_AS and UNIT_USER.
unit_define() {
    UNIT_ARGV=()
    UNIT_ENV=("PATH=/usr/sbin:/usr/bin:/sbin:/bin" LANG=C.UTF-8 "HOME=$BOX_DIR")
    UNIT_AS=()
    UNIT_USER=$(id -u):$(id -g)
    case $1 in
    postgres | redis | rabbitmq | epmd | prometheus | mail) "unit_$1" ;;
    *) unit_mastertrade "$1" ;;
    esac
}

# Whether the unit answers.
unit_answers() {
    unit_ask "$1" >/dev/null 2>&1
}

unit_ask() {
    local port=PORT_$1
    case $1 in
    postgres) "$BOX_PG_BIN/pg_isready" -q -t 2 -h 127.0.0.1 -p "$PORT_postgres" ;;
    redis) [ "$(redis-cli -p "$PORT_redis" ping)" = PONG ] ;;
    rabbitmq)
        curl -fsS -m 3 -u "mastertrade:$BOX_RABBITMQ_PASSWORD" "http://127.0.0.1:$PORT_rabbitmq_http/api/overview" &&
            (exec 3<>"/dev/tcp/127.0.0.1/$PORT_rabbitmq")
        ;;
    prometheus) unit_get prometheus /-/ready ;;
    mail) (exec 3<>"/dev/tcp/127.0.0.1/${!port}") ;;
    grafana) unit_get grafana /api/health ;;
    ui) unit_get ui / ;;
    *) unit_get "$1" /health ;;
    esac
}

# unit_get NAME PATH: the body of a 2xx answer.
unit_get() {
    local port=PORT_$1
    curl -fsS -m 3 "http://127.0.0.1:${!port}$2" 2>/dev/null
}

# unit_await NAME: until it answers.
unit_await() {
    box_wait 60 "an answer of $1" unit_answers "$1"
}
