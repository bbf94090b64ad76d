#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# guard_lower.sh: nothing in a project lowers the guard of a dry run: no flag, option, helper, environment entry, file that is only loaded. Usage: guard_lower.sh BELAY
set -uo pipefail
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-lower.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
export CI=true
mkdir -p "$work/project/environments" "$work/made"
cd "$work/project" || exit 1
echo 'project({ name = "lower", environment = "e" })' >belay.lua
echo "environment({ state = \"$work/state\", policy = { change = \"free\" }, exec = { touch = { class = \"change\" } } })" >environments/e.lua

ok() {
    passed=$((passed + 1))
}

not_ok() {
    failed=$((failed + 1))
    echo "FAIL $*"
    head -c 2000 "$work/out"
}

# procedure NAME BODY: a body that touches a file by every word of the language.
procedure() {
    cat >"$1.lua" <<LUA
local exec = require("exec")
local file = require("file")
local function touch(options)
  exec.run({ "touch", "$work/made/$1" }, options)
end
procedure({ title = "Lower", may = { ["exec.touch"] = "change", file = "destroy" }, run = function(p)
$2
end })
LUA
}

# dry NAME STATUS PATTERN [OPTION…]: the dry run ends so, and nothing was made.
dry() {
    local name=$1 wanted=$2 pattern=$3 status
    shift 3
    timeout 60 "$belay" run "$name" --dry-run "$@" >"$work/out" 2>&1 </dev/null
    status=$?
    if [ "$status" -ne "$wanted" ] || ! tr -s ' \n' ' ' <"$work/out" | grep -qE -- "$pattern"; then
        not_ok "$name: exit $status, wanted $wanted and: $pattern"
    elif [ -n "$(ls "$work/made")" ]; then
        not_ok "$name: made $(ls "$work/made")"
    else
        ok
    fi
}

# The plain case, and that the same procedure does it live: the test can fail.
procedure plain 'touch()'
dry plain 0 '0 changes reached a server; planned: 1 \(0 destroys\); refused: 0'
"$belay" run plain >"$work/out" 2>&1 </dev/null
if [ -e "$work/made/plain" ]; then ok; else not_ok "plain: a live run makes it"; fi
rm -f "$work/made/plain"

# Options of a call, a step or a procedure that other tools believe.
for option in 'dry = false' 'dry = "activities"' 'dry_run = false' 'check_mode = false' 'class = "observe"' 'reads = false'; do
    procedure option "touch({ $option })"
    case $option in
    reads*) dry option 0 'planned: 1' ;;
    *) dry option 2 "option|unknown" ;;
    esac
done
for option in 'dry = false' 'dry_run = false' 'check_mode = false' 'noop = false'; do
    procedure step "step('S', { $option, run = function() touch() end })"
    dry step 2 'step: .*(unknown|no field|field)'
done
procedure may_more 'touch()'
sed -i 's/may = {/dry = false, may = {/' may_more.lua
dry may_more 2 'dry'
dry plain 2 'unknown option' --no-dry-run
dry plain 2 'unknown parameter|no parameter|parameter' --set dry=false

# Only to load a file does nothing, in any verb.
cat >loads.lua <<LUA
require("exec").run({ "touch", "$work/made/loads" })
procedure({ title = "Loads", run = function() end })
LUA
for verb in 'run loads --dry-run' 'run loads' 'show loads' 'validate' 'list'; do
    # shellcheck disable=SC2086 # words
    timeout 60 "$belay" $verb >"$work/out" 2>&1 </dev/null
    if [ -z "$(ls "$work/made")" ]; then ok; else not_ok "$verb: loading a file made $(ls "$work/made")"; fi
done
rm -f loads.lua

# Helpers that replace, wrap or hide what the guard stands on.
cat >helper.lua <<'LUA'
local exec = require("exec")
local M = {}
function M.replace()
  exec.run = function() end
end
function M.wrap()
  return setmetatable({}, { __index = exec, __call = function(_, ...) return exec.run(...) end })
end
return M
LUA
procedure replace 'require("helper").replace() touch()'
dry replace 1 'read-only|frozen|cannot'
procedure wrap "require('helper').wrap()({ 'touch', '$work/made/wrap' })"
dry wrap 0 'planned: 1'
procedure caught 'pcall(touch) try(touch) xpcall(touch, print)'
dry caught 0 'planned: 3'
procedure named 'rawset(_G, "world", "live") touch()'
dry named 1 '_G. is not available'
procedure branches 'parallel({ a = function() touch() end, b = function() each({ 1, 2 }, function() touch() end) end })'
dry branches 0 'planned: 3'
procedure called 'call("plain")'
dry called 0 'planned: 1'
procedure verified 'step("S", { run = function() end, verify = function() touch() return true end })'
dry verified 5 'only observes'
procedure conditions 'step("S", function() if confirm("Go?") then touch() end end) wait_until("x", { timeout = 1 }, function() touch() return true end)'
dry conditions 0 'planned: 2'

# An environment cannot make a change an observe.
for entry in 'exec = { touch = { class = "observe" } }' 'policy = { change = "observe" }' 'policy = { dry = "live" }' 'dry = false' 'guard = false'; do
    echo "environment({ state = \"$work/state\", $entry })" >environments/low.lua
    dry plain 2 'low' --env low
done

# What is planned is journaled as planned, and the state of real runs is left alone.
(cd "$work/state/runs" && find . -type f -name '*.belay' -exec sha256sum {} + | sort) >"$work/before"
dry plain 0 'planned: 1'
"$belay" log last --format json >"$work/out"
if grep -q '"kind":"planned"' "$work/out" && ! grep -qE '"kind":"(intent|outcome)"' "$work/out"; then ok; else not_ok "the journal of a dry run"; fi
if (cd "$work/state/runs" && sha256sum -c --quiet "$work/before") >"$work/out" 2>&1; then ok; else not_ok "an earlier run's file was touched"; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
