#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_screen.sh: what a gate shows, in 80 columns and on a dumb terminal, and its keys d and w. Usage: gates_screen.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"

names=$(for i in $(seq 100); do printf '"%s/made/a_long_name_of_a_file_%03d", ' "$work" "$i"; done)
procedure many 'step("Many", { why = "They are wanted.", undo = "remove them", run = function() exec.run({ "touch", '"$names"' }) end })'
procedure short 'check("queue", 12, "count"):at_most(20) evidence("ticket", "four words of it") step("One", { why = "It is wanted.", undo = "none", run = function() touch("a") end })'
procedure typed 'file.remove("'"$work"'/made/victim")'
procedure word 'note("got [" .. ask("Which word?") .. "]")'
procedure slow 'require("time").sleep(30)'

# fits: no line of the screen is broken by the terminal: all that is shown fits its columns.
fits() {
    terminal_screen | awk 'length($0) > 80 { print "too long: " $0; exit 1 }'
}

run short
expect "screen: the question" terminal_wait '? Gate 1: '
expect "screen: class" terminal_has 'class   change'
expect "screen: target" terminal_has 'target  exec.touch'
expect "screen: why" terminal_has 'why     It is wanted'
expect "screen: undo" terminal_has 'undo    none'
expect "screen: step" terminal_has 'step    One'
expect "screen: checks so far" terminal_has 'so far  pass: queue: 12'
expect "screen: evidence so far" terminal_has 'ticket: four words of it'
expect "screen: the place" terminal_has 'where   short.lua:'
expect "screen: fits 80 columns" fits
expect "w: waits" answer 'Go on?' 'w'
expect "w: says so" answer 'Enter asks again' 'yes'
expect "w: what is typed then only asks again" [ "$(terminal_screen | grep -c 'Go on?')" -ge 1 ]
expect "w: and is no answer" missing a
expect "w: the question stands again" terminal_wait 'yes$'
terminal_type 'w'
terminal_wait 'Enter asks again'
expect "w: an answer from elsewhere goes on" "$belay" approve last --answer yes
expect "w: goes on" ends 0
expect "w: made" made a

run many
expect "d: a long detail is cut" terminal_wait 'more lines: d shows all'
expect "d: and the key is named" terminal_wait 'd for details'
expect "d: not shown yet" [ "$(terminal_screen | grep -c 'file_100')" -eq 0 ]
terminal_type 'd'
expect "d: shows all" terminal_wait 'file_100'
expect "d: asks again" answer 'Go on?' 'no'
expect "d: is no answer" ends 4
expect "d: fits 80 columns" fits
run typed
expect "typed: w waits" answer 'Type file' 'w'
expect "typed: says so" terminal_wait 'Enter asks again'
terminal_key Enter
expect "typed: asks again" answer 'Type file' 'd'
expect "typed: d shows it again" terminal_wait 'Gate 1'
expect "typed: neither is an answer" made victim
terminal_type 'file'
expect "typed: the word is" ends 0
run word
expect "ask: w is a word there" answer 'Your answer' 'w'
expect "ask: arrives" terminal_wait 'got \[w\]'

terminal_run "$belay run slow"
terminal_wait 'run 2'
terminal_key C-z
terminal_type "clear; bg >/dev/null"
terminal_run "$belay run short"
expect "screen: other live runs" terminal_wait 'also    slow by '
terminal_type 'no'
ends 4
terminal_run "kill %1; wait"
terminal_wait 'status='

# On a dumb terminal nothing is drawn over: no byte of an escape sequence.
tmux -S "$terminal_socket" pipe-pane "cat >$work/raw"
terminal_run "TERM=dumb $belay run short"
terminal_wait 'Go on?'
terminal_type 'yes'
ends 0
tmux -S "$terminal_socket" pipe-pane
sed -n '/short in local/,/exit\|status=/p' "$work/raw" >"$work/shown"
expect "dumb: something was shown" grep -q 'Gate 1' "$work/shown"
expect "dumb: no escape sequence" [ "$(sed '/status=/d' "$work/shown" | grep -c "$(printf '\033')")" -eq 0 ]
expect "dumb: nothing is drawn over" [ "$(sed 's/\r*$//' "$work/shown" | grep -c "$(printf '\r')")" -eq 0 ]

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
