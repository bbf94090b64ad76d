#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# hostile_runbook.sh: procedures written against the engine stop with a message at the author's line, the right exit code and a sound journal. Usage: hostile_runbook.sh BELAY
set -uo pipefail
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-hostile.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
export CI=true
mkdir -p "$work/environments" "$work/made"
cd "$work" || exit 1
echo 'project({ name = "hostile", environment = "e" })' >belay.lua
echo "environment({ state = \"$work/state\", policy = { change = \"free\" }, exec = { touch = { class = \"change\" } } })" >environments/e.lua

ok() {
    passed=$((passed + 1))
}

not_ok() {
    failed=$((failed + 1))
    echo "FAIL $*"
    head -c 2000 "$work/out"
}

# stops NAME STATUS PATTERN BODY: a run of that body ends so; the pattern is looked for across wrapped lines.
stops() {
    local name=$1 wanted=$2 pattern=$3 status
    printf 'local time, exec = require("time"), require("exec")\nprocedure({ title = "T", may = { ["exec.touch"] = "change" }, run = function()\n%s\nend })\n' "$4" >"$name.lua"
    timeout 60 "$belay" run "$name" >"$work/out" 2>&1 </dev/null
    status=$?
    if [ "$status" -ne "$wanted" ] || ! tr -s ' \n' ' ' <"$work/out" | grep -qE -- "$pattern"; then
        not_ok "$name: exit $status, wanted $wanted and: $pattern"
    elif grep -q 'belay/words' "$work/out"; then
        not_ok "$name: the message names a file of the engine"
    elif ! "$belay" verify last | grep -q ': sound'; then
        not_ok "$name: the journal is not sound"
    else
        ok
    fi
}

stops itself 1 'inside each other' 'call("itself", {})'
stops nested 1 'nested.lua:3: parallel: .* inside each other' 'local function down() parallel({ a = down }) end down()'

# Where nothing can wait, nothing is begun: no change is made, and the task's own waits are its own.
stops sorted 0 'waited [0-9]+' '
  note(tostring(select(2, pcall(table.sort, { 3, 2, 1 }, function(a, b)
    exec.run({ "touch", "'"$work"'/made/in_sort" })
    return a < b
  end))))
  time.sleep(0.3)
  exec.run({ "touch", "'"$work"'/made/after_sort" })
  note("waited 1")'
if [ -e made/in_sort ] || [ ! -e made/after_sort ]; then not_ok "sorted: $(ls made)"; else ok; fi
stops sorts 1 'sorts.lua:3: time.sleep: nothing can wait inside a sort comparator' 'table.sort({ 2, 1 }, function() time.sleep(0.01) end)'
stops gathers 0 'gathers.lua:4: parallel: nothing can wait .* in a .* over' 'local _, why = pcall(string.gsub, "a", ".", function()
  parallel({ a = function() end }) end) note(why)
  parallel({ a = function() time.sleep(0.01) note("in a") end }) note("over")'
stops calls 1 'call: nothing can wait' 'string.gsub("a", ".", function() call("gathers") end)'
stops asks 1 'a question: nothing can wait' 'tostring(setmetatable({}, { __tostring = function() confirm("Really?") end }))'
stops pauses 1 'wait_until: nothing can wait' 'string.gsub("a", ".", function() wait_until("x", {}, function() end) end)'

# What `verify` may do: observe, and answer.
stops verify_done 2 'verify_done.lua:3: done: a .verify. says' 'step("S", { run = function() end, verify = function() done("well") end })'
stops verify_branch 2 'verify_branch.lua:3: done: a .verify. says' 'step("S", { run = function() end, verify = function() parallel({ a = function() done("well") end }) end })'
stops verify_change 5 'verify. only observes' 'step("S", { run = function() end, verify = function() exec.run({ "touch", "'"$work"'/made/in_verify" }) return true end })'
if [ -e made/in_verify ]; then not_ok "verify_change: the change was made"; else ok; fi
stops verify_true 0 'All is well' 'step("S", { run = function() end, verify = function() return exec ~= nil end }) done("well")'

# Words that are used wrongly: exit 2, at the author's line.
wrong() {
    stops "$1" 2 "$1.lua:3: $2" "$3"
}
wrong nan_limit "check 'x': the limit must be a number, not NaN" 'check("x", 5):at_most(0 / 0)'
wrong nan_between "check 'x': the limit must be a number, not NaN" 'check("x", 5):between(0 / 0, 5)'
wrong nan_warn "check 'x': the limit must be a number, not NaN" 'check("x", 5):at_most(6, { warn = 0 / 0 })'
wrong nan_equals "check 'x': nothing can be equal to NaN" 'check("x", 5):equals(0 / 0)'
wrong nan_one_of "check 'x': nothing can be equal to NaN" 'check("x", 5):one_of({ 0 / 0 })'
stops nan_value 1 'not a number FAIL: at most 5' 'check("x", 0 / 0):at_most(5)'
wrong check_dot 'check: write check\(…\):at_most' 'check("x", 5).at_most(5)'
wrong check_opts "check 'x': options are a table" 'check("x", 5):at_most(4, 5)'
wrong step_field "step: 'x': 'covers' must be a table" 'step("x", { run = function() end, covers = "R001" })'
wrong step_timeout "step: parameter 'timeout' must be less than" 'pcall(step, "x", { run = function() end, timeout = 1e300 }) step("y", { run = function() end, timeout = 1e300 })'
wrong wait_seconds "wait_until: parameter 'every' must be 0 or more" 'wait_until("x", { every = -1 }, function() end)'
wrong wait_flood "wait_until: 'every' must be at least 10ms" 'wait_until("x", { every = 0 }, function() end)'
wrong wait_long "wait_until: 'timeout' must be at most 10 years" 'wait_until("x", { timeout = 9e14, every = 5e14 }, function() end)'
wrong wait_no_function 'wait_until: say what is waited for' 'wait_until("x", {})'
wrong each_list 'each: give it a list' 'each(5, function() end)'
wrong call_id "call: give it a procedure's id" 'call("../../etc/passwd")'
wrong call_params 'call: calls: parameters are a table' 'call("calls", 5)'
wrong confirm_opts 'confirm: options are a table' 'confirm("x", 5)'
wrong ask_param 'ask: what it must be is a parameter' 'ask("x", 5)'
wrong choose_options 'choose: options are a table' 'choose("x", 5)'
wrong long_title 'step: the title has 1001 bytes, more than 1000' 'step(("x"):rep(1001), print)'
wrong long_name 'check: the name has 2000 bytes' 'check(("x"):rep(2000), 5):at_most(5)'
wrong no_question 'confirm: the question is missing' 'confirm()'
wrong nul_key 'exec.run: argument 2: env: a name must not hold a NUL byte' 'exec.run({ "touch" }, { env = { a = "b", ["c\0"] = "d" } })'
wrong nul_name "time.parse: argument 'text' must not hold a NUL byte" 'time.parse("2026-01-01\0x")'
wrong argv_nul "exec.run: argument 'argv' must be .*: no argument can hold a NUL byte" 'exec.run({ "touch", "a\0b" })'
wrong argv_empty "exec.run: argument 'argv' must be .*: the program's name is empty" 'exec.run({ "" })'
stops define 1 'define.lua:3: procedure: only a file of the project' 'procedure({ title = "x", run = print })'
stops keep_function 1 'keep_function.lua:3: evidence: value: a function' 'evidence("x", print)'

# A NUL byte hides nothing, and no byte reaches the terminal as a command to it.
stops nul 0 'a\\x00b .* n\\x00m: x\\x00y .* done: c\\x00d' 'note("a\0b") evidence("n\0m", "x\0y") done("c\0d")'
stops prints 0 'in a step .*· a b\\x00c 5' 'step("in a step", function() print("a", "b\0c", 5) end)'
stops escapes 1 'x1b\[2J.u.202e' 'note("\27[2J\u{202e}") fail("\27]0;t\7")'
if grep -q "$(printf '\033')" "$work/out"; then not_ok "escapes: a control byte came through"; else ok; fi

# Memory that runs out before the first line of the body ends the run as anything else does.
cat >small.lua <<'LUA'
procedure({ title = "Small", run = function() step("S", function() note(("x"):rep(9)) end) end })
LUA
for allocations in $(seq 200 97 4000); do
    BL_FAIL_ALLOC=$allocations timeout 60 "$belay" run small >"$work/out" 2>&1
    status=$?
    [ "$status" -eq 0 ] && break
    if [ "$status" -gt 2 ] || "$belay" verify last | grep -q 'cut off'; then not_ok "small at $allocations: exit $status"; fi
done
if [ "$status" -eq 0 ]; then ok; else not_ok "small never ran"; fi

# An error object that a loading file raises says what it is.
echo 'fail("not today")' >loads.lua
timeout 60 "$belay" run loads >"$work/out" 2>&1
if [ $? -eq 2 ] && grep -q 'loads.lua:1: not today' "$work/out"; then ok; else not_ok "loads"; fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
