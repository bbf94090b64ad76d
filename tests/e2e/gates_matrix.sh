#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_matrix.sh: every way not to answer × {confirm, typed, approval}: only the right answer changes the system (a file, a Redis). Usage: gates_matrix.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"
pids=()
trap 'terminal_stop; kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

start_redis() {
    local try
    for try in 1 2 3 4 5 6 7 8 9; do
        port=$((20000 + (RANDOM + try) % 12000))
        redis-server --port "$port" --bind 127.0.0.1 --dir "$work" --save "" >"$work/redis.log" 2>&1 &
        pids+=($!)
        for _ in $(seq 100); do
            grep -qE 'Address already in use|FATAL' "$work/redis.log" && break
            redis-cli -p "$port" ping 2>/dev/null | grep -q PONG && return 0
            sleep 0.05
        done
    done
    echo "no Redis started: $(cat "$work/redis.log")"
    exit 1
}
start_redis

keys=$work/keys
mkdir "$keys"
for person in alice carol stranger runner; do
    ssh-keygen -q -t ed25519 -N '' -C "$person" -f "$keys/$person"
done
for person in alice carol runner; do
    printf '%s %s\n' "$person" "$(cut -d' ' -f1,2 "$keys/$person.pub")"
done >allowed_signers

# policy NAME POLICY
policy() {
    cat >"environments/$1.lua" <<LUA
environment({
  state = "$work/state",
  policy = { $2 },
  signing = { key = "$keys/runner.pub" },
  redis = { cache = { url = "redis://127.0.0.1:$port" } },
  exec = { touch = { class = "change" } },
})
LUA
}
policy confirm 'change = "confirm"'
policy typed 'destroy = { typed = true }'
policy approval 'destroy = { typed = false, approvals = 2 }'
policy confirm_short 'change = { expires = "2s" }'
policy typed_short 'destroy = { typed = true, expires = "2s" }'
policy approval_short 'destroy = { typed = false, approvals = 2, expires = "2s" }'
policy confirm_two 'change = { approvals = 2 }'
policy typed_two 'destroy = { typed = true, approvals = 2 }'
policy approval_two 'destroy = { typed = false, approvals = 2 }'

# What each kind does, and the part of the system that shows whether it was done.
body() {
    case $1 in
    confirm) echo "exec.run({ \"touch\", \"$work/made/changed\" })" ;;
    typed) echo 'use.cache:flushdb()' ;;
    approval) echo "file.remove(\"$work/made/victim\")" ;;
    esac
}
book() { # book KIND COMMENT
    cat >"$1.lua" <<LUA
-- $2
local exec = require("exec")
local file = require("file")
local words = require("words")
procedure({
  title = words.title,
  uses = { cache = "redis.cache" },
  params = { size = param.integer({ default = 1 }) },
  may = { ["exec.touch"] = "change", file = "destroy", cache = "destroy" },
  run = function(p, use)
    step("Do it", { timeout = p.size > 100 and 2 or 60, run = function() $(body "$1") end })
  end,
})
LUA
}
module() {
    echo "return { title = \"$1\" }" >words.lua
}
module Matrix
for kind in confirm typed approval; do
    book "$kind" first
done

# done_by KIND: the system itself says so.
done_by() {
    case $1 in
    confirm) [ -e "$work/made/changed" ] ;;
    typed) [ "$(redis-cli -p "$port" dbsize)" = 0 ] ;;
    approval) [ ! -e "$work/made/victim" ] ;;
    esac
}
not_done_by() {
    ! done_by "$1"
}
prompt() {
    case $1 in
    confirm) echo 'Go on?' ;;
    typed | typed_two) echo 'Type redis.cache' ;;
    *) echo 'of 2 approvals. Type no' ;;
    esac
}
reset_system() {
    rm -rf "$work/made"
    mkdir "$work/made"
    touch "$work/made/victim"
    redis-cli -p "$port" mset a 1 b 2 c 3 >/dev/null
}
# begin KIND ENVIRONMENT WORDS: runs it in the terminal until its gate stands there.
begin() {
    reset_system
    terminal_run "$belay run $1 --env $2 ${*:3}"
    terminal_wait "$(prompt "${2%_short}")"
}
# stops KIND STATUS WHAT: it has ended so, and the system is as before.
stops() {
    expect "$3 × $1: ends" ends "$2"
    expect "$3 × $1: nothing was done" not_done_by "$1"
}
# refuses KIND ENVIRONMENT WHAT COMMAND: it is refused, the gate stands and nothing is done.
refuses() {
    local kind=$1 env=$2 what=$3 status=0
    shift 3
    : >"$work/why"
    CI=true "$@" >"$work/why" 2>&1 </dev/null || status=$?
    expect "$what × $kind: refused" grep -q 'refused' "$work/why"
    expect "$what × $kind: and told so" [ "$status" -ne 0 ]
    expect "$what × $kind: nothing was done" not_done_by "$kind"
    expect "$what × $kind: the gate stands" [ -n "$(open_hash "$env")" ]
}
newest() {
    find "$work/state/runs" -name '*.belay' -printf '%T@ %f\n' | sort -n | tail -1 | sed 's/.* //; s/\.belay//'
}
open_hash() {
    "$belay" log last --env "$1" --full --kind gate_opened --kind gate_answered >"$work/log" 2>/dev/null
    grep -q 'gate_answered' "$work/log" && return
    grep -o 'hash[^0-9a-f]*[0-9a-f]\{64\}' "$work/log" | grep -o '[0-9a-f]\{64\}' | tail -1
}
# note RUN HASH ANSWER [SIGNATURE]: puts it into the inbox of the newest run and waits for its end.
note() {
    local id
    id=n$RANDOM$RANDOM
    SIGNATURE=${4:-} perl -MJSON::PP -e 'my %n = (id => $ARGV[0], run => $ARGV[1], does => "approve", gate => 1, hash => $ARGV[2], answer => $ARGV[3]);
        $n{signature} = $ENV{SIGNATURE} if length $ENV{SIGNATURE}; print encode_json(\%n)' "$id" "$1" "$2" "$3" >"$work/state/inbox/$current/.$id"
    mv "$work/state/inbox/$current/.$id" "$work/state/inbox/$current/$id.note"
    for _ in $(seq 100); do
        "$belay" log last --env confirm --full --kind approval >"$work/log" 2>/dev/null
        grep -q "$id" "$work/log" && break
        sleep 0.1
    done
    cat "$work/log"
    ! grep -A30 "$id" "$work/log" | grep -q '"status": "refused"'
}
right_answer() {
    case $1 in
    confirm) terminal_type yes ;;
    typed) terminal_type redis.cache ;;
    approval)
        "$belay" approve last --env approval --key "$keys/alice" --answer yes >/dev/null
        "$belay" approve last --env approval --key "$keys/carol" --answer yes >/dev/null
        ;;
    esac
}
word_of() {
    [ "$1" = typed ] && echo redis.cache || echo yes
}

for kind in confirm typed approval; do
    begin "$kind" "$kind"
    right_answer "$kind"
    expect "right answer × $kind: exit 0" ends 0
    expect "right answer × $kind: done" done_by "$kind"

    begin "$kind" "$kind"
    case $kind in approval) terminal_type yes ;; *) terminal_type wrong ;; esac
    [ "$kind" != typed ] && expect "wrong word × $kind: asked again" terminal_wait 'Please type\|Only others'
    [ "$kind" != typed ] && terminal_type no
    stops "$kind" 4 'wrong word'

    reset_system
    status=0
    setsid "$belay" run "$kind" --env "${kind}_short" </dev/null >"$work/out" 2>&1 || status=$?
    expect "no tty × $kind: stops" [ "$kind$status" = confirm3 -o "$kind$status" = typed3 -o "$kind$status" = approval4 ]
    expect "no tty × $kind: nothing was done" not_done_by "$kind"

    reset_system
    tmux -S "$terminal_socket" new-window -n gone "cd $work/project; env -u CI $belay run $kind --env $kind >$work/gone.log 2>&1; echo \$? >$work/gone"
    terminal_wait "$(prompt "$kind")"
    tmux -S "$terminal_socket" kill-window -t gone
    for _ in $(seq 50); do
        "$belay" runs --env "$kind" --format json | head -1 | grep -q '"status":"running"' || break
        sleep 0.1
    done
    expect "closed tty × $kind: the run has ended" sh -c "! '$belay' runs --env '$kind' --format json | head -1 | grep -q '\"status\":\"running\"'"
    expect "closed tty × $kind: nothing was done" not_done_by "$kind"

    begin "$kind" "$kind"
    terminal_key C-d
    stops "$kind" 3 'end of input'

    reset_system
    terminal_run "yes '$(word_of "$kind")' | $belay run $kind --env $kind"
    terminal_wait "$(prompt "$kind")"
    sleep 0.3
    expect "yes | × $kind: nothing was done" not_done_by "$kind"
    terminal_type no
    stops "$kind" 4 'yes |'

    begin "$kind" "$kind"
    terminal_paste "

$(word_of "$kind")
$(word_of "$kind")
"
    sleep 0.3
    expect "pasted × $kind: nothing was done" not_done_by "$kind"
    [ "$kind" = typed ] || terminal_type no
    stops "$kind" 4 'pasted newlines'

    begin "$kind" "$kind" --set size=101
    expect "timeout × $kind: taken back" terminal_wait 'taken back'
    terminal_wait 'status=[0-9]\|What now'
    terminal_has 'What now' && terminal_type abort
    expect "timeout × $kind: ends" terminal_wait 'status=[0-9]'
    expect "timeout × $kind: it is no success" terminal_has 'status=[46] '
    expect "timeout × $kind: nothing was done" not_done_by "$kind"
    begin "$kind" "${kind}_short"
    expect "expired × $kind: its time is over" terminal_wait 'Its time is over'
    stops "$kind" 4 'expired'

    # An answer that was right for a gate is none for any other.
    begin "$kind" "$kind"
    old_hash=$(open_hash "$kind")
    old_run=$(newest)
    alice=$(printf %s "$old_hash" | ssh-keygen -q -Y sign -n belay-approval -f "$keys/alice" 2>/dev/null)
    carol=$(printf %s "$old_hash" | ssh-keygen -q -Y sign -n belay-approval -f "$keys/carol" 2>/dev/null)
    right_answer "$kind"
    ends 0
    for changed in reused source module parameter environment; do
        words=
        case $changed in
        source) book "$kind" second ;;
        module) module Changed ;;
        parameter) words="--set size=2" ;;
        environment) sed -i 's/exec = {/exec = { ls = { class = "change" },/' "environments/$kind.lua" ;;
        esac
        begin "$kind" "$kind" "$words"
        current=$(newest)
        new_hash=$(open_hash "$kind")
        expect "$changed × $kind: the gate has another hash" [ "$new_hash" != "$old_hash" ]
        refuses "$kind" "$kind" "$changed: as it was" note "$old_run" "$old_hash" "$(word_of "$kind")" "$alice"
        expect "$changed × $kind: it is for another run" grep -q 'another run' "$work/why"
        refuses "$kind" "$kind" "$changed: by the old hash" note "$current" "$old_hash" "$(word_of "$kind")" "$alice"
        expect "$changed × $kind: it has another hash" grep -q 'another hash' "$work/why"
        if [ "$kind" = approval ]; then
            refuses "$kind" "$kind" "$changed: the old signatures" note "$current" "$new_hash" yes "$alice"
            refuses "$kind" "$kind" "$changed: the old signatures" note "$current" "$new_hash" yes "$carol"
        fi
        terminal_type no
        stops "$kind" 4 "$changed"
    done

    # Where two others must approve.
    begin "$kind" "${kind}_two"
    current=$(newest)
    refuses "$kind" "${kind}_two" unsigned note "$current" "$(open_hash "${kind}_two")" "$(word_of "$kind")"
    word=()
    [ "$kind" = typed ] && word=(--word redis.cache) || word=(--answer yes)
    refuses "$kind" "${kind}_two" 'wrong key' "$belay" approve last --env "${kind}_two" --key "$keys/stranger" "${word[@]}"
    refuses "$kind" "${kind}_two" 'own approval' "$belay" approve last --env "${kind}_two" --key "$keys/runner" "${word[@]}"
    [ "$kind" = typed ] && terminal_type redis.cache
    expect "N-1 of N × $kind: taken" "$belay" approve last --env "${kind}_two" --key "$keys/alice" "${word[@]}"
    refuses "$kind" "${kind}_two" 'N-1 of N, twice the same' "$belay" approve last --env "${kind}_two" --key "$keys/alice" "${word[@]}"
    expect "N-1 of N × $kind: waits" terminal_wait '1 of 2 approvals: alice'
    expect "N-1 of N × $kind: nothing was done" not_done_by "$kind"
    expect "N of N × $kind: taken" "$belay" approve last --env "${kind}_two" --key "$keys/carol" "${word[@]}"
    expect "N of N × $kind: exit 0" ends 0
    expect "N of N × $kind: done" done_by "$kind"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
