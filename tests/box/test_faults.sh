# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# test_faults.sh: each fault is broken and mended, and the system itself is asked both times.

# What the checklists of the runbook measure, each asked of the server it is about. "well" is what a good box says.
measure() {
    case $1 in
    service-down) status_of strategy /health ;;
    collector-failed) body_of market_data /health/collectors | grep -c '"status":"failed"' ;;
    database-too-big) sql "SELECT pg_database_size('mastertrade') > 0.8 * pg_size_bytes('512MB')" ;;
    no-backup)
        find "$AT/backups" -name '*.gz' -newermt "@$(($(date -d "$(box clock)" +%s) - 90000))" -printf '%h\n' | sort -u | wc -l
        ;;
    generation-missed)
        sql "SELECT count(*) FROM strategies WHERE created_at > '${FAULTS_NIGHT}T03:00:00Z'"
        box log strategy | grep -c "completed.*\"night\":\"$FAULTS_NIGHT\""
        ;;
    queue-deep)
        test "$(body_of rabbitmq_http /api/queues/%2F/strategy_market_data_legacy -u mastertrade:invented-box-rabbitmq |
            sed 's/.*[,{]"messages":\([0-9]*\).*/\1/')" -gt 10000 && echo deep
        "$AT/bin/mt_amqp" "amqp://mastertrade:invented-box-rabbitmq@127.0.0.1:$PORT_rabbitmq/%2F" depth \
            strategy_market_data_legacy | cut -d ' ' -f 2
        ;;
    redis-full) test "$(redis-cli -p "$PORT_redis" info memory | sed -n 's/^used_memory:\([0-9]*\).*/\1/p')" -gt 67108864 && echo full ;;
    alerts-undelivered)
        number_of alerts /api/alerts/stats/summary overall_success_rate | awk '{ print ($1 < 95) ? "low" : "good" }'
        ;;
    esac | tr '\n' ' '
}

well() {
    case $1 in
    service-down) echo "200" ;;
    collector-failed) echo "0 " ;;
    database-too-big) echo "f " ;;
    no-backup) echo "2 " ;;
    generation-missed) echo "500 1 " ;;
    queue-deep) echo "1 " ;;
    redis-full) echo "" ;;
    alerts-undelivered) echo "good " ;;
    esac
}

ill() {
    case $1 in
    service-down) echo "000" ;;
    collector-failed) echo "1 " ;;
    database-too-big) echo "t " ;;
    no-backup) echo "0 " ;;
    generation-missed) echo "0 0 " ;;
    queue-deep) echo "deep 0 " ;;
    redis-full) echo "full " ;;
    alerts-undelivered) echo "low " ;;
    esac
}

faults_each() {
    local fault begin
    for fault in $FAULTS; do
        equal "$fault: before" "$(well "$fault")" "$(measure "$fault")"
        begin=$SECONDS
        is "break $fault" box break "$fault"
        between "seconds to break $fault" 0 10 $((SECONDS - begin))
        equal "$fault: broken" "$(ill "$fault")" "$(measure "$fault")"
        is "break $fault again" box break "$fault"
        equal "$fault: broken still" "$(ill "$fault")" "$(measure "$fault")"
        is "mend $fault" box mend "$fault"
        equal "$fault: mended" "$(well "$fault")" "$(measure "$fault")"
        is "mend $fault again" box mend "$fault"
    done
}

# All at once, and one mend for all.
faults_all() {
    local fault
    for fault in $FAULTS; do
        is "break $fault beside the others" box break "$fault"
    done
    is "the box lists what is broken" sh -c "'$TEST_HOME/box' status --at '$AT' | grep -c broken: | grep -x $(echo "$FAULTS" | wc -w)"
    is "mend all" box mend
    for fault in $FAULTS; do
        equal "$fault: well again" "$(well "$fault")" "$(measure "$fault")"
    done
    is "the box is well" box status
}

# Every server can be the one that is down.
faults_down() {
    local unit
    for unit in redis rabbitmq prometheus mail risk grafana; do
        is "stop $unit" box break service-down "$unit"
        is "$unit is stopped" sh -c "'$TEST_HOME/box' status --at '$AT' | grep '^  $unit .*stopped'"
    done
    is "mend the last" box mend
    is "the box is well after each was down" box status
    equal "redis keeps its data" 200 "$(redis-cli -p "$PORT_redis" llen signals:recent)"
}

test_faults() {
    FAULTS=$("$TEST_HOME/box" break --list | awk '{ print $1 }')
    equal "number of faults" 8 "$(echo "$FAULTS" | wc -w)"
    FAULTS_NIGHT=2026-02-28
    bring_up --clock 2026-03-01T03:01:00Z
    echo "mode: $BOX_MODE"
    faults_each
    faults_all
    faults_down
    is "an unknown fault is refused" sh -c "'$TEST_HOME/box' break nonsense --at '$AT' 2>&1 | grep 'no fault is called'"
    is "an unknown server is refused" sh -c "'$TEST_HOME/box' break service-down nonsense --at '$AT' 2>&1 | grep 'no server is called'"
    is "down" box down
}
