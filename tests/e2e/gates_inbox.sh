#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_inbox.sh: answers from elsewhere by a run's inbox: the right one goes on by itself, every other is refused, said and journaled. Usage: gates_inbox.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"

procedure confirm 'if confirm("Go there?") then touch("confirmed") else note("stays") end'
procedure change 'step("One", function() touch("a") end) step("Two", function() touch("b") end)'
procedure destroy 'file.remove("'"$work"'/made/victim")'
procedure choice 'choose("Which?", { { "First", run = function() touch("first") end }, { "Second", run = function() touch("second") end } })'
procedure asked 'note("got " .. ask("How many?", param.integer({ min = 1, max = 9 })))'
procedure slow 'require("time").sleep(20) touch("late")'

# belay WORDS: without a terminal; its output in $work/out, its exit code is the result.
elsewhere() {
    setsid "$belay" "$@" >"$work/out" 2>&1 </dev/null
}
says() {
    grep -q -- "$1" "$work/out" || { cat "$work/out"; return 1; }
}
# exits STATUS WORDS
exits() {
    local wanted=$1 status=0
    shift
    elsewhere "$@" || status=$?
    [ "$status" -eq "$wanted" ] || { echo "exit $status"; cat "$work/out"; return 1; }
}
journal_has() {
    "$belay" log last --full --kind approval --kind gate_answered >"$work/log" 2>&1
    grep -q -- "$1" "$work/log" || { cat "$work/log"; return 1; }
}
run_id() {
    "$belay" runs --format json | head -1 | sed 's/.*"run":"\([^"]*\)".*/\1/'
}

run confirm
terminal_wait 'Go on'
expect "approve: taken" exits 0 approve last
expect "approve: says so" says 'gate 1: taken'
expect "approve: the waiting terminal goes on by itself" ends 0
expect "approve: the change was made" made confirmed
expect "approve: the screen says who" terminal_has "$(id -un) has answered from elsewhere: yes"
expect "approve: so does the journal" journal_has '"how": "inbox"'
run confirm
terminal_wait 'Go on'
expect "reject: taken" exits 0 reject last 1 --reason 'not today'
expect "reject: confirm is false and the run goes on" ends 0
expect "reject: nothing was made" missing confirmed
expect "reject: the reason is kept" journal_has 'not today'
run confirm
terminal_wait 'Go on'
expect "approve: no is an answer too" exits 0 approve last --answer no
expect "approve: the run goes on without it" ends 0
expect "approve: nothing was made" missing confirmed
run change
terminal_wait 'Gate 1'
expect "approve: only that gate" exits 0 approve last 1
expect "change: the next one asks again" terminal_wait 'Gate 2'
expect "change: the first change was made" made a
expect "reject: an operation stops" exits 0 reject last
expect "change: with 4" ends 4
expect "change: the second was not made" missing b
expect "approve: a run that has ended is not live" exits 2 approve last
expect "approve: and says what to do" says 'not live'

run destroy
terminal_wait 'Type file'
expect "typed: without the word it is refused" exits 2 approve last
expect "typed: and says which" says '--word file'
expect "typed: a wrong word is refused" exits 1 approve last --word files
expect "typed: nothing was removed" made victim
expect "approve: a gate that is not open" exits 2 approve last 7
expect "typed: the right word goes on" exits 0 approve last --word file
expect "typed: exit 0" ends 0
expect "typed: removed" missing victim

run choice
terminal_wait 'Your choice'
expect "choose: which one?" exits 2 approve last
expect "choose: no yes or no" exits 5 reject last
expect "choose: the screen says that it was refused" terminal_wait 'is refused: this question is not'
expect "choose: no such option" exits 5 approve last --answer 9
expect "choose: an option" exits 0 approve last --answer Second
expect "choose: exit 0" ends 0
expect "choose: it ran" made second
run asked
terminal_wait 'Your answer'
expect "ask: what is wrong there is wrong here" exits 5 approve last --answer many
expect "ask: and says why" says 'must be an integer'
expect "ask: a line with more than text is none" exits 5 approve last --answer $'7\n8'
expect "ask: nor is a very long one" exits 5 approve last --answer "$(printf '7%.0s' $(seq 5000))"
expect "ask: and says what is wanted" says 'plain text on one short line'
expect "ask: a value" exits 0 approve last --answer 7
expect "ask: exit 0" ends 0
expect "ask: the value arrives" terminal_has 'got 7'

# Notes that nobody may write so: a link, one that others may write, another hash, another run.
note() {
    printf '{"id":"%s","run":"%s","does":"approve","gate":1,"hash":"%s","answer":"yes"}\n' "$1" "$2" "$3"
}
gate_hash() {
    "$belay" log last --full --kind gate_opened | grep -o 'hash[^0-9a-f]*[0-9a-f]\{64\}' | grep -o '[0-9a-f]\{64\}' | tail -1
}
run confirm
terminal_wait 'Go on'
id=$(run_id)
hash=$(gate_hash)
inbox=$work/state/inbox/$id
expect "inbox: is the run's own" [ "$(stat -c %a "$inbox")" = 700 ]
note linked "$id" "$hash" >"$work/note"
ln -s "$work/note" "$inbox/a.note"
expect "inbox: a link is refused" terminal_wait 'refused: it is a link'
note open "$id" "$hash" >"$inbox/.b"
chmod 666 "$inbox/.b"
mv "$inbox/.b" "$inbox/b.note"
expect "inbox: what others may write is refused" terminal_wait 'others may write it'
note other "$id" "${hash//[0-9]/0}" >"$inbox/.c"
mv "$inbox/.c" "$inbox/c.note"
expect "inbox: another hash is refused" terminal_wait 'has another hash'
note else 20200101-0000-aaaa "$hash" >"$inbox/.d"
mv "$inbox/.d" "$inbox/d.note"
expect "inbox: another run is refused" terminal_wait 'for another run'
echo 'yes' >"$inbox/.e"
mv "$inbox/.e" "$inbox/e.note"
expect "inbox: what is no JSON is refused" terminal_wait 'it is no JSON'
expect "inbox: the gate still stands" missing confirmed
note right "$id" "$hash" >"$inbox/.f"
cp "$inbox/.f" "$work/used"
mv "$inbox/.f" "$inbox/f.note"
expect "inbox: the right one goes on" ends 0
expect "inbox: and is gone" [ ! -e "$inbox" ]
expect "inbox: every refusal is journaled" [ "$("$belay" log last --kind approval | grep -c refused)" -eq 5 ]

# An answer counts once: the same note is none for the next question, in this run or another.
run change
terminal_wait 'Gate 1'
inbox=$work/state/inbox/$(run_id)
cp "$work/used" "$inbox/.g"
mv "$inbox/.g" "$inbox/g.note"
expect "reused: in another run" terminal_wait 'for another run'
note first "$(run_id)" "$(gate_hash)" >"$work/used"
cp "$work/used" "$inbox/.h"
mv "$inbox/.h" "$inbox/h.note"
terminal_wait 'Gate 2'
cp "$work/used" "$inbox/.i"
mv "$inbox/.i" "$inbox/i.note"
expect "reused: at the next gate" terminal_wait 'gate 1 is no longer open'
expect "reused: nothing was made" missing b
terminal_type no
expect "reused: the terminal still answers" ends 4

run slow
terminal_wait 'slow'
expect "abort: taken" exits 0 abort last --reason 'the other site does it'
expect "abort: exit 4" ends 4
expect "abort: nothing was made" missing late
expect "abort: says who and why" terminal_has "aborted by $(id -un): the other site does it"
run confirm
terminal_wait 'Go on'
expect "abort: at a gate" exits 0 abort last
expect "abort: ends it with 4" ends 4
terminal_run "clear; $belay run confirm >$work/first.log 2>&1"
terminal_wait 'Go on'
tmux -S "$terminal_socket" new-window "cd $work/project; env -u CI $belay approve last; echo; echo status=\$?; sleep 60"
expect "approve: shows the gate and asks" answer 'Answer yes?' 'yes'
expect "approve: in a terminal" terminal_wait 'gate 1: taken'
tmux -S "$terminal_socket" kill-window
expect "approve: the other terminal has gone on" ends 0

# A run that nobody writes any more: what was answered for its gate is none for the one that opens again.
killed() {
    run confirm
    terminal_wait 'Go on'
    id=$(run_id)
    pid=$("$belay" log last --full --kind run_started | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')
    hash=$(gate_hash)
    kill -9 "$pid"
    terminal_wait 'status=137'
}
killed
expect "killed: no answer is taken" exits 2 approve last
expect "killed: says what to do" says "belay resume $id"
note stale "$id" "$hash" >"$work/state/inbox/$id/stale.note"
terminal_run "$belay resume last"
expect "resumed: the gate opens again" terminal_wait 'Gate 2'
expect "resumed: the answer that lay there is stale" terminal_wait 'gate 1 is no longer open'
expect "resumed: nothing was made" missing confirmed
expect "resumed: it is answered anew" exits 0 approve last
expect "resumed: goes on" ends 0
expect "resumed: made" made confirmed
expect "abort: not a run that has ended by itself" exits 2 abort last
killed
expect "abort: a run that was cut off" exits 0 abort last --reason 'not needed'
expect "abort: is marked" sh -c "'$belay' runs --format json | head -1 | grep -q '\"outcome\":\"rejected\"'"
expect "abort: says who and why" sh -c "'$belay' log last | grep -q 'aborted by $(id -un): not needed'"
expect "abort: the journal is sound" exits 0 verify last
expect "abort: once" exits 2 abort last
status=0
elsewhere run confirm || status=$?
expect "abort: a run that waits" [ "$status" -eq 3 ]
expect "abort: is given up" exits 0 abort last

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
