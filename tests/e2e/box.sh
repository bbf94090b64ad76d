# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# box.sh: what the tests that run belay against a box share: one box for a script, belay with its clock and secrets.
# shellcheck shell=bash disable=SC2317 # functions are reached through expect

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
project=$root/runbooks/mastertrade
belay=$(readlink -f "$1") # of the script that reads this file: the rest of its words are options of the box
shift
passed=0
failed=0

# box_start [OPTION…]: a box of this script's own in $work/box; ended with the script.
box_start() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/belay-e2e.XXXXXX")
    trap box_stop EXIT
    trap 'exit 1' INT TERM
    cp -r "$project" "$work/project"
    "$root/tests/box/box" up --at "$work/box" --environment "$work/project/environments/box.lua" "$@" || exit 1
    set -a
    # shellcheck source=/dev/null
    . "$work/box/secrets.env"
    set +a
}

box_stop() {
    "$root/tests/box/box" down --at "$work/box" >/dev/null 2>&1 || echo "box down failed"
    rm -rf "$work"
}

box() {
    "$root/tests/box/box" --at "$work/box" "$@"
}

# run_belay VERB WORDS…: against the box, at the box's time. Output in $work/out and $work/err; gives the exit code.
run_belay() {
    local status=0
    BELAY_CLOCK=$(box clock) "$belay" "$@" --project "$work/project" --env box \
        >"$work/out" 2>"$work/err" </dev/null || status=$?
    return "$status"
}

# expect WHAT COMMAND…: counts a test.
expect() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
        grep -h -e '"verdict":"fail"' -e '"status":"failed"' "$work/out" 2>/dev/null
        tail -n 20 "$work/out" "$work/err" 2>/dev/null
    fi
}

# exits STATUS WORDS…: true when belay ends with that status.
exits() {
    local wanted=$1 status=0
    shift
    run_belay "$@" || status=$?
    [ "$status" -eq "$wanted" ] || echo "exit $status, not $wanted: belay $*"
    [ "$status" -eq "$wanted" ]
}

# count_checks VERDICT: how many checks of the JSON report in $work/out have it; "any" counts all.
count_checks() {
    local verdict=$1
    [ "$verdict" != any ] || verdict='[a-z]*'
    grep '"kind":"check"' "$work/out" | grep -c "\"verdict\":\"$verdict\""
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
