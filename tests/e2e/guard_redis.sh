#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# guard_redis.sh: what the guard says of each Redis command, and that a dry run of all of them leaves the server as it was. Usage: guard_redis.sh BELAY
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
belay=$(readlink -f "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/belay-guard.XXXXXX")
passed=0
failed=0
pids=()
stop() {
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 1' INT TERM
export CI=true

# start NAME OPTION…: a server of its own on a free port; the port in $port.
start() {
    local name=$1 try
    shift
    for try in 1 2 3 4 5 6 7 8 9; do
        port=$((20000 + (RANDOM + try) % 12000))
        mkdir -p "$work/$name" && : >"$work/$name.log"
        redis-server --port "$port" --bind 127.0.0.1 --dir "$work/$name" --save "" --loglevel warning \
            --enable-debug-command yes "$@" >"$work/$name.log" 2>&1 &
        pids+=($!)
        for _ in $(seq 100); do
            grep -qE 'Address already in use|FATAL' "$work/$name.log" && break
            redis-cli -p "$port" "${ping:-ping}" 2>/dev/null | grep -q . && return 0
            sleep 0.05
        done
    done
    echo "no Redis started: $(cat "$work/$name.log")"
    exit 1
}

cli() {
    redis-cli -p "$main" "$@"
}

# expect WHAT COMMAND…: counts a test.
expect() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $what"
    fi
}

# has FILE PATTERN: shows the file when the pattern is not in it.
has() {
    grep -qE -- "$2" "$1" || {
        tail -n 5 "$1"
        return 1
    }
}

# Everything of the server that a command could change.
state() {
    cli debug digest
    cli config get '*'
    cli acl list
    cli client list | wc -l
    cli info keyspace
    cli lastsave
    cli info persistence | grep -E '^(rdb_changes_since_last_save|rdb_saves|rdb_bgsave_in_progress|aof_rewrite)'
    cli info replication | grep -E '^(role|master_|connected_slaves)'
    cli info memory | grep -E '^(number_of_|maxmemory:)'
    cli info stats | grep -E '^(evicted_keys|expired_keys|pubsub)'
    cli function list withcode
    cli script exists "$script"
    cli slowlog len
    cli acl log | grep -A 1 -E '^(reason|object|username|count)'
    cli module list
    cli xinfo stream stream full
    cli pubsub channels '*'
    ls "$work/main"
}

# The server is as it was when $before was taken.
same() {
    diff <(echo "$before") <(echo "$(state)")
}

start main --slowlog-log-slower-than 0
main=$port
{
    printf '%s\n' 'set text "some text"' 'set number 7' 'hset hash one 1 two 2' 'rpush list a b c' 'sadd set a b c' \
        'zadd zset 1 a 2 b' 'xadd stream 1-1 field value' 'xadd stream 1-2 field value' \
        'xgroup create stream group 0' 'xreadgroup group group me count 1 streams stream >' \
        'geoadd geo 13.3 38.1 a 15 37.5 b' 'pfadd hll a b c' 'script load "return 1"' 'select 1' 'set one 1' 'select 0' \
        'acl setuser reader on >invented-pass ~* +@read' 'acl setuser plain on >invented-pass ~* +@all -acl -del' \
        'acl setuser careful on >invented-pass ~* +@all -@dangerous +acl|whoami +acl|dryrun -del'
    printf "function load \"#!lua name=lib\\\\nredis.register_function{function_name='look', callback=function() return 1 end, flags={'no-writes'}}\\\\nredis.register_function('wipe', function() return redis.call('flushall') end)\"\n"
    for _ in $(seq 100); do echo "rpush big $(seq -s ' ' 1001)"; done
} | cli >"$work/setup" 2>&1
cli config set slowlog-log-slower-than -1 >/dev/null # from here on asking leaves no trace of its own
has "$work/setup" 'ERR|WRONG' >/dev/null && cat "$work/setup"
script=e0e1f9fabfc9d4800c877a703b823ac0578ff8db

# Another server that has given its commands other names: PING ends it.
ping=pong
start renamed --rename-command PING pong --rename-command SHUTDOWN PING --rename-command CONFIG "" \
    --rename-command GET "" --rename-command FLUSHALL GET
renamed=$port

mkdir -p "$work/project/environments"
cd "$work/project" || exit 1
echo 'project({ name = "guard", environment = "local" })' >belay.lua
for name in local reader plain careful renamed; do
    user=
    [ "$name" = local ] || [ "$name" = renamed ] || user="$name:invented-pass@"
    at=$main
    [ "$name" = renamed ] && at=$renamed
    echo "environment({ state = \"$work/state\", redis = { cache = { url = \"redis://${user}127.0.0.1:$at\" } } })" \
        >"environments/$name.lua"
done

# classify ENV HEADING…: the verdicts about the commands under these headings; without a server when ENV is "-".
classify() {
    local env=$1
    shift
    lua5.4 "$here/guard/redis.lua" jsonl "$here/guard/redis.txt" "${@%%=*}" >"$work/lines"
    if [ "$env" = - ]; then
        "$belay" classify redis <"$work/lines" >"$work/verdicts"
    else
        "$belay" classify redis --env "$env" <"$work/lines" >"$work/verdicts"
    fi
    lua5.4 "$here/guard/redis.lua" check "$here/guard/redis.txt" "$@" <"$work/verdicts"
}

# one ENV ARGV PATTERN: the verdict about one command.
one() {
    echo "{\"id\":1,\"argv\":$2}" | "$belay" classify redis --env "$1" >"$work/verdict"
    has "$work/verdict" "$3"
}

# calls: which commands the server has served since the statistics were reset, and is fine with.
calls() {
    cli info commandstats | sed -n 's/^cmdstat_\([^:]*\):calls=.*/\1/p' | sort -u >"$work/calls"
    lua5.4 "$here/guard/redis.lua" jsonl "$here/guard/redis.txt" observe |
        sed -n 's/.*"argv":\["\([^"]*\)"\(,"\([^"]*\)"\)\{0,1\}.*/\1\n\1|\3/p' | tr '[:upper:]' '[:lower:]' |
        sort -u >"$work/allowed"
    printf '%s\n' 'config|resetstat' >>"$work/allowed" # ours, before the run
    ! grep -vxFf "$work/allowed" "$work/calls"
}

before=$(state)
expect "without a server" classify - observe change destroy refused unknown=change
expect "by the server" classify local observe change destroy refused unknown=refused
expect "without a server the reason says so" has <(echo '{"argv":["GET","a"]}' | "$belay" classify redis) 'no server was asked'
expect "after classifying the server is the same" same
expect "a user who may only read is asked by name" one reader '["GET", "a"]' 'observe.*does not say: NOPERM'
expect "a user whose rights cannot be asked" one plain '["DEL", "text"]' '"change"'
expect "the server refuses it to the user" one careful '["DEL", "text"]' '"refused".*would refuse it to the user careful'
expect "and lets another command pass" one careful '["SET", "text", "x"]' '"class":"change"'
expect "PING that is SHUTDOWN" one renamed '["PING"]' '"destroy".*renamed.*SHUTDOWN'
expect "GET that is FLUSHALL" one renamed '["GET", "x"]' '"destroy".*renamed.*FLUSHALL'
expect "another name of PING" one renamed '["pong"]' '"class":"change".*this is its PING'
expect "CONFIG that is not there" one renamed '["CONFIG", "GET", "*"]' '"refused".*would refuse|"change"'
expect "a big list is not read as a whole" \
    has <(echo '{"argv":["LRANGE","big","0","-1"]}' | "$belay" classify redis --env local) '100100 items.*ask for a part'
expect "a part of it is" one local '["LRANGE", "big", "0", "99"]' '"observe"'
expect "keys of a flush" one local '["FLUSHDB"]' '"affects":"10 keys"'
expect "keys of all databases" one local '["FLUSHALL"]' '"affects":"11 keys in 2 databases"'
expect "keys of a swap" one local '["SWAPDB", "1", "5"]' '"affects":"1 key in 1 database"'
expect "keys that are there" one local '["DEL", "text", "nowhere", "hash", "text"]' '"affects":"2 of 3 keys"'
expect "scripts" one local '["SCRIPT", "FLUSH"]' '"affects":"1 scripts"'
expect "clients" one local '["SHUTDOWN"]' '"affects":"1 connected clients'
expect "what cannot be counted" one local '["XGROUP", "DESTROY", "stream", "group"]' '"affects":"unknown"'
# dry PROCEDURE STATUS WORDS…: a dry run of it, its text in out and err.
dry() {
    local name=$1 wanted=$2 status=0
    shift 2
    "$belay" run "$name" --env "${run_env:-local}" --dry-run "$@" >out 2>err </dev/null || status=$?
    [ "$status" -eq "$wanted" ] || {
        echo "exit $status, wanted $wanted"
        tail -n 5 out err
        return 1
    }
}

# A rehearsal finds out that the user may not: nothing is sent, and nothing was denied by the server.
cat >rights.lua <<'LUA'
procedure({
  title = "Without the right to delete",
  uses = { cache = "redis.cache" },
  may = { cache = "change" },
  run = function(_, use)
    step("Delete", { undo = "none", run = function()
      use.cache:set("fresh", 1)
      use.cache:del("text")
    end })
  end,
})
LUA
denied=$(cli acl log | grep -c '^reason')
run_env=careful expect "no right to delete: exit 5" dry rights 5
expect "no right to delete: says so" has out 'would refuse it to the user careful'
expect "no right to delete: the rest was planned" has out 'planned: 1 \(0 destroys\); refused: 1'
expect "no right to delete: the server had nothing to deny" [ "$(cli acl log | grep -c '^reason')" -eq "$denied" ]

# Where nobody answers, a change is planned all the same: what it touches is unknown.
cat >environments/dead.lua <<LUA
environment({
  state = "$work/state",
  redis = { cache = { url = "redis://127.0.0.1:1" } },
  amqp = { broker = { url = "amqp://invented:invented@127.0.0.1:1" } },
  docker = { engine = { socket = "$work/nowhere.sock" } },
})
LUA
cat >dead.lua <<'LUA'
procedure({
  title = "Nobody answers",
  uses = { cache = "redis.cache", broker = "amqp.broker", engine = "docker.engine" },
  may = { cache = "destroy", broker = "destroy", engine = "destroy" },
  run = function(_, use)
    step("Change", { undo = "none", run = function()
      use.cache:del("text")
      use.cache:flushdb()
      use.cache:command({ "SWAPDB", 0, 1 })
      use.broker:purge("guard")
      use.engine:stop("redis")
      use.engine:restart("redis")
    end })
  end,
})
LUA
run_env=dead expect "nobody answers: exit 0" dry dead 0
expect "nobody answers: all is planned" has out 'planned: 6 \(4 destroys\); refused: 0'
expect "nobody answers: nothing is counted" [ "$(grep -c 'affects: unknown' out)" -eq 6 ]
expect "nobody answers: an observe fails" has <(echo '{"argv":["GET","a"]}' | "$belay" classify redis --env dead) '"error":".*no connection'

for heading in observe change destroy refused; do
    lua5.4 "$here/guard/redis.lua" procedure "$here/guard/redis.txt" "$heading" >"$heading.lua"
done
changes=$(lua5.4 "$here/guard/redis.lua" jsonl "$here/guard/redis.txt" change | wc -l)
destroys=$(lua5.4 "$here/guard/redis.lua" jsonl "$here/guard/redis.txt" destroy | wc -l)
refusals=$(lua5.4 "$here/guard/redis.lua" jsonl "$here/guard/redis.txt" refused | wc -l)
before=$(state)
"$belay" run observe --env local >out 2>err </dev/null
expect "a live run of observes" has out '^✓.*exit 0'
expect "leaves the server the same" same
before=$(state)
cli config resetstat >/dev/null
expect "dry run of observes" dry observe 0
expect "none is planned" has out '0 changes reached a server; planned: 0 \(0 destroys\); refused: 0'
expect "dry run of changes" dry change 0
expect "all are planned" has out "0 changes reached a server; planned: $changes \(0 destroys\); refused: 0"
expect "dry run of destroys" dry destroy 0
expect "all are planned as such" has out "0 changes reached a server; planned: $destroys \($destroys destroys\); refused: 0"
expect "with what they affect" has out 'affects: 11 keys in 2 databases'
for n in $(seq "$refusals"); do
    expect "refused: number $n" dry refused 5 --set "only=$n"
done
expect "a refusal says so" has out 'planned: 0 \(0 destroys\); refused: 1'
expect "the server served nothing but observes" calls
expect "after the dry runs the server is the same" same
expect "the renamed server is still there" has <(redis-cli -p "$renamed" pong) PONG
echo "$((changes + destroys + refusals)) commands that change, $passed passed, $failed failed"
[ "$failed" -eq 0 ]
