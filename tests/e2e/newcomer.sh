#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# newcomer.sh: what somebody meets on the first day says once, in lines that fit, what to do. Usage: newcomer.sh BELAY
set -uo pipefail
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-newcomer.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export CI=true XDG_STATE_HOME="$work/xdg" COLUMNS=80 LC_ALL=C.UTF-8
unset BELAY_PROJECT
passed=0
failed=0

# expect EXIT PATTERN COMMAND…: this exit code, and the pattern in what it said.
expect() {
    local wanted=$1 pattern=$2 status=0
    shift 2
    "$@" >"$work/out" 2>&1 || status=$?
    if [ "$status" -eq "$wanted" ] && grep -qE -- "$pattern" "$work/out"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL exit $status (wanted $wanted with '$pattern'): $*"
        cat "$work/out"
    fi
}

# once PATTERN: so often in what the last command said.
once() {
    if [ "$(grep -cE -- "$1" "$work/out")" -eq 1 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL not once: $1"
        cat "$work/out"
    fi
}

mkdir -p "$work/project/environments" "$work/state"
cd "$work/project" || exit 1
echo 'project({ name = "new", environment = "local" })' >belay.lua
cat >environments/local.lua <<LUA
environment({ state = "$work/state", exec = { touch = { class = "change" } } })
LUA
cat >first.lua <<'LUA'
local exec = require("exec")
local file = require("file")
procedure({
  title = "First",
  section = "all",
  severity = "high",
  params = { where = param.path({ help = "the file" }), token = param.secret() },
  may = { ["exec.touch"] = "change" },
  run = function(p)
    step("Look", function()
      check("lines", "one\ntwo\n"):matches("^one")
      check("nothing", nil):is_true()
    end)
    choose("Which?", { { "Make it", run = function() exec.run({ "touch", p.where }) end } })
    step("See", function()
      check("is there", file.stat(p.where) ~= nil):is_true()
    end)
  end,
})
LUA
sed 's/"all"/"all", summary = "x"/; s/"high"/"low"/; s/"First"/"Second"/' first.lua >second.lua
cat >refused.lua <<'LUA'
local file = require("file")
procedure({
  title = "Refused",
  run = function()
    step("Write", function() file.write("/nowhere", "x") end)
  end,
})
LUA
cat >undo.lua <<'LUA'
procedure({
  title = "Undo",
  run = function()
    step("Write", { run = function() end, undo = 5 })
  end,
})
LUA

# Help fits a terminal, of every verb.
for verb in list show run validate runs log verify init eval classify doctor completion help; do
    expect 0 "^belay $verb: " "$belay" help "$verb"
    if [ "$(wc -L <"$work/out")" -gt 80 ]; then
        failed=$((failed + 1))
        echo "FAIL help $verb is wider than 80 columns"
    fi
done
expect 0 '^  validate \[PATH\] +finds what is wrong' "$belay" help
expect 0 '^[^ ].{40,79}$' "$belay" help run

# On a terminal of 80 columns lines break between words; in a pipe they stay whole.
cat >long.lua <<'LUA'
procedure({
  title = "Long",
  summary = "It says in many words that it is here for nothing but to be longer than a terminal is wide.",
  run = function()
    step("Long", function()
      check("a name", "a value that is so long that it cannot stand in a line of a terminal at all"):equals("x")
    end)
  end,
})
LUA
terminal() { script -qec "stty cols 80; $1" /dev/null </dev/null | tr -d '\r'; }
expect 1 'FAIL' "$belay" run long
expect 0 'so long that it$' terminal "$belay log last --kind check"
once '^ {34}cannot stand in'
expect 0 'so long that it cannot stand in' "$belay" log last --kind check
expect 0 'nothing but to be longer$' terminal "$belay show long"
once '^ {11}than a terminal is wide\.$'
expect 2 "'nearly as long as the line of the terminal in which it is$" terminal "$belay show 'nearly as long as the line of the terminal in which it is going to stand'"

# Where a walk could not go on because of the environment, that is said.
cat >other.lua <<'LUA'
procedure({
  title = "Other",
  uses = { cache = "redis.cache", engine = "docker.engine?" },
  run = function(_, use)
    step("Ask", function() use.cache:ping() end)
  end,
})
LUA
expect 0 '^missing +redis.cache: environment local does not name it: choose another with --env$' "$belay" show other
once '^missing'

# Titles stand below one another.
expect 0 '^  first  +high  First$' "$belay" list
once '^  second +low   Second$'

# A walk needs no value for a parameter.
expect 0 'operation touch 1  \[change\]' "$belay" show first
once 'check +is there'
expect 2 "needs the parameter 'token' .*--set-file token=" "$belay" run first --set where=x

# A dry run: lines of a value stand on one line, an answer is said once, and what only a planned
# change would make true is not counted as passed.
echo invented-token-0815 >"$work/token"
expect 1 'lines +one two  must match' "$belay" run first --dry-run --set "where=$work/made" --set-file "token=$work/token"
once 'Which\?'
once 'is there +- +must be true, assumed: follows planned #1'
once 'checks    1 passed, 0 warned, 1 failed, 1 assumed'
once '^0 changes reached a server; planned: 1 \(0 destroys\); refused: 0$'
expect 0 'fail: nothing: nothing \(must be true\)' "$belay" log last --kind check
expect 0 '1 passed, 0 warned, 1 failed, 1 assumed, 0 changed' "$belay" log last --kind run_ended
expect 2 "no kind of event is called 'decisio': did you mean 'decision'" "$belay" log last --kind decisio

# What was refused, and why, is said once each.
expect 5 'refused change file: write /nowhere' "$belay" run refused
once 'may only observe'

# What a review asks: options count as in a runbook, and what is none is said.
ask() { echo "$2" | "$belay" classify "$1"; }
expect 0 '"class":"destroy"' ask exec '{"id": 1, "argv": ["cat", "/etc/hostname"]}'
expect 0 '"class":"observe".*sandbox' ask exec '{"id": 1, "argv": ["cat", "/etc/hostname"], "reads": true}'
expect 2 "unknown option 'readss': did you mean 'reads'" ask exec '{"id": 1, "argv": ["cat", "x"], "readss": true}'
expect 0 '"class":"observe"' ask sql '{"id": 1, "sql": "select 1", "params": [], "rows": 5}'

# Messages say what to write.
expect 1 "unknown name 'file': write local file = require\(\"file\"\) first" "$belay" eval 'file.read("x")'
expect 1 "unknown name 'redis': name a connection in .uses." "$belay" eval 'redis.cache'
expect 2 "'undo' must be a function or a string" "$belay" run undo
echo 'environment({ exec = { touch = {} } })' >environments/wrong.lua
expect 2 "field 'class' is missing: it must be one of change, destroy" "$belay" validate --env wrong
echo 'environment({ exec = { touch = { class = "look" } } })' >environments/wrong.lua
expect 2 "field 'class' must be one of change, destroy, not 'look'" "$belay" validate --env wrong

echo "newcomer: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
