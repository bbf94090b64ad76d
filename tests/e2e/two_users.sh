#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# two_users.sh: one user of the system runs, the other sees the run, is told what to do, answers its gate, and takes over once it is killed. Usage: two_users.sh BELAY
# shellcheck disable=SC2317 # functions are reached through trap
set -uo pipefail
belay=$(readlink -f "$1")
[ "$(id -u)" -eq 0 ] || {
    echo "skipped: only root can become two users"
    exit 77
}
# shellcheck source=tests/e2e/terminal.sh
. "$(dirname "$0")/terminal.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-users.XXXXXX")
failed=0
children=()
ended() {
    terminal_stop
    [ ${#children[@]} -eq 0 ] || kill -9 "${children[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap ended EXIT
trap 'exit 1' INT TERM
export CI=true
unset XDG_STATE_HOME
group=61000

# as USER WORDS…: runs belay in the project as that user of the group.
as() {
    local user=$1
    shift
    what="belay $* (as $user)"
    (cd "$work/project" && umask 027 && exec timeout 60 setpriv --reuid="$user" --regid="$user" --groups=$group \
        env HOME="$work/home.$user" "$belay" "$@") >"$work/out" 2>&1 </dev/null
    status=$?
}

expect() {
    local text
    if [ $status -ne "$1" ]; then
        echo "FAILED: $what: exit $status instead of $1:"
        cat "$work/out"
        failed=1
    fi
    shift
    for text in "$@"; do
        tr -s ' \n' ' ' <"$work/out" | grep -qF -- "$text" && continue
        echo "FAILED: $what: no '$text' in:"
        cat "$work/out"
        failed=1
    done
}

rosa=61001 otto=61002
mkdir -p "$work/project/environments" "$work/home.$rosa" "$work/home.$otto"
chown $rosa "$work/home.$rosa" && chown $otto "$work/home.$otto"
install -d -g $group -m 2770 "$work/state" "$work/made"
install -g $group -m 660 /dev/null "$work/made/changes"
chmod 755 "$work"
echo 'project({ environment = "box" })' >"$work/project/belay.lua"
cat >"$work/project/flush.lua" <<END
local file = require("file")
local time = require("time")

procedure({
  title = "Flush",
  may = { ["file"] = "change" },
  run = function()
    step("First", { undo = "none", run = function()
      file.append("$work/made/changes", "1")
    end })
    step("Second", { undo = "none", run = function()
      file.append("$work/made/changes", "2")
      if not file.stat("$work/made/go") then
        time.sleep(60)
      end
      file.append("$work/made/changes", "3")
    end })
  end,
})
END
printf 'environment({ state = "%s", policy = { change = "free" } })\n' "$work/state" >"$work/project/environments/box.lua"
printf 'environment({ policy = { change = "free" } })\n' >"$work/project/environments/private.lua"
cat >"$work/project/ask.lua" <<END
local file = require("file")

procedure({
  title = "Ask",
  may = { ["file"] = "change" },
  run = function()
    if confirm("Go there?") then
      file.append("$work/made/asked", "1")
    end
  end,
})
END
chmod -R a+rX "$work/project"

# Without a shared folder each has their own, and the message says how to share one.
as $rosa run flush --env private --dry-run
expect 0 "the environment names no \`state\`"
run=$(ls "$work/home.$rosa/.local/state/belay/runs")
as $otto log "${run%.belay}" --env private
expect 2 "there is no run '${run%.belay}'" "install -d -g GROUP -m 2770 /var/lib/belay"
as $otto runs --env private
expect 0 "no runs in" "this folder is your own" "install -d -g GROUP -m 2770"

# Rosa runs; otto sees it and cannot take it.
(cd "$work/project" && exec setpriv --reuid=$rosa --regid=$rosa --groups=$group \
    env HOME="$work/home.$rosa" "$belay" run flush) >"$work/rosa" 2>&1 </dev/null &
children=($!)
for _ in $(seq 200); do
    [ "$(cat "$work/made/changes" 2>/dev/null)" = 12 ] && break
    sleep 0.05
done
as $otto runs
expect 0 "running" "flush"
run=$(basename "$work"/state/runs/*.belay .belay)
as $otto log "$run"
expect 0 "Second"
as $otto verify "$run"
expect 0 "sound" "goes on"
as $otto run flush
expect 1 "flush is already running in box" "run $run" 'at step "Second"' "belay log $run"

# Rosa's process is killed: otto is told, and goes on from there.
kill -9 "${children[0]}"
wait "${children[0]}" 2>/dev/null
children=()
as $otto runs
expect 0 "cut off"
as $otto run flush --dry-run
expect 0
touch "$work/made/go"
as $otto run flush --dry-run
expect 0
as $otto resume "$run"
expect 0
[ "$(cat "$work/made/changes")" = 123 ] || {
    echo "FAILED: the changes made are $(cat "$work/made/changes"), not 123"
    failed=1
}
as $rosa verify "$run"
expect 0 "sound"
as $rosa runs
expect 0 "ok (0)"
as $rosa resume "$run"
expect 2 "$run has come to its end"

# The other way round: what stopped is named to whoever starts it again.
rm -f "$work/made/go"
(cd "$work/project" && exec setpriv --reuid=$otto --regid=$otto --groups=$group \
    env HOME="$work/home.$otto" "$belay" run flush) >"$work/otto" 2>&1 </dev/null &
children=($!)
for _ in $(seq 200); do
    [ "$(cat "$work/made/changes" 2>/dev/null)" = 12312 ] && break
    sleep 0.05
done
kill -9 "${children[0]}"
wait "${children[0]}" 2>/dev/null
children=()
run=$(basename "$(find "$work/state/runs" -name '*.lock')" .lock)
touch "$work/made/go"
as $rosa run flush
expect 0 "run $run of it" "was cut off at step \"Second\": belay resume $run"
as $rosa runs
expect 0 "cut off"

# Rosa waits at a gate in her terminal; otto answers it, and her run goes on by itself.
wait_for() {
    terminal_wait "$1" || failed=1
}
terminal_start 90 30
terminal_type "cd $work/project"
terminal_run "setpriv --reuid=$rosa --regid=$rosa --groups=$group env HOME=$work/home.$rosa $belay run ask"
wait_for 'Go on'
as $otto runs
expect 0 "running" "ask"
as $otto approve last
expect 0 "taken"
wait_for 'status=0'
terminal_has 'answered from elsewhere: yes' || failed=1
[ "$(cat "$work/made/asked")" = 1 ] || {
    echo "FAILED: the change that otto agreed to was not made once"
    failed=1
}
as $rosa log last
expect 0 "gate_answered"

[ $failed -eq 0 ] && echo "two users: one runs, the other sees it, answers its gate, is told what to do, and takes over"
exit $failed
