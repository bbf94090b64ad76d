#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# disk.sh: each write and each sync of a run's state folder fails in turn, in five ways: never a change after a failed intent, always a journal that proves itself, and a run that can go on. With `again` the calls of a run that goes on. Usage: disk.sh BELAY SHIM run|again [KIND…]
set -uo pipefail
belay=$(readlink -f "$1")
shim=$(readlink -f "$2")
mode=$3
shift 3
kinds=${*:-full io short torn sync}
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-disk.XXXXXX")
redis=""
faults=0
failed=0
ended() {
    [ -z "$redis" ] || kill "$redis" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap ended EXIT
trap 'exit 1' INT TERM
export CI=true
changes=6
# With sanitizers their run-time would be the first library.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"

for try in 1 2 3 4 5 6 7 8 9; do
    port=$((20000 + (RANDOM + try) % 12000))
    redis-server --port "$port" --bind 127.0.0.1 --dir "$work" --save "" >"$work/redis.log" 2>&1 &
    redis=$!
    for _ in $(seq 100); do
        redis-cli -p "$port" ping 2>/dev/null | grep -q PONG && break 2
        kill -0 $redis 2>/dev/null || break
        sleep 0.05
    done
done

mkdir -p "$work/project/environments"
echo 'project({ environment = "box" })' >"$work/project/belay.lua"
cat >"$work/project/environments/box.lua" <<END
environment({
  state = "$work/state",
  policy = { change = "free" },
  redis = { cache = { url = "redis://127.0.0.1:$port" } },
  exec = { sh = { class = "change" } },
})
END
cat >"$work/project/six.lua" <<END
local exec = require("exec")
local file = require("file")

procedure({
  title = "Six changes, none of which may be made twice",
  uses = { cache = "redis.cache" },
  may = { ["file"] = "change", ["exec.sh"] = "change", cache = "change" },
  run = function(p, use)
    for i = 1, 2 do
      step("Write line " .. i, { undo = "none", run = function()
        file.append("$work/ledger", "f")
      end })
      step("Run command " .. i, { undo = "none", run = function()
        exec.run({ "sh", "-c", "printf x >> $work/ledger" })
      end })
      step("Count " .. i, { undo = "none", run = function()
        use.cache:command({ "INCR", "orders" })
      end })
    end
  end,
})
END

# What the systems hold now: how many of the six changes were made.
made() {
    local lines=0
    [ ! -f "$work/ledger" ] || lines=$(stat -c %s "$work/ledger")
    echo $((lines + $(redis-cli -p "$port" get orders | grep . || echo 0)))
}

fail() {
    echo "FAILED: $kind at call $at: $1"
    sed 's/^/    /' "$work/out" "$work/log"
    failed=$((failed + 1))
}

# faulty KIND AT WORDS…: runs belay with that fault; $status, $work/out, $work/log.
faulty() {
    local kind=$1 at=$2
    shift 2
    : >"$work/log"
    (cd "$work/project" && exec timeout 20 env LD_PRELOAD="$shim" DISK_FOLDER="$work/state" DISK_AT="$at" DISK_KIND="$kind" \
        DISK_LOG="$work/log" DISK_LEDGER="$work/ledger" "$belay" "$@") >"$work/out" 2>&1 </dev/null
    status=$?
}

in_project() {
    (cd "$work/project" && timeout 20 "$belay" "$@") </dev/null 2>&1
}

counted=0 # what Redis had counted before this process began
fresh() {
    rm -rf "$work/state" "$work/ledger"
    mkdir "$work/state"
    redis-cli -p "$port" del orders >/dev/null
}

# What a faulty run has to say: what happened, where, and what to do.
check_message() {
    local wanted="check the disk"
    case $kind in full | short) wanted="no space left: free some" ;; esac
    grep -q '^fault.*-shm ' "$work/log" && wanted="disk" # SQLite does not say why
    # 1: the journal failed; 7: and what became of the change before, nobody could write down
    [ $status -eq 1 ] || [ $status -eq 7 ] || fail "exit $status instead of 1 or 7"
    { grep -q "$wanted" "$work/out" && grep -q "$work/state" "$work/out"; } || fail "no '$wanted' with a path"
}

# After the first failure of the log itself (not of its empty room) no change may be made.
check_changes() {
    local before after
    before=$(grep -m1 -E '^fault [0-9]+ [a-z0-9]+ [^ ]*\.belay(-wal|-new|-new-journal)? ' "$work/log" | awk '{ print $NF }')
    after=$(made)
    if [ $status -eq 0 ]; then
        [ "$after" -eq $changes ] || fail "exit 0, but $after of $changes changes were made"
    elif [ -n "$before" ] && [ "$after" -ne $((before + counted)) ]; then
        fail "$after changes were made, $((before + counted)) before the failure"
    fi
}

check_journal() {
    in_project verify >"$work/verified" || {
        fail "the journal is not sound:"
        cat "$work/verified"
    }
}

# Goes on with the run, if it ever began: then all is done, and nothing twice.
check_resume() {
    local run before
    run=$(in_project runs --format json --last 1 | grep -o '"run":"[^"]*"' | cut -d '"' -f 4)
    before=$(made)
    if [ -z "$run" ] || ! in_project log "$run" --format json | grep -q '"kind":"run_started"'; then
        [ "$before" -eq 0 ] || fail "$before changes without a run"
        return
    fi
    in_project resume "$run" >"$work/out"
    status=$?
    case $status in
    0) [ "$(made)" -eq $changes ] || fail "resumed, and $(made) of $changes changes are made" ;;
    7)
        grep -q "in doubt" "$work/out" || fail "exit 7 names no doubt"
        [ "$(made)" -eq "$before" ] || fail "a change was made in doubt"
        ;;
    2) # its last words are on disk, and only its end failed
        if ! grep -q "has come to its end" "$work/out" || [ "$before" -ne $changes ]; then
            fail "resume: exit 2"
        fi
        ;;
    *) fail "resume: exit $status" ;;
    esac
    check_journal
}

# each WORDS…: for every kind and call, what `prepare` makes, that fault, and all checks.
each() {
    local calls
    kind=none at=0
    prepare
    faulty none 0 "$@"
    calls=$(sed -n 's/^calls //p' "$work/log")
    if [ $status -ne 0 ] || [ "$(made)" -ne $changes ] || [ "${calls:-0}" -le 30 ]; then
        fail "without a fault"
    fi
    for kind in $kinds; do
        for ((at = 1; at <= calls + 3; at++)); do
            prepare
            faulty "$kind" "$at" "$@"
            grep -q ^fault "$work/log" || continue
            faults=$((faults + 1))
            [ $status -eq 0 ] || check_message
            check_changes
            check_journal
            [ $status -eq 0 ] || check_resume
            [ $failed -lt 10 ] || exit 1
        done
    done
}

# A run that stopped in its middle: `full` leaves its log beside it, `io` seals it.
stop_in_the_middle() {
    kind=$1
    for ((at = 100; at < 160; at++)); do
        fresh
        faulty "$kind" "$at" run six
        [ $status -eq 1 ] && [ "$(made)" -eq 3 ] &&
            [ "$(in_project log last --kind outcome | grep -c '#3 answered')" -eq 1 ] && break
    done
    rm -rf "$work/kept" "$work/kept.ledger"
    cp -a "$work/state" "$work/kept"
    cp -a "$work/ledger" "$work/kept.ledger"
    counted=$(redis-cli -p "$port" get orders)
    run=$(basename "$work"/state/runs/*.belay .belay)
}

put_back() {
    rm -rf "$work/state" "$work/ledger"
    cp -a "$work/kept" "$work/state"
    cp -a "$work/kept.ledger" "$work/ledger"
    redis-cli -p "$port" set orders "$counted" >/dev/null
}

case $mode in
run)
    prepare() { fresh; }
    each run six
    ;;
again)
    prepare() { put_back; }
    for end in io full; do
        stop_in_the_middle $end
        each resume "$run"
    done
    ;;
esac
echo "$faults faults, $failed failed"
[ $faults -ge 25 ] && [ $failed -eq 0 ]
