#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_approvals.sh: approvals by other people, signed with real SSH keys: only enough of the right ones go on. Usage: gates_approvals.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"

keys=$work/keys
mkdir "$keys"
for person in alice carol stranger runner outsider; do
    ssh-keygen -q -t ed25519 -N '' -C "$person" -f "$keys/$person"
done
listed() {
    printf '%s %s\n' "$1" "$(cut -d' ' -f1,2 "$keys/$2.pub")"
}
{
    echo '# who may approve'
    listed alice@example.org alice
    listed carol carol
    listed alias alice
    listed chief runner
    listed "$(id -un)@example.org" stranger
} >allowed_signers
policy() {
    echo "environment({ state = \"$work/state\", policy = { $2 }, signing = { key = \"$keys/runner.pub\" }, exec = { touch = { class = \"change\" } } })" >"environments/$1.lua"
}
policy one 'destroy = { typed = false, approvals = 1, expires = "1h" }'
policy two 'destroy = { typed = true, approvals = 2 }'
policy change 'change = { approvals = 1 }'
policy short 'destroy = { typed = false, approvals = 1, expires = "2s" }'
policy typed 'destroy = { typed = true, expires = "2s" }'
sed 's/allowed = [^}]*//; s/signing = {/signing = { allowed = "nobody",/' environments/one.lua >environments/unlisted.lua

procedure destroy 'check("victim is there", true):is_true() file.remove("'"$work"'/made/victim")'
procedure change 'step("One", function() if confirm("All right?") then touch("a") end end)'

# exits STATUS WORDS: of belay without a terminal.
exits() {
    local wanted=$1 status=0
    shift
    setsid "$belay" "$@" >"$work/out" 2>&1 </dev/null || status=$?
    [ "$status" -eq "$wanted" ] || { echo "exit $status"; cat "$work/out"; return 1; }
}
says() {
    grep -q -- "$1" "$work/out" || { cat "$work/out"; return 1; }
}
sign() {
    exits "$1" approve last --env "$2" --key "$keys/$3" "${@:4}"
}

run destroy --env one
expect "one: the screen says who may approve" terminal_wait '1 other person must approve, of: alias, alice@example.org, carol'
expect "one: not whoever runs it" [ "$(terminal_screen | grep -c 'chief')" -eq 0 ]
expect "one: what was found so far" terminal_has 'pass: victim is there'
expect "one: how" terminal_has 'approve .* 1 --key KEY'
expect "one: it waits" terminal_wait '0 of 1 approval. Type no'
expect "one: unsigned is refused" exits 2 approve last --env one
expect "one: yes at the terminal is none" answer 'Type no to stop' 'yes'
expect "one: and says so" terminal_wait 'Only others can approve'
expect "one: a key that nobody lists" sign 5 one outsider
expect "one: says that nobody lists it" says 'no key that'
expect "one: a key that is not there" exits 2 approve last --env one --key "$keys/none"
expect "one: own key" sign 5 one runner
expect "one: says whose it is" says 'chief runs this'
expect "one: own name" sign 5 one stranger
expect "one: says that too" says 'runs this: only the approval of somebody else'
expect "one: nothing was removed" made victim
expect "one: the right one" sign 0 one alice
expect "one: says what it has brought" says '1 of 1 approval: al'
expect "one: goes on by itself" ends 0
expect "one: removed" missing victim
"$belay" log last --env one --full --kind approval --kind gate_answered >"$work/log"
expect "one: the journal has the key" grep -q '"key": "ED25519 SHA256' "$work/log"
expect "one: and who" grep -q '"how": "approvals"' "$work/log"
expect "one: three were refused" [ "$(grep -c '"status": "refused"' "$work/log")" -eq 3 ]

run destroy --env two
expect "two: the word is typed here" answer 'Type file to go on' 'file'
expect "two: then it waits" terminal_wait '0 of 2 approvals. Type no'
expect "two: the word is typed there too" sign 0 two alice --word file
expect "two: one is not enough" terminal_wait '1 of 2 approvals: al'
expect "two: nothing was removed" made victim
expect "two: nobody counts twice" sign 5 two alice --word file
expect "two: says so" says 'approved it already'
expect "two: still nothing" made victim
expect "two: the second" sign 0 two carol --word file
expect "two: goes on" ends 0
expect "two: removed" missing victim
run destroy --env two
terminal_wait 'Type file'
sign 0 two alice --word file
sign 0 two carol --word file
expect "two: approvals alone are not enough" made victim
expect "two: the screen says that they are there" terminal_wait '2 of 2 approvals'
terminal_type 'files'
expect "two: a wrong word stops" ends 4
expect "two: nothing happened" made victim
run destroy --env one
answer 'Type no to stop' 'no'
expect "one: whoever runs it may stop it" ends 4
expect "one: stopped" made victim
run destroy --env one
terminal_wait 'Type no to stop'
expect "one: another may reject it" exits 0 reject last --env one
expect "one: rejected" ends 4
run destroy --env one --yes
terminal_wait 'Type no to stop'
terminal_key C-d
expect "one: end of input is no approval, nor is --yes" ends 3

run change --env change
answer 'All right' 'yes'
expect "change: a confirmation does not approve it" terminal_wait '0 of 1 approval'
expect "change: nothing was made" missing a
expect "change: approved" sign 0 change carol
expect "change: goes on" ends 0
expect "change: made" made a

run destroy --env short
expect "short: its time goes by" terminal_wait 'Its time is over'
expect "short: that is a no" ends 4
expect "short: nothing was removed" made victim
expect "short: and said" terminal_has 'time of its gate was over'
run destroy --env typed
expect "typed: an expiry counts there too" terminal_wait 'Its time is over'
expect "typed: no" ends 4
expect "typed: nothing was removed" made victim
run destroy --env unlisted
expect "unlisted: refused when nobody could approve" ends 5
expect "unlisted: says what is missing" terminal_has 'lists nobody else'

# Without a terminal it waits for the others as long as it may.
mkdir -p "$work/made"
touch "$work/made/victim"
setsid timeout 60 "$belay" run destroy --env one >"$work/alone" 2>&1 </dev/null &
pid=$!
for _ in $(seq 100); do
    grep -q 'approve' "$work/alone" && break
    sleep 0.1
done
expect "alone: says how to approve" grep -q 'belay approve .* 1 --key KEY' "$work/alone"
expect "alone: made nothing" made victim
expect "alone: approved" sign 0 one carol
wait "$pid"
expect "alone: goes on" [ $? -eq 0 ]
expect "alone: removed" missing victim

# Carried by a file to a machine that has neither the run nor the project.
mkdir "$work/elsewhere"
run destroy --env one
terminal_wait 'Type no to stop'
expect "file: exported" exits 0 approve last --env one --export "$work/elsewhere/gate.json"
here=$PWD
cd "$work/elsewhere" || exit 1
sed 's/victim/other/' gate.json >forged.json
expect "file: an altered one is not signed" exits 2 approve --sign forged.json --key "$keys/alice"
expect "file: and says why" says 'was altered'
expect "file: signed" exits 0 approve --sign gate.json --key "$keys/alice"
cd "$here" || exit 1
sed 's/"signature": "\(.\{60\}\)./"signature": "\1X/' "$work/elsewhere/gate.json.signed" >"$work/elsewhere/broken.json"
expect "file: a damaged signature is refused" exits 5 approve --env one --import "$work/elsewhere/broken.json"
expect "file: unsigned is refused" exits 5 approve --env one --import "$work/elsewhere/gate.json"
expect "file: nothing happened" made victim
expect "file: imported" exits 0 approve --env one --import "$work/elsewhere/gate.json.signed"
expect "file: goes on" ends 0
expect "file: removed" missing victim
run destroy --env one
terminal_wait 'Type no to stop'
expect "file: used once" exits 2 approve --env one --import "$work/elsewhere/gate.json.signed"
expect "file: its run has ended" says 'not live'
terminal_type no
ends 4

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
