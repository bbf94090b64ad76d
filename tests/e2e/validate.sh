#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# validate.sh: `belay validate` finds each kind of mistake, with file and line, and is silent about good projects. Usage: validate.sh BELAY
set -uo pipefail
belay=$(readlink -f "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-validate.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

mkdir -p "$work/environments" "$work/sub"
cd "$work" || exit 1
echo 'project({ name = "mistakes" })' >belay.lua
echo 'environment({ http = { web = { url = "http://127.0.0.1:1" } }, redis = { cache = { url = "redis://127.0.0.1:1" } } })' >environments/good.lua

# procedure FILE BODY: a procedure whose body is this line, its 5th.
procedure() {
    cat >"$1" <<LUA
procedure({
  title = "$1",
  uses = { web = "http.web", cache = "redis.cache" },
  params = { limit = param.bytes({ default = "1KB" }) }, run = function(p, use)
    $2
  end,
})
LUA
}

# finds FILE LINE PATTERN: one error at that place, and exit 2.
finds() {
    local status=0
    "$belay" validate "$1" --project . >out 2>err || status=$?
    if [ "$status" -eq 2 ] && grep -qE "^$1:$2: error: .*$3" out; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1: exit $status, wanted $1:$2 with: $3"
        cat out err
    fi
}

procedure good.lua 'step("Ask", function() check("status", use.web:get("/").status):equals(200) end)'
procedure name.lua 'step("Name", function() checc("x", 1):at_most(2) end)'
finds name.lua 5 "unknown name 'checc': did you mean 'check'"
procedure operation.lua 'step("Operation", function() use.web:gett("/") end)'
finds operation.lua 5 "has no 'gett'.*did you mean 'get'"
procedure connection.lua 'step("Connection", function() use.wbe:get("/") end)'
finds connection.lua 5 "has no 'wbe'"
procedure option.lua 'step("Option", function() use.web:get("/", { timeuot = 5 }) end)'
finds option.lua 5 "http.web.get: unknown option 'timeuot': did you mean 'timeout'"
procedure type.lua 'step("Type", function() use.web:get(42) end)'
finds type.lua 5 "argument 'path' must be"
procedure missing.lua 'step("Missing", function() use.cache:get() end)'
finds missing.lua 5 "argument 'key' is missing"
procedure parameter.lua 'step("Parameter", function() check("x", 1):at_most(p.limits) end)'
finds parameter.lua 5 "has no 'limits'"
procedure limitless.lua 'step("Limitless", function() check("x", 1) end)'
finds limitless.lua '[0-9]+' "check 'x' was made without a limit"
procedure called.lua 'call("no.such")'
finds called.lua 5 "no.such"
procedure permission.lua 'step("Permission", function() use.cache:set("a", "b") end)'
finds permission.lua 5 "declare it with may"
procedure global.lua 'counter = 1'
finds global.lua 5 "counter"
echo 'procedure({ title = "x", run = function( end })' >syntax.lua
finds syntax.lua 1 "near"
echo 'procedure({ titlle = "x", run = function() end })' >field.lua
finds field.lua 1 "unknown field 'titlle'"
echo 'procedure({ title = "x", params = { a = param.bytes({ default = "much" }) }, run = function() end })' >default.lua
finds default.lua 1 "'much' is not a size"
echo 'procedure({ title = "x", uses = { b = "amqp.broker" }, run = function() end })' >uses.lua
finds uses.lua 1 "uses amqp.broker, which environment good does not name"
echo 'local x = require("nosuch")' >required.lua
finds required.lua 1 "no module 'nosuch'"
echo 'environment({ redis = { cache = { ulr = "redis://127.0.0.1" } } })' >environments/bad.lua
finds environments/bad.lua 1 "redis.cache: unknown setting 'ulr': did you mean 'url'"
rm environments/bad.lua

procedure sub/one.lua 'step("One", { covers = { "R001" }, run = function() end })'
procedure sub/two.lua 'step("Two", { covers = { "R001" }, run = function() end })'
"$belay" validate sub --project . >out 2>/dev/null
status=$?
if [ "$status" -eq 0 ] && grep -q "sub/two.lua:1: warning: R001 is covered by sub.one already" out; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "FAIL covers: exit $status"
    cat out
fi

# silent WHAT WORDS…: no finding and exit 0.
silent() {
    local what=$1
    shift
    if "$belay" validate "$@" >out 2>err && [ ! -s out ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
        cat out err
    fi
}
silent "a good procedure" good.lua --project .
silent "the runbooks of MasterTrade" --project "$root/runbooks/mastertrade"

# writes FORMAT PATTERN: the findings in that format.
writes() {
    "$belay" validate name.lua --project . --format "$1" >out 2>err
    if grep -q -- "$2" out; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL format $1"
        cat out err
    fi
}
writes json '"rule":"body","severity":"error"'
writes junit '<failure message="unknown name &#39;checc&#39;'

# says EXIT PATTERN WORDS…: this exit code of validate, and the pattern in what it said.
says() {
    local wanted=$1 pattern=$2 status=0
    shift 2
    "$belay" validate "$@" >out 2>&1 || status=$?
    if [ "$status" -eq "$wanted" ] && grep -qE -- "$pattern" out; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL exit $status (wanted $wanted with '$pattern'): validate $*"
        cat out
    fi
}

# A path that holds nothing is a mistake: in CI it would pass for ever.
says 2 "there is no nowhere in $work" nowhere --project .
says 2 "/ is not in the project $work" / --project .
mkdir empty
says 2 "empty holds no runbook" empty --project .
says 0 "1 file: 0 errors" ./good.lua --project .
says 0 "1 file: 0 errors" "$work/good.lua" --project .
says 0 "2 files: 0 errors" sub/ --project .
says 0 "1 file: 0 errors" environments --project .

# An environment that is named is the only one that counts; else a message names the one it means.
mkdir more more/environments
cd more || exit 1
echo 'project({ name = "more" })' >belay.lua
echo 'environment({})' >environments/alone.lua
echo 'environment({ redis = { cache = { url = "redis://127.0.0.1:1" } }, exec = { touch = { class = "change" } } })' >environments/whole.lua
cat >both.lua <<'LUA'
local exec = require("exec")
procedure({
  title = "Both",
  uses = { cache = "redis.cache" },
  may = { ["exec.touch"] = "change" },
  params = { kind = param.choice({ choices = { "one", "two" } }), days = param.integer({ min = 3 }) },
  run = function(p, use)
    step("Touch", function()
      check("days", p.days):at_least(3)
      exec.run({ "touch", p.kind })
      use.cache:gett()
    end)
  end,
})
LUA
says 2 "both.lua:1: warning: uses redis.cache, which environment alone does not name" both.lua
says 2 "both.lua:11: error: .*gett" both.lua
says 2 "both.lua:11: error: .*gett" both.lua --env whole
says 2 "both.lua:1: error: uses redis.cache, which environment alone does not name" both.lua --env alone
says 2 "both.lua:10: error: exec.touch: .*, in environment alone " both.lua --env alone
says 2 "no environment 'hole': .*there are: alone, whole" both.lua --env hole
if ! grep -q "1 warning" <("$belay" validate both.lua --env whole 2>&1); then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "FAIL --env: another environment counts too"
fi
cd ..

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
