#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates.sh: questions in a real terminal (tmux): only the right answer goes on, nothing unanswered does. Usage: gates.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"

procedure confirm 'if confirm("Go there?", { why = "because" }) then touch("confirmed") else note("stays") end'
procedure change 'step("One", function() touch("a") touch("b") end) step("Two", function() touch("c") end)'
procedure agreed 'step("Agreed", function() if confirm("All right?") then touch("agreed") end end)'
procedure choice 'choose("Which?", { { "First", run = function() touch("first") end }, { "Second", run = function() touch("second") end } })'
procedure asked 'note("got " .. ask("How many?", param.integer({ min = 1, max = 9 })))'
procedure destroy 'file.remove("'"$work"'/made/victim")'
procedure undeclared 'try(function() exec.run({ "rm", "x" }) end) touch("after")'
procedure both 'parallel({ a = function() step("A", function() touch("pa") end) end, b = function() step("B", function() touch("pb") end) end })'
procedure early 'require("time").sleep(1.5) if confirm("Really?") then touch("early") end'

run confirm
expect "confirm: why is shown" terminal_wait 'because'
expect "confirm: garbage is asked again" answer 'Go on' 'perhaps'
expect "confirm: yes" answer 'Please type yes or no' 'yes'
expect "confirm: yes goes on" ends 0
expect "confirm: yes allows the change" made confirmed
run confirm
answer 'Go on' 'no'
expect "confirm: no is false and the run goes on" ends 0
expect "confirm: no makes nothing" missing confirmed
run confirm
terminal_wait 'Go on'
terminal_key C-d
expect "confirm: end of input stops" ends 3
run change
answer 'class   change' 'y'
expect "change: the second step is asked again" answer 'Gate 2' 'n'
expect "change: no stops with 4" ends 4
expect "change: and marks its step" terminal_has '✗ Two *a person said no'
expect "change: one question for a step" made b
expect "change: the refused step made nothing" missing c
run change --format junit ">$work/junit.xml"
answer 'Gate 1' 'n'
ends 4
expect "junit: a refused step is an error" grep -q '<error ' "$work/junit.xml"
expect "junit: and counted" grep -q 'errors="1"' "$work/junit.xml"
run agreed
answer 'All right' 'yes'
expect "agreed: a confirmation before is the answer" ends 0
expect "agreed: made" made agreed
run choice
answer 'Your choice' '7'
expect "choose: out of range is asked again" answer 'number of one of these' '2'
expect "choose: exit 0" ends 0
expect "choose: the option ran" made second
run choice
answer 'Your choice' '3'
expect "choose: none of these" ends 0
expect "choose: nothing ran" missing first
run asked
answer 'How many' 'many'
expect "ask: a wrong type is asked again" answer 'must be an integer' '5'
expect "ask: exit 0" ends 0
expect "ask: the value arrives" terminal_has 'got 5'
run destroy
expect "destroy: wants the target" answer 'Type file to go on' 'yes'
expect "destroy: yes is not enough" ends 4
expect "destroy: nothing was removed" made victim
run destroy
answer 'Type file' 'file'
expect "destroy: the target goes on" ends 0
expect "destroy: removed" missing victim
expect "destroy: it is counted as one" terminal_has "1 (1 destroys)"
run destroy --yes
answer 'Type file' 'no'
expect "--yes never answers a destroy" ends 4
run change --yes
expect "--yes answers changes" ends 0
run change --env free
expect "policy free asks nothing" ends 0
run change --env refuse
expect "policy refuse" ends 5
run destroy --env refuse
expect "policy refuses to destroy" ends 5
run destroy --env approve
expect "approvals that nobody could give: refused" ends 5
run undeclared
expect "what may does not name is refused, and try cannot catch it" ends 5
expect "nothing after it ran" missing after
run both
answer 'Gate 1' 'yes'
expect "branches ask one at a time" answer 'Gate 2' 'yes'
expect "both: exit 0" ends 0
expect "both: made" made pb
run early
sleep 0.4
terminal_type yes
expect "keys typed before the question are no answer" answer 'Go on' 'no'
expect "early: exit 0" ends 0
expect "early: nothing made" missing early
terminal_run "yes | $belay run confirm"
expect "a pipe full of yes is no answer" answer 'Go on' 'no'
expect "pipe: exit 0" ends 0
expect "pipe: nothing made" missing confirmed
run confirm
terminal_wait 'Go on'
terminal_key C-c
terminal_wait 'Ctrl-C. What now'
terminal_key C-c
expect "Ctrl-C at a gate, and again" ends 130
terminal_run "stty -a | grep -c ' echo ' ; $belay verify last"
expect "the terminal is as before" terminal_wait '^1$'
expect "the journal is sound" terminal_wait ': sound'
terminal_run "CI=true $belay run confirm"
expect "CI: nobody is there" ends 3
status=0
setsid "$belay" run confirm </dev/null >/dev/null 2>&1 || status=$?
expect "no terminal" [ "$status" -eq 3 ]
terminal_run "$belay run confirm & wait \$!"
expect "in the background" ends 3

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
