# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# collector-failed: the last check of a collector failed.
FAULT_TEXT="the last health check of a collector failed (historical, or the one named after the fault)"

# fault_check NAME STATUS ERROR: a health record of the box's now.
fault_check() {
    pg_sql -v name="$1" -v status="$2" -v error="$3" -v now="$(box_now)" <<'SQL'
INSERT INTO collector_health (id, partition_key, data, created_at)
SELECT :'name' || '_' || gen_random_uuid(), :'name',
       jsonb_build_object('collector_name', :'name', 'status', :'status', 'timestamp', :'now', 'error_message',
                          nullif(:'error', ''), 'metrics', jsonb_build_object('consecutive_failures', length(:'error') / 4)),
       :'now'::timestamptz
SQL
}

fault_shows() {
    unit_get market_data /health/collectors | grep -q "\"$1\":{\"status\":\"$2\""
}

fault_start() {
    local name=${1:-historical}
    fault_shows "$name" '[a-z]*' || box_die "no collector is called '$name': see /health/collectors of market_data"
    printf '%s' "$name" >"$(fault_folder)/name"
    fault_check "$name" failed "connection timed out"
    box_wait 10 "the failure of $name in /health/collectors" fault_shows "$name" failed
}

fault_undo() {
    local name
    name=$(cat "$(fault_folder)/name" 2>/dev/null) || return 0
    sleep 1 # records of one second have no order
    fault_check "$name" healthy ""
    box_wait 10 "the recovery of $name in /health/collectors" fault_shows "$name" healthy
}
