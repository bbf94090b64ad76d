#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_answers.sh: every kind of question and every kind of answer that is none, in a real terminal. Usage: gates_answers.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"

procedure hand 'manual("Turn the key") touch("turned")'
procedure text 'note("heard " .. manual("Say a word", { evidence = "text" }))'
procedure number 'note("read " .. manual("Read the gauge", { evidence = "number" }) * 2)'
procedure paper 'note("from " .. manual("Take a picture", { evidence = "file" }))'
procedure ask 'note("got " .. ask("How many?", param.integer({ min = 1, max = 9, default = 4 })))'
procedure word 'note("got [" .. ask("Which word?") .. "]")'
procedure secret 'ask("Password?", param.secret({}))'
procedure choice 'choose("Which?", { { "First", run = function() touch("first") end } })'
procedure change 'touch("changed")'
procedure confirm 'if confirm("Go there?") then touch("confirmed") end'
procedure destroy 'file.remove("'"$work"'/made/victim")'
procedure branches 'step("Both", function() parallel({ a = function() touch("ba") end, b = function() touch("bb") end }) end)'
procedure late 'step("Slow", { timeout = 1.5, run = function() if confirm("In time?") then touch("late") end end })'
procedure inner 'exec.run({ "touch", "'"$work"'/made/inner" })'
procedure caught 'pcall(function() exec.run({ "rm", "x" }) end) touch("after")'
procedure outer 'call("deep")'
cat >deep.lua <<LUA
local exec = require("exec")
procedure({ title = "Deep", may = { ["exec.touch"] = "change", ["exec.rm"] = "change" }, run = function() exec.run({ "rm", "$work/made/victim" }) end })
LUA

# ends_unanswered KIND MARK: Ctrl-D and a hang-up are no answer.
ends_unanswered() {
    run "$1"
    terminal_wait "$2"
    terminal_key C-d
    expect "$1: end of input stops the run" ends 3
    expect "$1: and says so" terminal_has 'waiting'
}

run hand
expect "manual: asks whether it is done" answer 'Done?' 'no'
expect "manual: no stops with 4" ends 4
expect "manual: nothing after it ran" missing turned
run hand
answer 'Done?' 'yes'
answer 'Gate 2' 'y'
expect "manual: yes goes on" ends 0
expect "manual: what follows ran" made turned
run hand --yes
expect "manual: --yes does not do it" answer 'Done?' 'no'
expect "manual: refused in spite of --yes" ends 4
run text
answer 'Your answer (text)' 'umbrella'
expect "manual text: exit 0" ends 0
expect "manual text: arrives" terminal_has 'heard umbrella'
run number
answer 'Your answer (number)' 'twelve'
expect "manual number: text is asked again" answer 'must be a number' '21'
expect "manual number: exit 0" ends 0
expect "manual number: is a number" terminal_has 'read 42'
run paper
answer 'Your answer (file)' "$work/nowhere"
expect "manual file: a missing file is asked again" answer 'nowhere' "$work/made/victim"
expect "manual file: exit 0" ends 0
expect "manual file: arrives" terminal_has 'made/victim'

run ask
terminal_wait 'Enter for 4'
terminal_key Enter
expect "ask: Enter means the default" terminal_wait 'got 4'
run ask
answer 'Enter for 4' '10'
expect "ask: over the limit is asked again" answer 'between 1 and 9' '9'
expect "ask: the limit itself is right" terminal_wait 'got 9'
run word
terminal_wait 'Your answer'
terminal_key Enter
expect "ask: an empty line is an empty text" terminal_wait 'got \[\]'
run secret
expect "ask: a secret cannot be asked for" ends 2
expect "ask: and the reason is said" terminal_has 'secrets are not'
for kind in confirm change choice destroy; do
    run "$kind"
    terminal_wait 'Gate 1'
    terminal_key Enter
    if [ "$kind" = destroy ]; then
        expect "destroy: an empty line is a no" ends 4
    else
        expect "$kind: an empty line is asked again" terminal_wait 'Please'
        terminal_key C-c
        terminal_wait 'Ctrl-C. What now'
        terminal_key C-c
        expect "$kind: Ctrl-C twice ends it" ends 130
    fi
    expect "$kind: nothing was made" [ "$(ls "$work/made")" = victim ]
done
ends_unanswered hand 'Done?'
ends_unanswered text 'Your answer'
ends_unanswered ask 'Your answer'
ends_unanswered choice 'Your choice'
ends_unanswered change 'Go on?'
ends_unanswered destroy 'Type file'

run branches
answer 'Gate 1' 'yes'
expect "one step, two branches: one agreement" ends 0
expect "branches: both ran" made ba
expect "branches: the other too" made bb
run confirm
terminal_wait 'Go on?'
terminal_paste 'perhaps
yes
yes
'
expect "what is pasted behind a wrong line is no answer" answer 'Please type yes or no' 'no'
expect "pasted: exit 0" ends 0
expect "pasted: nothing made" missing confirmed
run late
expect "a step's time takes its question back" terminal_wait 'taken back'
expect "late: a person says what becomes of the step" answer 'What now' 'abort'
expect "late: the run stops with 4" ends 4
expect "late: nothing made" missing late
run late
terminal_wait 'What now'
terminal_type y
terminal_wait 'choice'
terminal_type abort
expect "late: aborted" ends 4
expect "late: an answer afterwards is none" missing late

echo '{"Go there?": "perhaps"}' >answers.json
run confirm --dry-run --answers answers.json
expect "answers: what nobody could say is refused" ends 2
expect "answers: and named" terminal_has 'yes or no, not perhaps'
echo '{"Go there?": "no"}' >answers.json
run confirm --dry-run --answers answers.json
expect "answers: no is an answer" ends 0
echo '{"Which?": "Third"}' >answers.json
run choice --dry-run --answers answers.json
expect "answers: no such option" terminal_wait 'no such option'
run caught --dry-run
expect "may: a dry run refuses what is not named" ends 5
run caught
expect "may: pcall does not catch it" ends 5
expect "may: nothing after it ran" missing after
run inner --dry-run
expect "dry run: asks nothing and makes nothing" ends 0
expect "dry run: nothing made" missing inner
run outer
expect "call: what the caller's may does not contain is refused" ends 5
expect "call: nothing removed" made victim

terminal_type "stty -a >$work/before"
run confirm
terminal_wait 'Go on?'
terminal_key C-c
terminal_wait 'Ctrl-C. What now'
terminal_key C-c
ends 130
terminal_type "stty -a >$work/after"
terminal_type 'clear; echo compared'
terminal_wait '^compared'
expect "the terminal's settings are as before" cmp "$work/before" "$work/after"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
