#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# resume.sh: runs that fail, are killed or stopped, and are taken up again or undone; asked of the files that they wrote.
# shellcheck disable=SC2317 # functions are reached through expect
set -u
# shellcheck source=tests/e2e/terminal.sh
. "$(dirname "$0")/terminal.sh"
belay=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-resume.XXXXXX")
trap 'terminal_stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
passed=0
failed=0
mkdir -p "$work/project/environments"
cd "$work/project" || exit 1
echo 'project({ name = "resume", environment = "local" })' >belay.lua
cat >environments/local.lua <<LUA
environment({
  state = "$work/state",
  policy = { change = "free" },
  exec = { sh = { class = "change" } },
})
LUA

expect() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
        cat "$work/said"
        "$belay" log last 2>&1 | tail -25
        [ ! -f "$work/out" ] || paste -sd ' ' "$work/out"
    fi
}

# procedure NAME BODY: put(word) appends a word to the file out, by a change that cannot be asked afterwards.
procedure() {
    cat >"$1.lua" <<LUA
local exec, file, time = require("exec"), require("file"), require("time")
local function put(word)
  exec.run({ "sh", "-c", "echo " .. word .. " >>$work/out" })
end
local function has(name)
  return try(file.read, "$work/" .. name) ~= nil
end
procedure({
  title = "Resume $1",
  may = { ["exec.sh"] = "change", file = "change" },
  run = function()
    $2
  end,
})
LUA
}

# says STATUS PATTERN COMMAND...: without a terminal.
says() {
    local status=$1 pattern=$2 got
    shift 2
    setsid timeout 60 "$@" >"$work/said" 2>&1 </dev/null
    got=$?
    echo "exit $got" >>"$work/said"
    [ "$got" = "$status" ] && grep -q -- "$pattern" "$work/said"
}

# wrote WORDS: the file holds these, in this order.
wrote() {
    [ "$(paste -sd ' ' "$work/out")" = "$1" ] || { echo "wrote: $(paste -sd ' ' "$work/out")"; return 1; }
}

fresh() {
    rm -f "$work/out" "$work"/flag*
    touch "$work/out" "$work/said"
}

sound() {
    "$belay" verify last >"$work/said" 2>&1
}

# ends STATUS: the run on the screen has ended with it.
ends() {
    terminal_wait 'status=[0-9]' && terminal_has "status=$1 "
}

# A failed step begins again: what it has done is not done twice, what it asks is asked anew.
procedure again 'local n = 0
    step("One", function() put("one") n = n + 1 end)
    step("Two", function()
      put("two")
      if not has("flag") then fail("no flag") end
      put("three")
    end)
    note("n is " .. n)'
fresh
expect "a failed step stops the run" says 1 'no flag' "$belay" run again
expect "and nothing behind it" wrote 'one two'
expect "taken up too early it fails again" says 1 'begins again, attempt 2' "$belay" resume last
expect "and does nothing twice" wrote 'one two'
touch "$work/flag"
expect "taken up again it ends well" says 0 'n is 1' "$belay" resume last
expect "with each change once" wrote 'one two three'
expect "an ended run has nothing left" says 2 'has come to its end' "$belay" resume last
expect "its journal is sound" sound

# The same call twice is two calls; an attempt before answers only as many as it made.
procedure twins 'step("Twins", function()
      put("twin")
      if has("flag") then put("twin") put("twin") end
      if not has("flag") then fail("one so far") end
    end)'
fresh
expect "twins: stops" says 1 'one so far' "$belay" run twins
touch "$work/flag"
expect "twins: goes on" says 0 'All is well' "$belay" resume last
expect "twins: three in all" wrote 'twin twin twin'

# What is caught is part of the run; a checklist goes on by itself.
procedure caught 'local ok = pcall(function() step("Tried", function() put("tried") fail("as it must") end) end)
    step("After", function() put(tostring(ok)) if not has("flag") then fail("stops here") end end)'
fresh
expect "a caught failure does not stop the run" says 1 'stops here' "$belay" run caught
touch "$work/flag"
expect "and is not begun again" says 1 'failed' "$belay" resume last
expect "caught: each once" wrote 'tried false'

# A runbook that changed: the entry and the line that differ, and the text that was kept.
procedure changed 'step("One", function() put("one") end)
    step("Two", function() put("two") fail("stop") end)'
fresh
expect "changed: stops" says 1 'stop' "$belay" run changed
sed -i 's/put("one")/put("uno")/; s/fail("stop")//' changed.lua
expect "changed: the entry and the line are named" says 2 'changed.lua:[0-9]*: the body asks for .*uno.*; the journal holds entry [0-9]* ' "$belay" resume last
expect "changed: nothing is sent" wrote 'one two'
expect "changed: the old text still fails" says 1 'stop' "$belay" resume last --old-source
expect "changed: and does nothing twice" wrote 'one two'
sed -i 's/put("uno")/put("one")/' changed.lua
expect "changed: what is the same so far goes on with the new text" says 0 'All is well' "$belay" resume last
expect "changed: each once" wrote 'one two'
expect "changed: the journal says which file" grep -q 'changed.lua' <("$belay" log last --full 2>/dev/null || "$belay" log last --format json)

# A run file with an event that is none: which file, and what to do next.
fresh
expect "damaged: stops" says 1 'no flag' "$belay" run again
run=$("$belay" runs --format json | head -1 | sed 's/.*"run":"\([^"]*\)".*/\1/')
file=$work/state/runs/$run.belay
cp "$file" "$work/kept"
chmod u+w "$file"
sqlite3 "$file" "DROP TRIGGER events_stay; UPDATE events SET data = '{' WHERE seq = 7"
expect "damaged: the file is named" says 2 "$run.belay is damaged: event 7 .*belay verify" "$belay" resume "$run"
cp "$work/kept" "$file"

# Secret parameters are in no journal: they are given once more, and nothing else is.
cat >secretly.lua <<LUA
local exec, file = require("exec"), require("file")
procedure({
  title = "Resume secretly",
  may = { ["exec.sh"] = "change" },
  params = { token = param.secret(), word = param.string({ default = "word" }) },
  run = function(given)
    step("Send", function()
      exec.run({ "sh", "-c", "echo " .. given.word .. " >>$work/out" }, { stdin = given.token })
      if try(file.read, "$work/flag") == nil then fail("no flag") end
    end)
  end,
})
LUA
echo an-invented-token >"$work/token"
fresh
expect "secretly: stops" says 1 'no flag' "$belay" run secretly --set-file token="$work/token"
touch "$work/flag"
expect "secretly: the secret is asked for" says 2 'give it with --set-file token' "$belay" resume last
expect "secretly: nothing else is" says 2 "only secrets" "$belay" resume last --set-file token="$work/token" --set-file word="$work/token"
expect "secretly: given again it goes on" says 0 'was done before' "$belay" resume last --set-file token="$work/token"
expect "secretly: once" wrote 'word'

# The text that was used last is the old one.
procedure edited 'step("One", function() put("one") end)
    step("Two", function() put("two") fail("first text") end)'
fresh
expect "edited: stops" says 1 'first text' "$belay" run edited
sed -i 's/first text/second text/' edited.lua
expect "edited: goes on with the second text" says 1 'second text' "$belay" resume last
sed -i 's/put("one")/put("uno")/' edited.lua
expect "edited: the third does not fit" says 2 'put\|uno' "$belay" resume last
expect "edited: the text used last does" says 1 'second text' "$belay" resume last --old-source
expect "edited: each once" wrote 'one two'

# Branches share variables: answers come back in the order in which they came.
procedure shared 'local order = {}
    parallel({
      a = function() time.sleep(0.2) order[#order + 1] = "a" end,
      b = function() time.sleep(0.1) order[#order + 1] = "b" end,
      c = function() time.sleep(0.3) order[#order + 1] = "c" end,
    })
    step("Use", function() put(table.concat(order)) if not has("flag") then fail("no flag") end end)
    note("order " .. table.concat(order))'
fresh
expect "shared: stops" says 1 'no flag' "$belay" run shared
touch "$work/flag"
expect "shared: the same order" says 0 'order bac' "$belay" resume last
expect "shared: once" wrote 'bac'

# Branches that ask the same at once: each hears its own answer again, though the first one to ask heard it last.
cat >"$work/server.pl" <<'PERL'
use IO::Socket::INET;
my $server = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
open(my $port, ">", "$ARGV[0]") or die;
print $port $server->sockport;
close($port);
$SIG{CHLD} = "IGNORE";
alarm(60);
for my $n (1 .. 2) {
    my $client = $server->accept or die;
    next if fork;
    while (my $line = <$client>) { last if $line =~ /^\r?\n$/; }
    select(undef, undef, undef, 0.5) if $n == 1;
    print $client "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n$n";
    exit;
}
PERL
perl "$work/server.pl" "$work/port" &
server=$!
for _ in $(seq 50); do
    [ ! -s "$work/port" ] || break
    sleep 0.1
done
cat >environments/asked.lua <<LUA
environment({
  state = "$work/state.asked",
  policy = { change = "free" },
  exec = { sh = { class = "change" } },
  http = { api = { url = "http://127.0.0.1:$(cat "$work/port")" } },
})
LUA
cat >asked.lua <<LUA
local exec, file = require("exec"), require("file")
procedure({
  title = "Resume asked",
  uses = { api = "http.api" },
  may = { ["exec.sh"] = "change" },
  run = function(_, use)
    local heard = each({ "a", "b" }, { at_once = 2 }, function() return use.api:get("/").body end)
    local text = table.concat(heard, "-")
    step("Use", function()
      exec.run({ "sh", "-c", "echo " .. text .. " >>$work/out" })
      if try(file.read, "$work/flag") == nil then fail("no flag") end
    end)
  end,
})
LUA
fresh
expect "asked: stops" says 1 'no flag' "$belay" run asked --env asked
kill "$server" 2>/dev/null
wait "$server" 2>/dev/null
touch "$work/flag"
expect "asked: each branch hears its own answer" says 0 'All is well' "$belay" resume last --env asked
expect "asked: once" [ "$(wc -l <"$work/out")" = 1 ]

# Killed and stopped.
procedure slow 'step("One", function() put("one") end)
    step("Wait", function() wait_until("the flag", { every = "50ms", timeout = "50s" }, function() return has("flag") end) end)
    step("Last", function() put("last") end)'
# background COMMAND...: runs it and waits until it has written its first word.
background() {
    setsid "$@" >"$work/said" 2>&1 </dev/null &
    pid=$!
    for _ in $(seq 100); do
        [ ! -s "$work/out" ] || return 0
        sleep 0.1
    done
    return 1
}
for signal in KILL TERM HUP; do
    fresh
    expect "$signal: runs" background "$belay" run slow
    kill -"$signal" "$pid"
    wait "$pid"
    status=$?
    case $signal in
    KILL) expect "$signal: is dead" [ "$status" = 137 ] ;;
    *) expect "$signal: says so" [ "$status" = 143 ] ;;
    esac
    touch "$work/flag"
    expect "$signal: is taken up again" says 0 'All is well' "$belay" resume last
    expect "$signal: each once" wrote 'one last'
    expect "$signal: a sound journal" sound
done
fresh
expect "a live run cannot be taken up" background "$belay" run slow
expect "who has it is said" says 1 'is already running' "$belay" resume last
expect "without a terminal it is not taken over" says 3 'with a typed word' "$belay" resume last --take-over
terminal_start 90 40
terminal_type "cd $work/project"
terminal_run "$belay resume last --take-over"
expect "take-over: who has it is said, and a word is asked for" terminal_wait 'Type slow to stop that run'
terminal_type 'yes'
expect "take-over: another word is a no" ends 4
expect "take-over: the other goes on" kill -0 "$pid"
terminal_run "$belay resume last --take-over"
terminal_wait 'Type slow to stop that run'
terminal_type 'slow'
wait "$pid"
expect "take-over: the other has stopped at a safe point" [ "$?" = 143 ]
touch "$work/flag"
expect "take-over: it goes on here" ends 0
expect "take-over: each once" wrote 'one last'

# A step that was not done in its time begins again, alone and beside others.
procedure late 'local function wait(name)
      return { timeout = "300ms", run = function()
        wait_until(name, { every = "50ms" }, function() return has("flag") end)
        put(name)
      end }
    end
    step("Late", wait("one"))
    parallel({ a = function() step("A", wait("two")) end, b = function() step("B", function() put("three") end) end })'
fresh
expect "late: its time is over" says 6 'did not end within its timeout' "$belay" run late
expect "late: again" says 6 'begins again, attempt 2' "$belay" resume last
touch "$work/flag"
expect "late: it begins again" says 0 'begins again, attempt 3' "$belay" resume last
expect "late: each once" [ "$(sort "$work/out" | paste -sd ' ')" = 'one three two' ]
expect "late: a sound journal" sound

# Undo: the last first, with what each step gave.
procedure undone 'step("One", { run = function() put("one") return 1 end, undo = function(n) put("un" .. n) end })
    step("Two", { run = function() put("two") return "b" end, undo = function(b) put("un" .. b) end })
    step("None", { run = function() put("none") end, undo = "none" })
    step("Four", { run = function() put("four") if not has("flag") then fail("no flag") end end,
      undo = function() put("never") end })'
fresh
expect "undone: stops" says 1 'no flag' "$belay" run undone
expect "what was done is undone, the last first" says 0 'Undo: One' "$belay" undo last
expect "completed steps only" wrote 'one two none four unb un1'
expect "what nothing undoes is named" grep -q 'not undone: None: it says: none' "$work/said"
expect "the run counts as undone" grep -q 'undone (0)' <("$belay" runs)
expect "what is undone is not undone again" says 0 'is undone' "$belay" undo last
expect "undone: nothing more" wrote 'one two none four unb un1'
expect "undone: a sound journal" sound
sed -i 's/put("unb")/put("unb")/; s/put("un" .. b)/if not has("flagu") then fail("stuck") end put("un" .. b)/' undone.lua
fresh
expect "an undo may fail" says 1 'no flag' "$belay" run undone
expect "and stops there" says 1 'stuck' "$belay" undo last
expect "with nothing undone behind it" wrote 'one two none four'
touch "$work/flagu"
expect "it is taken up again" says 0 'Undo: One' "$belay" resume last
expect "in its order" wrote 'one two none four unb un1'

procedure spoilt 'step("X", { run = function() end, undo = function() nowhere() end })'
expect "validate looks into what undoes a step" says 2 "unknown name 'nowhere'" "$belay" validate spoilt.lua
rm spoilt.lua

# An undo that stopped in its midst, and is asked for again: what it was at is not done yet.
rm -f "$work/flagu"
fresh
expect "undo again: stops" says 1 'no flag' "$belay" run undone
expect "undo again: the undo stops" says 1 'stuck' "$belay" undo last
expect "undo again: and again" says 1 'stuck' "$belay" undo last
touch "$work/flagu"
expect "undo again: it goes on" says 0 'Undo: One' "$belay" undo last
expect "undo again: nothing left out" wrote 'one two none four unb un1'
expect "undo again: a sound journal" sound

# A step inside one that begins again is done again, and undone once; so is one that is left out then.
procedure inside 'step("Outer", function()
      step("In", { run = function() put("in") end, undo = function() put("unin") end })
      if not has("flagleft") then
        step("In", { run = function() put("left") end, undo = function() put("unleft") end })
      end
      if not has("flag") then fail("no flag") end
    end)'
fresh
expect "inside: stops" says 1 'no flag' "$belay" run inside
expect "inside: begins again" says 1 'no flag' "$belay" resume last
expect "inside: undone" says 0 'Undo: Outer / In' "$belay" undo last
expect "inside: once" wrote 'in left unleft unin'
fresh
expect "left out: stops" says 1 'no flag' "$belay" run inside
touch "$work/flagleft" "$work/flag"
expect "left out: goes on" says 0 'begins again' "$belay" resume last
expect "left out: undone" says 0 'Undo: Outer / In' "$belay" undo last
expect "left out: once too" wrote 'in left unin unleft'

# In a terminal a failed step asks at once.
fresh
terminal_run "$belay run undone"
expect "a failed step asks" terminal_wait 'What now'
touch "$work/flag"
terminal_type 1
expect "retry goes on" ends 0
expect "retry: nothing twice" wrote 'one two none four'
fresh
terminal_run "$belay run undone"
terminal_wait 'What now'
terminal_type skip
expect "skip wants a reason" terminal_wait 'Why skip it'
terminal_type 'the flag is not needed today'
expect "skip goes on" ends 0
expect "skip: the reason is in the journal" grep -q 'not needed today' <("$belay" log last)
fresh
terminal_run "$belay run undone"
terminal_wait 'What now'
terminal_type 3
expect "abort ends it" ends 4
expect "abort: nothing undone" wrote 'one two none four'
touch "$work/flag"
terminal_run "$belay resume last"
expect "an aborted run can be taken up again" ends 0
fresh
touch "$work/flagu"
terminal_run "$belay run undone"
terminal_wait 'What now'
terminal_type 4
expect "abort and undo undoes" terminal_wait 'Undo: One'
expect "abort and undo ends it" ends 4
expect "abort and undo: the last first" wrote 'one two none four unb un1'

# The same question in two branches, opened again: each has its own answer, then and later.
procedure alike 'local function branch(name)
      return function() if confirm("Go on?") then put(name) end end
    end
    parallel({ a = branch("a"), b = branch("b") })
    step("End", function() if not has("flag") then fail("no flag") end end)'
fresh
expect "alike: nobody answers" says 3 'nobody answered' "$belay" run alike
terminal_run "$belay resume last"
terminal_wait 'Gate 3'
terminal_type yes
terminal_wait 'Gate 4'
terminal_type no
terminal_wait 'What now'
terminal_type 3
expect "alike: abort ends it" ends 4
touch "$work/flag"
expect "alike: each branch has its answer again" says 0 'All is well' "$belay" resume last
expect "alike: the yes only, once" wrote 'a'

# A change that did not reach what it was for is made anew only by the word redo.
procedure redo 'step("Start", { run = function() put("start") end,
      verify = function() return #(try(file.read, "'"$work"'/out") or "") > 8 end })'
fresh
terminal_run "$belay run redo"
terminal_wait 'What now'
terminal_type retry
expect "redo: retry looks again only" terminal_wait 'Gate 2'
expect "redo: retry sends nothing" wrote 'start'
terminal_type redo
expect "redo: ends well" ends 0
expect "redo: made anew" wrote 'start start'
expect "redo: a sound journal" sound
expect "redo: the run replays" says 2 'has come to its end' "$belay" resume last

# In doubt: a person says what became of a change that nobody can be asked about.
cat >doubt.lua <<LUA
local exec, file = require("exec"), require("file")
procedure({
  title = "Resume doubt",
  may = { ["exec.sh"] = "change" },
  run = function()
    step("Doubt", function()
      exec.run({ "sh", "-c", "echo one >>$work/out; sleep 2" }, { timeout = 0.5 })
    end)
    note("after it")
  end,
})
LUA
fresh
expect "doubt: without a terminal exit 7" says 7 'In doubt' "$belay" run doubt
expect "doubt: it is named" grep -q 'Was this done' "$work/said"
terminal_run "$belay resume last"
expect "doubt: a person is asked" terminal_wait 'Was this done'
terminal_type 'done'
expect "doubt: done goes on" ends 0
expect "doubt: and is not sent again" wrote 'one'

# Killed while a change was under way, and undone: what became of that change is still not known.
procedure unknown 'step("One", { run = function() put("one") end, undo = function() put("unone") end })
    step("Cut", function() exec.run({ "sh", "-c", "echo cut >>'"$work"'/out; sleep 2" }) end)'
fresh
expect "unknown: runs" background "$belay" run unknown
for _ in $(seq 100); do
    ! grep -q cut "$work/out" || break
    sleep 0.1
done
kill -KILL "$pid"
wait "$pid"
expect "unknown: the undo says that it is in doubt" says 7 'In doubt' "$belay" undo last
expect "unknown: so does the next one" says 7 'In doubt' "$belay" undo last
expect "unknown: what was done is undone" wrote 'one cut unone'

# A doubt outside of steps: nobody can say what became of it, and no resume sends it again.
procedure bare 'exec.run({ "sh", "-c", "echo bare >>'"$work"'/out; sleep 2" }, { timeout = 0.5 }) put("after")'
fresh
expect "bare: exit 7" says 7 'In doubt' "$belay" run bare
expect "bare: still, taken up again" says 7 'In doubt' "$belay" resume last
expect "bare: and once more" says 7 'In doubt' "$belay" resume last
expect "bare: not sent again" wrote 'bare'

fresh
terminal_run "$belay run doubt"
expect "doubt: asked at once in a terminal" terminal_wait 'Was this done'
terminal_type abort
expect "doubt: abort ends it, still in doubt" ends 7

echo "resume: $passed passed, $failed failed"
[ "$failed" = 0 ]
