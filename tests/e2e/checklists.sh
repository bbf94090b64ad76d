#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# checklists.sh: the morning checklist against a box, healthy and with each fault. Usage: checklists.sh BELAY [BOX OPTIONS]
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
# shellcheck source=tests/e2e/box.sh
. "$(dirname "$0")/box.sh"
box_start "$@"

# says NAME VALUE LIMIT: the report holds a failed check of that name with its measured value and its limit.
says() {
    grep '"kind":"check"' "$work/out" | grep '"verdict":"fail"' | grep -F "\"name\":\"$1\"" |
        grep -E "\"value\":$2" | grep -qF "$3"
}

# fault NAME CHECK VALUE LIMIT: broken, the checklist fails at this check and makes all others; mended, it is green.
fault() {
    box break "$1" >/dev/null || { failed=$((failed + 1)); echo "FAIL box break $1"; return; }
    expect "$1: exit 1" exits 1 run daily.morning --format json
    expect "$1: the check '$2' names value and limit" says "$2" "$3" "$4"
    expect "$1: every other check ran" [ "$(count_checks any)" -ge "$healthy" ]
    box mend >/dev/null || { failed=$((failed + 1)); echo "FAIL box mend"; }
    expect "$1: green after mend" exits 0 run daily.morning --format json
}

expect "healthy: exit 0" exits 0 run daily.morning --format json
healthy=$(count_checks any)
expect "healthy: more than 25 checks" [ "$healthy" -gt 25 ]
expect "healthy: no check failed" [ "$(count_checks fail)" -eq 0 ]

case ${CHECKLIST_FAULTS:-all} in
*generation-missed* | all) fault generation-missed "strategies generated" 0 "at least 500" ;;
esac
case ${CHECKLIST_FAULTS:-all} in
*no-backup* | all) fault no-backup "PostgreSQL backup age" '[0-9.]+' "at most 25 h" ;;
esac
if [ "${CHECKLIST_FAULTS:-all}" = all ]; then
    fault service-down "Strategy Service" '"refused"' "must be 200"
    fault collector-failed "collector historical" '"failed"' "must be one of healthy, degraded"
    fault database-too-big "database size" '[0-9]+' "at most 409.6 MiB"
    fault alerts-undelivered "alert delivery" '[0-9.]+' "at least 95 %"
fi
finish
