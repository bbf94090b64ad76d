#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# gates_grown.sh: what a person agreed to destroy is counted once more; grown by more than a tenth it is asked again. Usage: gates_grown.sh BELAY
set -uo pipefail
# shellcheck source=tests/e2e/gate_kit.sh
. "$(dirname "$0")/gate_kit.sh"
trap 'terminal_stop; [ -z "${redis:-}" ] || kill "$redis" 2>/dev/null; rm -rf "$work"' EXIT

mkdir "$work/redis"
cli() {
    redis-cli -p "$port" "$@" >/dev/null
}

# A port that is free: the server says when it is not.
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    redis-server --bind 127.0.0.1 --port "$port" --dir "$work/redis" --save '' >"$work/redis/log" 2>&1 &
    redis=$!
    until grep -q 'Ready to accept' "$work/redis/log" || ! kill -0 "$redis" 2>/dev/null; do
        sleep 0.1
    done
    kill -0 "$redis" 2>/dev/null && break
done
echo "environment({ state = \"$work/state\", redis = { cache = { url = \"redis://127.0.0.1:$port\" } } })" >environments/local.lua
cat >flush.lua <<'LUA'
procedure({
  title = "Flush",
  uses = { cache = "redis.cache" },
  may = { cache = "destroy" },
  run = function(_, use)
    use.cache:flushdb()
  end,
})
LUA

# fill COUNT: so many keys are in the database.
fill() {
    cli flushall
    redis-cli -p "$port" eval 'for i = 1, ARGV[1] do redis.call("set", "k" .. i, i) end' 0 "$1" >/dev/null
}

keys() {
    [ "$(redis-cli -p "$port" dbsize)" -eq "$1" ]
}

fill 100
run flush
expect "the count is shown" terminal_wait 'affects 100 keys'
answer 'Type redis.cache' 'redis.cache'
expect "as many as agreed to: goes on" ends 0
expect "the database is empty" keys 0
fill 100
run flush
terminal_wait 'affects 100 keys'
fill 109
answer 'Type redis.cache' 'redis.cache'
expect "a tenth more: goes on" ends 0
expect "and all are gone" keys 0
fill 100
run flush
terminal_wait 'affects 100 keys'
fill 150
answer 'Type redis.cache' 'redis.cache'
expect "half as much again: asked again" terminal_wait 'it was 100 when you agreed'
expect "with the new count" terminal_has 'affects 150 keys'
expect "nothing was flushed meanwhile" keys 150
answer 'Gate 2' 'no'
expect "no stops" ends 4
expect "nothing was flushed" keys 150
run flush
terminal_wait 'affects 150 keys'
fill 400
answer 'Type redis.cache' 'redis.cache'
answer 'it was 150' 'redis.cache'
expect "agreed a second time" ends 0
expect "then it is done" keys 0

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
