#!/bin/sh
# The verbs runs, log and verify, and what a run says when its state folder, disk or lease fails it.
set -u
belay=$1
work=$(mktemp -d /tmp/belay.journal.XXXXXX) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# expect STATUS TEXT: the command before left this status in $status, its output holds the text.
expect() {
    if [ "$status" -ne "$1" ] || ! grep -qF -- "$2" "$work/out"; then
        echo "FAILED: $what: exit $status instead of $1, or no '$2' in:"
        cat "$work/out"
        failed=1
    fi
}

# set_environment STATE: the project's environment.
set_environment() {
    printf 'environment({ state = "%s", http = { app = { url = "http://127.0.0.1:1" } } })\n' "$1" \
        >"$work/project/environments/box.lua"
}

# belay_in STATE WORDS…: runs belay in the project with that state folder.
belay_in() {
    set_environment "$1"
    shift
    what="belay $*"
    (cd "$work/project" && exec "$belay" "$@") >"$work/out" 2>&1 </dev/null
    status=$?
}

mkdir -p "$work/project/environments"
echo 'project({ environment = "box" })' >"$work/project/belay.lua"
cat >"$work/project/quick.lua" <<'END'
procedure({
  title = "Quick",
  run = function()
    step("Count", function()
      check("queue depth", 12000, "messages"):at_most(10000)
    end)
  end,
})
END
cat >"$work/project/slow.lua" <<'END'
local time = require("time")

procedure({
  title = "Slow",
  run = function()
    step("Sleep long", function()
      time.sleep(60)
    end)
  end,
})
END
cat >"$work/project/many.lua" <<'END'
local time = require("time")

procedure({
  title = "Many",
  run = function()
    for i = 1, 3000 do
      note(("note %d says something of which there is a lot"):format(i))
      time.now()
    end
  end,
})
END
cat >"$work/project/all.lua" <<'END'
local time = require("time")

procedure({
  title = "All kinds of events",
  uses = { app = "http.app" },
  may = { app = "change" },
  run = function(p, use)
    note("begins")
    confirm("Shall it begin?", { why = "to see" })
    choose("Which one?", { { "this", run = function() end }, { "that", run = function() end } })
    ask("How many?", param.integer({ default = 3 }))
    manual("Look at the lamp", { evidence = "text" })
    step("Look", { why = "to see", covers = { "R001" }, run = function()
      evidence("a number", 3)
      check("three", 3, "items"):at_most(3)
      decide("is it three?", true)
      parallel({ one = function() time.now() end, two = function() time.now() end })
      wait_until("a moment", { timeout = 5, every = 0.01 }, function() return true end)
    end })
    try(function() return use.app:get("/health") end)
    step("Change", { undo = "none", run = function()
      use.app:post("/orders", { body = "x" })
      check("orders", 1):at_least(1)
    end })
    done("well")
  end,
})
END
state=$work/state

belay_in "$state" runs
expect 0 "no runs in $state yet"
belay_in "$state" run quick
expect 1 "12,000 messages"
belay_in "$state" run quick --dry-run
expect 1 "0 changes reached a server; planned: 0 (0 destroys); refused: 0"
belay_in "$state" runs
expect 0 "failed (1)"
belay_in "$state" runs --format json --last 1
expect 0 '"world":"dry"'
belay_in "$state" log last --kind check
expect 0 "fail: queue depth: 12,000 messages"
belay_in "$state" log last --full
expect 0 '"verdict": "fail"'
belay_in "$state" log last --format junit
expect 0 '<failure type="check"'
belay_in "$state" log nothing
expect 2 "there is no run 'nothing'"
belay_in "$state" verify
expect 0 "sound"

# Every event that a run writes is in the reference, field by field.
belay_in "$state" run all --dry-run
expect 0 "planned: 1"
belay_in "$state" log last --format json
lua5.4 tests/lint/events.lua run_started file_loaded step_started step_ended observe planned check \
    decision note evidence gate_assumed branch_started branch_ended wait_started wait_ended "done" run_ended \
    <"$work/out" || failed=1
belay_in "$state" run all
expect 3 "nobody answered"
belay_in "$state" log last --format json
lua5.4 tests/lint/events.lua gate_opened gate_answered <"$work/out" || failed=1

# One flipped byte.
file=$(grep -l 'queue depth' "$state"/runs/*.belay | head -n 1)
chmod 600 "$file"
at=$(grep -abo 'queue depth' "$file" | head -n 1 | cut -d : -f 1)
printf 'Q' | dd of="$file" bs=1 seek="$at" conv=notrunc 2>/dev/null
belay_in "$state" verify "$(basename "$file" .belay)"
expect 1 "(check) was altered"
belay_in "$state" verify "$file"
expect 1 "(check) was altered"
rm -f "$file"
belay_in "$state" verify
expect 1 "its file is gone"
rm -rf "$state"

# The same procedure twice, and a run that is killed.
set_environment "$state"
(cd "$work/project" && exec "$belay" run slow) >"$work/first" 2>&1 </dev/null &
first=$!
tries=0
until grep -qs '"run"' "$state"/leases/slow@box.lock || [ $tries -ge 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
done
sleep 0.3
belay_in "$state" run slow
expect 1 "slow is already running in box"
expect 1 'at step "Sleep long"'
belay_in "$state" runs
expect 0 "running"
belay_in "$state" verify
expect 0 "the run goes on"
kill -9 $first
wait $first 2>/dev/null
belay_in "$state" runs
expect 0 "cut off"
belay_in "$state" verify
expect 0 "it was cut off"

# as_nobody STATE WORDS…: like belay_in, without root's rights.
as_nobody() {
    set_environment "$1"
    shift
    what="belay $*, as nobody"
    without=""
    [ "$(id -u)" -ne 0 ] || without="setpriv --reuid=65534 --regid=65534 --clear-groups"
    # shellcheck disable=SC2086 # words
    (cd "$work/project" && exec $without "$belay" "$@") >"$work/out" 2>&1 </dev/null
    status=$?
}
chmod 755 "$work" "$work/project"

# A state folder that cannot be used.
touch "$work/file"
belay_in "$work/file" run quick
expect 1 "state folder $work/file: Not a directory"
belay_in "$work/file" runs
expect 1 "state folder $work/file: Not a directory"
mkdir "$work/shut"
chmod 0 "$work/shut"
as_nobody "$work/shut" run quick
expect 1 "state folder $work/shut: Permission denied: it is shared by giving it to a group"

# One that may be read and not written, with and without its index.
belay_in "$work/read" run quick
chmod -R a+rX,a-w "$work/read"
as_nobody "$work/read" runs
expect 0 "failed (1)"
as_nobody "$work/read" verify
expect 0 "as noted by the index"
chmod u+w "$work/read"
rm -f "$work/read/index.db"
chmod a-w "$work/read"
as_nobody "$work/read" runs
expect 0 "failed (1)"
as_nobody "$work/read" run quick
expect 1 "Permission denied"
chmod -R u+rwX "$work/read"

# A disk that is full, in the middle of a run: the journal holds what was there before.
what="belay run many, files of at most 200 KiB"
set_environment "$state"
(cd "$work/project" && ulimit -f 400 && exec "$belay" run many) >"$work/out" 2>&1 </dev/null
status=$?
expect 1 "no space left: free some and start again"
belay_in "$state" verify last
expect 0 "events are as they were written"

[ $failed -eq 0 ] && echo "journal: runs, log, verify and the failures of a state folder are well"
exit $failed
