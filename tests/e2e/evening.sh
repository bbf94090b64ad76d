#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# evening.sh: the evening checklist in a real terminal (tmux), healthy and with its faults. Usage: evening.sh BELAY [BOX OPTIONS]
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
# shellcheck source=tests/e2e/box.sh
. "$(dirname "$0")/box.sh"
# shellcheck source=tests/e2e/terminal.sh
. "$(dirname "$0")/terminal.sh"
box_start "$@"
terminal_start 80 60
trap 'terminal_stop; box_stop' EXIT

# evening STATUS: runs the checklist in the terminal, answers its question, and wants this exit code.
evening() {
    terminal_run "BELAY_CLOCK=$(box clock) $belay run daily.evening --project $work/project --env box"
    terminal_wait "Your answer (text):" || return 1
    terminal_type "P&L fine, drawdown 2 %"
    terminal_wait "status=[0-9]" || return 1
    terminal_has "status=$1 "
}

# shows TEXT: the screen says so.
shows() {
    terminal_has "$1"
}

fault() {
    box break "$1" >/dev/null || { failed=$((failed + 1)); echo "FAIL box break $1"; return; }
    expect "$1: exit 1" evening 1
    expect "$1: says what was measured, and the limit" shows "$2"
    expect "$1: every other step ran" shows "4 passed, 0 warned, 1 failed"
    box mend >/dev/null || { failed=$((failed + 1)); echo "FAIL box mend"; }
    expect "$1: green after mend" evening 0
}

expect "healthy: exit 0" evening 0
expect "healthy: the answer is kept" shows "P&L fine, drawdown 2 %"
fault queue-deep "deepest queue  *1[0-9],[0-9]* messages  *FAIL: at most 1,000 messages"
fault redis-full "Redis memory  *[0-9.]* [MG]iB  *FAIL: at most 64 MiB"

expect "nobody there: exit 3" exits 3 run daily.evening
finish
