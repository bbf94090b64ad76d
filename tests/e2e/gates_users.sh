#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_users.sh: one user of the system runs, another answers its gates; who it was is what the kernel says. Usage: gates_users.sh BELAY
set -uo pipefail
[ "$(id -u)" -eq 0 ] || {
    echo "skipped: only root can become two users"
    exit 77
}
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"
group=61000 rosa=61001 otto=61002 stranger=61003

chmod 755 "$work"
install -d -g $group -m 2770 "$work/state"
chgrp $group "$work/made"
chmod 2770 "$work/made"
procedure change 'step("One", function() touch("a") end) step("Two", function() touch("b") end)'
procedure slow 'require("time").sleep(30) touch("late")'

# as USER GROUPS WORDS…: runs belay as that user, without a terminal; exits is its exit code.
as() {
    setsid setpriv --reuid="$1" --regid="$1" "$2" env HOME="$work" CI=true "$belay" "${@:3}" >"$work/out" 2>&1 </dev/null
}
exits() {
    local wanted=$1 status=0
    shift
    as "$@" || status=$?
    [ "$status" -eq "$wanted" ] || { echo "exit $status"; cat "$work/out"; return 1; }
}
says() {
    grep -q -- "$1" "$work/out" || { cat "$work/out"; return 1; }
}
run_as_rosa() {
    rm -f "$work/made/"*
    terminal_run "umask 027; setpriv --reuid=$rosa --regid=$rosa --groups=$group env HOME=$work $belay run $*"
}

run_as_rosa change
terminal_wait 'Gate 1'
expect "another user approves" exits 0 $otto --groups=$group approve last
expect "the terminal says who" terminal_wait "uid $otto has answered from elsewhere: yes"
expect "the run goes on by itself" terminal_wait 'Gate 2'
expect "the change was made" made a
expect "a stranger cannot" exits 1 $stranger --clear-groups approve last
expect "a stranger is told why" says 'ermission denied'
expect "nothing more was made" missing b
expect "another user rejects" exits 0 $otto --groups=$group reject last --reason 'not now'
expect "that ends it" ends 4
expect "the second change was not made" missing b
as $otto --groups=$group log last --full --kind approval --kind gate_answered
expect "the journal has the owner of the file" says "\"by\": \"uid $otto\""
run_as_rosa slow
terminal_wait 'sleeping'
expect "another user ends it" exits 0 $otto --groups=$group abort last --reason 'the other site does it'
expect "with 4" ends 4
expect "and it says who" terminal_has "aborted by uid $otto"
expect "nothing was made" missing late
run_as_rosa change
terminal_wait 'Gate 1'
inbox=$(find "$work/state/inbox" -mindepth 1 -type d)
expect "the inbox is the group's" [ "$(stat -c '%g %a' "$inbox")" = "$group 2770" ]
terminal_type no
ends 4

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
