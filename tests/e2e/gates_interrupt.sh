#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_interrupt.sh: Ctrl-C asks once and stops the second time; nothing is sent while it asks; a reader that goes away ends nothing. Usage: gates_interrupt.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"

procedure slow 'step("Wait", function() require("time").sleep(2) end) step("Then", function() touch("later") end)'
procedure undoable 'step("First", { run = function() touch("first") end, undo = function() exec.run({ "touch", "'"$work"'/made/undone" }) end }) step("Wait", function() require("time").sleep(30) end)'
procedure gated 'if confirm("Go there?") then touch("there") end'
procedure many 'for i = 1, 40 do note("line " .. i) require("time").sleep(0.05) end touch("end")'

# interrupt: Ctrl-C, and the question that follows.
interrupt() {
    terminal_key C-c
    terminal_wait 'Ctrl-C. What now'
}

run slow --env free
terminal_wait 'sleeping'
expect "once: asks" interrupt
sleep 3
expect "once: nothing is sent while it asks" missing later
expect "once: continue" answer 'Your choice (1-3)' '1'
expect "once: goes on" ends 0
expect "once: then it was sent" made later
run slow --env free
terminal_wait 'sleeping'
expect "abort: asks" interrupt
expect "abort: chosen" answer 'Your choice (1-3)' 'abort'
expect "abort: exit 4" ends 4
expect "abort: nothing was sent" missing later
run slow --env free
terminal_wait 'sleeping'
expect "twice: asks" interrupt
terminal_key C-c
expect "twice: exit 130" ends 130
expect "twice: nothing was sent" missing later
run slow --env free
terminal_wait 'sleeping'
expect "end: asks" interrupt
terminal_key C-d
expect "end: the end of input is no wish to go on" ends 130
expect "end: nothing was sent" missing later
run gated
terminal_wait 'Go on'
expect "gate: asks" interrupt
expect "gate: an answer to it is none to the gate" answer 'Your choice (1-3)' 'yes'
expect "gate: asked again" answer 'number of one of these' '1'
expect "gate: the gate comes back" terminal_wait 'Go on'
terminal_type 'yes'
expect "gate: and is answered" ends 0
expect "gate: made" made there
run gated
terminal_wait 'Go on'
interrupt
expect "gate: answered from elsewhere meanwhile" "$belay" approve last 1 --answer yes
answer 'Your choice (1-3)' '1'
expect "gate: continues" ends 0
expect "gate: made by that answer" made there
run undoable --env free
terminal_wait 'First'
terminal_wait 'sleeping'
interrupt
expect "undo: chosen" answer 'Your choice (1-3)' '3'
expect "undo: ends as aborted" ends 4
expect "undo: what was done is undone" made undone
run slow --env free --dry-run

ends 0
status=0
rm -f "$work/made/later"
env CI=true "$belay" run slow --env free >"$work/out" 2>&1 &
pid=$!
sleep 0.7
kill -INT "$pid" 2>/dev/null
wait "$pid" || status=$?
expect "nobody there: stops at once" [ "$status" -eq 130 ] || cat "$work/out"
expect "nobody there: nothing was sent" missing later

# A reader that goes away ends no run.
for stream in 1 2 both; do
    rm -f "$work/made/end"
    rm -f "$work/pipe"
    mkfifo "$work/pipe"
    head -c 30 <"$work/pipe" >/dev/null &
    case $stream in
    1) CI=true "$belay" run many --env free >"$work/pipe" 2>/dev/null ;;
    2) CI=true "$belay" run many --env free --format json 2>"$work/pipe" >/dev/null ;;
    both) CI=true "$belay" run many --env free --format json >"$work/pipe" 2>&1 ;;
    esac
    status=$?
    expect "broken pipe on $stream: exit 0" [ "$status" -eq 0 ]
    expect "broken pipe on $stream: it went on to its end" made end
done
terminal_run "$belay run many --env free | head -3; echo status=\${PIPESTATUS[0]} done"
expect "broken pipe in a terminal: exit 0" terminal_wait 'status=0 done'
expect "broken pipe in a terminal: it went on to its end" made end

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
