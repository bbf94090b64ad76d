#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# bad_input.sh: what is wrong is said in one line with what to do, the right exit code, and a sound journal. Usage: bad_input.sh BELAY
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-bad.XXXXXX")
chmod 755 "$work"
trap 'umount "$work/small" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
passed=0
failed=0
skipped=0
export CI=true

mkdir -p "$work/project/environments" "$work/state"
cd "$work/project" || exit 1
echo 'project({ name = "bad", environment = "local" })' >belay.lua
echo "environment({ state = \"$work/state\", exec = { touch = { class = \"change\" } }, policy = { change = \"free\" } })" >environments/local.lua
cat >good.lua <<'LUA'
procedure({
  title = "Good",
  params = { limit = param.bytes({ default = "1KB" }), name = param.string({ default = "x" }) },
  run = function(p)
    step("Measure", function()
      check("size", 5, "bytes"):at_most(p.limit)
    end)
  end,
})
LUA
echo 'procedure({ title = "Broken", run = function( end })' >syntax.lua
cat >argument.lua <<'LUA'
local time = require("time")
procedure({
  title = "Argument",
  run = function()
    step("Wait", function()
      time.sleep("soon")
    end)
  end,
})
LUA
cat >nested.lua <<'LUA'
procedure({
  title = "Nested",
  run = function()
    local function inner()
      fail("deep down")
    end
    step("Outer", {
      why = "indeed",
      run = function()
        step("Inner", { why = "inside", run = inner })
      end,
    })
  end,
})
LUA
cat >slow.lua <<'LUA'
local time = require("time")
procedure({
  title = "Slow",
  run = function()
    step("Wait", function()
      time.sleep(30)
    end)
  end,
})
LUA
cat >changes.lua <<LUA
procedure({
  title = "Changes",
  may = { ["exec.touch"] = "change" },
  run = function()
    for n = 1, 5000 do
      note(string.rep("filler ", 200))
      require("exec").run({ "touch", "$work/done/" .. n })
    end
  end,
})
LUA
mkdir "$work/done"
chmod -R a+rX .

# expect WHAT STATUS PATTERN COMMAND…: exit code, and one line on stderr that the pattern finds.
expect() {
    local what=$1 wanted=$2 pattern=$3 status=0
    shift 3
    "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
    if [ "$status" -eq "$wanted" ] && [ "$(grep -cE -- "$pattern" "$work/err")" -eq 1 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what: exit $status, wanted $wanted and one line with: $pattern"
        head -c 2000 "$work/err"
    fi
}

# counts WHAT HOW_MANY PATTERN: lines on stdout of the last command.
counts() {
    local found
    found=$(grep -cE -- "$3" "$work/out")
    if [ "$found" -eq "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1: $found lines with $3, wanted $2"
        head -c 2000 "$work/out"
    fi
}

sound() {
    if "$belay" verify last "${@:2}" | grep -q ': sound'; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1: the journal is not sound"
    fi
}

expect "no verb" 2 'usage: belay VERB' "$belay"
expect "unknown verb" 2 "no verb 'rnu': did you mean 'run'" "$belay" rnu
expect "unknown option" 2 'unknown option --dry: ' "$belay" run good --dry
expect "unknown procedure" 2 "no procedure 'godo': did you mean 'good'" "$belay" run godo
expect "unknown parameter" 2 "good has no parameter 'limt': did you mean 'limit'" "$belay" run good --set limt=3
expect "parameter of a wrong type" 2 "parameter 'limit': 'much' is not a size" "$belay" run good --set limit=much
expect "parameter without a value" 2 "write --set name=value" "$belay" run good --set limit
expect "parameter file that is not there" 2 'set-file name: nowhere' "$belay" run good --set-file name=nowhere
head -c 1048577 /dev/zero | tr '\0' x >large.txt
expect "parameter file that is too large" 2 'set-file name: large.txt: larger than 1 MiB' "$belay" run good --set-file name=large.txt
expect "answers that are too large" 2 'answers large.txt: larger than 1 MiB' "$belay" run good --dry-run --answers large.txt
expect "text that is too large" 2 'eval --file large.txt: larger than 1 MiB' "$belay" eval --file large.txt
expect "a folder for a file" 2 'eval --file environments: Is a directory' "$belay" eval --file environments
expect "syntax error" 2 'syntax.lua:1: ' "$belay" run syntax
expect "wrong argument" 2 "exit 2" "$belay" run argument
counts "wrong argument: names argument, file and line, once" 1 "argument.lua:6: time.sleep: argument 'seconds': 'soon' is not a duration"
sound "wrong argument"
expect "a step inside a step" 1 "exit 1: a check or step failed" "$belay" run nested
counts "a step inside a step: said once" 1 'nested.lua:5: deep down'
counts "a step inside a step: each one's reason" 2 'why this step: in(side|deed)'
expect "an error of eval" 1 'exit 1: failed: the line above says why' "$belay" eval 'nosuch.field'
expect "text of eval that is no Lua" 2 'exit 2: wrong usage' "$belay" eval '1 +'
"$belay" show good >"$work/out" 2>&1
counts "show: no label without words" 0 '^(section|roles|tags|covers|uses|may) *$'
counts "show: its parameters" 1 '^parameters limit'
expect "missing environment" 2 "no environment 'prod': environments/prod.lua is not there; there are: local" "$belay" run good --env prod
expect "no project" 2 'no belay.lua here or above' env -C / "$belay" list
expect "project that is none" 2 'no belay.lua in it' "$belay" list --project /
expect "unknown run" 2 "nosuch" "$belay" log nosuch
mkfifo "$work/fifo"
for verb in verify log; do
    expect "$verb of a pipe" 2 'fifo is not a plain file' timeout 20 "$belay" $verb "$work/fifo"
    expect "$verb of a folder" 2 'is not a plain file' timeout 20 "$belay" $verb /
done
printf '1\0 + 1' >nul.txt
expect "a program with a NUL" 2 'nul.txt:1: unexpected symbol' "$belay" eval --file nul.txt
if [ "$("$belay" eval '"a\0b"' | od -An -c | tr -d ' \n')" = 'a\0b\n' ]; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
    echo "FAIL eval: a value is cut at its NUL"
fi
if script -qec "'$belay' eval '\"\\27[2J\"'" /dev/null </dev/null | grep -q "$(printf '\033')"; then
    failed=$((failed + 1))
    echo "FAIL eval: a value's control bytes reach the terminal"
else
    passed=$((passed + 1))
fi
expect "answers that are no JSON" 2 'answers .*good.lua: ' "$belay" run good --dry-run --answers good.lua
expect "unknown connection" 2 'uses redis.cache, which environment local does not name' \
    sh -c "printf 'procedure({ title = \"U\", uses = { c = \"redis.cache\" }, run = function() end })' >uses.lua; $belay run uses"

expect "a path for an id" 2 "no procedure 'sub/good': did you mean 'sub.good'" sh -c "mkdir -p sub; cp good.lua sub; $belay run sub/good"
rm -r sub
expect "relative state folder" 2 "field 'state' must be an absolute path" \
    sh -c "echo 'environment({ state = \"here\" })' >environments/relative.lua; $belay run good --env relative"
expect "two environments in a file" 2 'environments/twice.lua:1: environment: it is described already' \
    sh -c "echo 'environment({}) environment({})' >environments/twice.lua; $belay run good --env twice"
expect "tables in tables without end" 2 'environments/deep.lua: C stack overflow' \
    sh -c "printf 'environment(%0300d' 0 | tr 0 '{' >environments/deep.lua; $belay run good --env deep"

# Bounds of parameters hold for every type, and 0 is one.
cat >bounds.lua <<'LUA'
procedure({
  title = "Bounds",
  params = {
    count = param.integer({ min = 0, default = 1 }),
    share = param.number({ min = 0, max = 1, default = 0.5 }),
    pause = param.duration({ min = "1m", max = "2h", default = "5m" }),
    size = param.bytes({ max = "1MB", default = 1 }),
  },
  run = function() end,
})
LUA
expect "an integer below 0" 2 "parameter 'count' must be at least 0, not -5" "$belay" run bounds --set count=-5
expect "an integer that is too large" 2 "parameter 'count' must be an integer" "$belay" run bounds --set count=99999999999999999999
expect "a fraction above 1" 2 "parameter 'share' must be between 0 and 1, not 1.5" "$belay" run bounds --set share=1.5
expect "a duration below a minute" 2 "parameter 'pause' must be between 1m and 2h, not 30s" "$belay" run bounds --set pause=30s
expect "a size above a MiB" 2 "parameter 'size' must be at most 1MB, not 2MB" "$belay" run bounds --set size=2MB
expect "bounds that hold" 0 '^$' sh -c "$belay run bounds --set count=0 --set share=1 --set pause=90 --set size=1024KB; echo >&2"

# What a file says of its procedure: of the right type, one line, and no command to the terminal.
describes() {
    expect "$1" 2 "$2" sh -c "echo '$3' >'$4.lua'; $belay list"
    rm "$4.lua"
}
describes "a title with a control character" 'described.lua:1: procedure: a title is one line' 'procedure({ title = "\27[2J", run = print })' described
describes "no title of its own" 'described.lua:1: procedure: give it at least a title' 'procedure(setmetatable({}, { __index = { title = "x", run = print } }))' described
describes "roles that are no strings" "procedure: 'roles' must be a list of strings" 'procedure({ title = "x", roles = { 5 }, run = print })' described
describes "a parameter without a name" "params: '1' is no name" 'procedure({ title = "x", params = { param.string() }, run = print })' described
describes "a use without a name" 'uses.1 names a connection' 'procedure({ title = "x", uses = { "redis.cache" }, run = print })' described
describes "an error object while loading" 'described.lua:1: not today' 'fail("not today")' described
describes "a file name that is no id" 'a b.lua: a file of a project is named with letters' 'procedure({ title = "x", run = print })' 'a b'
printf 'procedure({ title = "X", section = "\\27[2J", summary = "\\27]0;x\\7", run = function() step("\\27c", print) end })\n' >escapes.lua
if { "$belay" list; "$belay" show escapes; } 2>&1 | grep -q "$(printf '\033')"; then
    failed=$((failed + 1))
    echo "FAIL escapes: list or show let a control byte through"
else
    passed=$((passed + 1))
fi

expect "state folder that is a file" 1 "$work/project/belay.lua" \
    sh -c "echo 'environment({ state = \"$work/project/belay.lua/state\" })' >environments/file.lua; $belay run good --env file"
if [ "$(id -u)" -eq 0 ]; then
    chmod 700 "$work/state"
    expect "state folder that may not be read" 1 "$work/state" setpriv --reuid nobody --regid nogroup --clear-groups "$belay" run good
    chmod 755 "$work/state"
else
    chmod 000 "$work/state"
    expect "state folder that may not be read" 1 "$work/state" "$belay" run good
    chmod 755 "$work/state"
fi

mkdir "$work/small"
if mount -t tmpfs -o size=1m tmpfs "$work/small" 2>/dev/null; then
    echo "environment({ state = \"$work/small/state\", exec = { touch = { class = \"change\" } }, policy = { change = \"free\" } })" >environments/small.lua
    expect "full disk" 1 'no (space|room)|full' "$belay" run changes --env small
    sound "full disk" --env small
    # Every change that was made is in the journal, and none came after it was full.
    intents=$("$belay" log last --env small --format json | grep -c '"kind":"intent"')
    files=$(find "$work/done" -type f | wc -l)
    if [ "$files" -le "$intents" ] && [ "$files" -gt 0 ] && [ "$files" -ge $((intents - 1)) ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL full disk: $intents intents, $files changes"
    fi
    umount "$work/small"
else
    skipped=$((skipped + 1))
    echo "SKIP full disk: a small file system cannot be mounted here"
fi

"$belay" run slow >"$work/first" 2>&1 &
first=$!
for _ in $(seq 100); do
    "$belay" runs 2>/dev/null | grep -q running && break
    sleep 0.05
done
expect "the same procedure started twice" 1 'slow.*local.*(since|pid)' "$belay" run slow
kill -INT "$first"
wait "$first"
status=$?
if [ "$status" -eq 130 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL SIGINT: exit $status"; fi
sound "interrupted"
"$belay" run slow >"$work/first" 2>&1 &
first=$!
for _ in $(seq 100); do
    "$belay" runs 2>/dev/null | grep -q running && break
    sleep 0.05
done
kill -TERM "$first"
wait "$first"
status=$?
if [ "$status" -eq 143 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL SIGTERM: exit $status"; fi

# wait_run COUNT: until there are that many journals.
wait_run() {
    for _ in $(seq 200); do
        [ "$(find "$work/state/runs" -name '*.belay' | wc -l)" -ge "$1" ] && return
        sleep 0.01
    done
}

# ended WHAT STATUS PID: the run ends so, in order: its journal has an end and nothing is left beside it.
ended() {
    local status=0
    wait "$3" || status=$?
    if [ "$status" -eq "$2" ] && [ -z "$(find "$work/state/runs" -type f ! -name '*.belay')" ] &&
        ! "$belay" verify last | grep -q 'cut off'; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1: exit $status, wanted $2"
        ls "$work/state/runs"
    fi
}

# A signal that comes before the run is ready for it, two of them, and one while a script only computes.
runs=$(find "$work/state/runs" -name '*.belay' | wc -l)
for signals in "INT" "TERM TERM" "HUP HUP"; do
    "$belay" run slow >"$work/first" 2>&1 &
    first=$!
    runs=$((runs + 1))
    wait_run "$runs"
    for signal in $signals; do kill "-$signal" "$first"; done
    case $signals in INT) wanted=130 ;; *) wanted=143 ;; esac
    ended "early $signals" "$wanted" "$first"
done
echo 'procedure({ title = "Busy", run = function() while true do end end })' >busy.lua
"$belay" run busy >"$work/first" 2>&1 &
first=$!
wait_run $((runs + 1))
sleep 0.2
kill -INT "$first"
ended "SIGINT of a script that only computes" 130 "$first"

# Under nohup a hang-up ends nothing.
sed 's/30/0.5/' slow.lua >short.lua
nohup "$belay" run short >"$work/first" 2>&1 &
first=$!
wait_run $((runs + 2))
sleep 0.2
kill -HUP "$first"
ended "SIGHUP under nohup" 0 "$first"

# A state folder that goes away takes the run with it, before its next change.
cat >moved.lua <<LUA
procedure({
  title = "Moved",
  may = { ["exec.touch"] = "change" },
  run = function()
    require("exec").run({ "touch", "$work/before" })
    require("time").sleep(0.6)
    require("exec").run({ "touch", "$work/after" })
  end,
})
LUA
echo "environment({ state = \"$work/moves\", exec = { touch = { class = \"change\" } }, policy = { change = \"free\" } })" >environments/moves.lua
(
    for _ in $(seq 200); do [ -e "$work/before" ] && break; sleep 0.02; done
    mv "$work/moves" "$work/elsewhere"
) &
expect "a state folder that was moved" 1 'is gone: it was moved or removed' "$belay" run moved --env moves
if [ -e "$work/after" ]; then
    failed=$((failed + 1))
    echo "FAIL a state folder that was moved: the next change was made"
else
    passed=$((passed + 1))
fi

# Closed streams, and streams that take nothing.
closed() {
    local status=0
    sh -c "\"$belay\" $2 $3" >"$work/out" 2>"$work/err" || status=$?
    if [ "$status" -eq "$1" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $2 $3: exit $status, wanted $1"
        cat "$work/err"
    fi
}
for streams in '<&-' '>&-' '2>&-' '<&- >&-' '<&- >&- 2>&-'; do
    for verb in 'run good' 'show good' 'log last' 'verify last' 'eval 1'; do closed 0 "$verb" "$streams"; done
done
sound "closed streams"
for verb in 'show good' 'verify last' 'eval 1'; do closed 1 "$verb" '>/dev/full'; done
expect "a report that cannot be written" 0 'the report ends here, it cannot be written: No space left' \
    sh -c "'$belay' run good --format json >/dev/full"

# A reader that goes away does not end a run.
"$belay" run good | head -n 1 >/dev/null
status=${PIPESTATUS[0]}
if [ "$status" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAIL broken pipe: exit $status"; fi

[ "$failed" -eq 0 ] || cat "$work/first"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
