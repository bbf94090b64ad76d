#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# init.sh: a new project works with every verb, writes over nothing, and pleases Lua, luacheck and JSON. Usage: init.sh BELAY
# shellcheck disable=SC2016 # $1 is for the shell that runs the text
set -uo pipefail
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-init.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export CI=true XDG_STATE_HOME="$work/state"
unset BELAY_PROJECT
passed=0
failed=0
mkdir "$work/state"
cd "$work" || exit 1

# expect EXIT PATTERN COMMAND…: this exit code, and the pattern (if any) in what it said.
expect() {
    local wanted=$1 pattern=$2 status=0
    shift 2
    "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" -eq "$wanted" ] && { [ -z "$pattern" ] || grep -qE -- "$pattern" "$work/out"; }; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL exit $status (wanted $wanted with '$pattern'): $*"
        cat "$work/out"
    fi
}

# same A B: the folder is as it was.
same() { diff -r "$1" "$2" && echo same; }

# What init wrote works with every verb, at once.
expect 0 'belay run checks.disk' "$belay" init new-project
cp -r new-project first
cd new-project || exit 1
expect 0 'checks.disk  Disk check' "$belay" list
expect 0 'used \(integer\)' "$belay" show checks.disk
expect 0 '' "$belay" validate
expect 0 'All is well' "$belay" run checks.disk --set used=100
expect 0 '0 changes reached a server; planned: 0' "$belay" run checks.disk --dry-run --set used=100
expect 1 'disk used .* at most 1 %' "$belay" run checks.disk --set used=1
expect 0 'check .*disk used' "$belay" log last
expect 0 'sound' "$belay" verify last
expect 0 'failed \(1\)  checks.disk' "$belay" runs
expect 0 'ok +environment local' "$belay" doctor
expect 0 '(ok +commands with reads = true run in a sandbox|note +commands with reads = true are refused here): .' "$belay" doctor

# The name of the project is the folder's.
expect 0 '"new-project"' cat belay.lua

# What editors and luacheck need.
for file in .belay/belay.lua belay.lua environments/local.lua checks/disk.lua; do
    expect 0 '' luac5.4 -p "$file" # one at a time: luac 5.4.4 may crash on several
done
expect 0 '0 warnings / 0 errors' luacheck --no-color .
echo 'checc("a", 1):at_most(2)' >wrong.lua
expect 1 "undefined variable .?checc" luacheck --no-color --no-cache wrong.lua
rm wrong.lua
expect 0 '"workspace.library"' sh -c '"$1" eval "require(\"json\").parse(require(\"file\").read(\".luarc.json\"))"' - "$belay"
for word in procedure step check confirm choose each parallel wait_until secret; do
    expect 0 '' grep -q "^function $word(" .belay/belay.lua
done
expect 0 '' grep -q '^function redis:info(' .belay/belay.lua
expect 0 '' grep -q '^function file.read(' .belay/belay.lua

# Nothing is written over, and nothing is left half made.
cd "$work" || exit 1
expect 2 'belay.lua is there already: this is a project' "$belay" init new-project
expect 0 same same first new-project
mkdir -p taken/checks
echo mine >taken/checks/disk.lua
cp -r taken taken-before
expect 2 'checks/disk.lua is there already, and init writes over nothing' "$belay" init taken
expect 0 same same taken-before taken
mv taken/checks/disk.lua taken/checks/mine.lua
expect 0 'A project in taken' "$belay" init taken
mkdir linked
ln -s nowhere linked/.luarc.json
expect 2 'linked/.luarc.json is there already' "$belay" init linked
expect 0 '^linked/.luarc.json$' find linked -mindepth 1
expect 1 'no/such: No such file or directory: make the folder above it first' "$belay" init no/such
echo text >file
expect 1 'Not a directory' "$belay" init file

# No room: what was begun is taken back, so that the next attempt is not in its own way.
mkdir full
expect 1 'full/.*: (File too large|No space left on device)' bash -c 'trap "" XFSZ; ulimit -f 8; exec "$1" init full' - "$belay"
expect 0 '^0$' sh -c 'find full -type f | wc -l'
expect 0 'A project in full' "$belay" init full

# A folder whose name is no name, and the folder where one is.
mkdir './"]'
cd './"]' || exit 1
expect 0 'belay run' "$belay" init
expect 0 'checks.disk' "$belay" list

echo "init: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
