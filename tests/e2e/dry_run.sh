#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# dry_run.sh: a dry run changes nothing, by the servers' own logs. Usage: dry_run.sh BELAY [BOX OPTIONS]
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
# shellcheck source=tests/e2e/box.sh
. "$(dirname "$0")/box.sh"
box_start "$@"
redis_port=$(sed -n 's|.*redis://127.0.0.1:\([0-9]*\).*|\1|p' "$work/project/environments/box.lua" | head -n 1)

# Every change that a procedure can ask for, once.
cat >"$work/project/changes.lua" <<'LUA'
-- Changes everything that can be changed; for the proof that a dry run does not.
procedure({
  title = "Change everything",
  uses = {
    database = "postgres.main",
    cache = "redis.cache",
    broker = "amqp.broker",
    strategy = "http.strategy",
  },
  may = {
    database = "destroy",
    cache = "destroy",
    broker = "destroy",
    strategy = "destroy",
    file = "destroy",
    ["exec.touch"] = "destroy",
  },
  run = function(_, use)
    step("Change", { undo = "none", run = function()
      use.database:execute("update settings set value = '99' where key = 'MAX_ACTIVE_STRATEGIES'")
      use.database:execute("delete from strategies")
      use.cache:set("dry", "run")
      use.cache:flushdb()
      use.broker:publish("", "strategy_market_data_legacy", "dry")
      use.broker:purge("strategy_market_data_legacy")
      use.strategy:get("/health") -- so that its log has a line of ours
      use.strategy:post("/api/v1/strategies/generate", { json = { num_strategies = 1 } })
      require("exec").run({ "touch", "TOUCHED" })
      require("file").write("WRITTEN", "dry")
      check("value", use.database:value("select value from settings where key = 'MAX_ACTIVE_STRATEGIES'"))
        :equals("99")
      time = nil
    end })
  end,
})
LUA
sed -i '/time = nil/d' "$work/project/changes.lua"
sed -i "s|TOUCHED|$work/touched|; s|WRITTEN|$work/written|" "$work/project/changes.lua"

# watched WORDS…: runs belay while Redis and the logs are watched. What it did: $work/redis, $work/sql, $work/http.
watched() {
    local status=0 monitor sql http
    redis-cli -p "$redis_port" client list | sed -n 's/.* addr=\([^ ]*\) .*/\1/p' >"$work/clients"
    timeout 60 redis-cli -p "$redis_port" monitor >"$work/monitor" &
    monitor=$!
    until grep -q OK "$work/monitor"; do sleep 0.05; done
    sql=$(wc -l <"$work/box/log/postgres/statements.log")
    wc -l "$work"/box/log/http-*.log >"$work/http.before"
    run_belay "$@" || status=$?
    sleep 0.5
    kill "$monitor"
    wait "$monitor" 2>/dev/null
    tail -n "+$((sql + 1))" "$work/box/log/postgres/statements.log" >"$work/statements"
    grep 'app=belay' "$work/statements" >"$work/sql"
    grep -vFf "$work/clients" "$work/monitor" | sed -n 's/^[0-9.]* \[[^]]*\] "\([^"]*\)".*/\1/p' >"$work/redis"
    for http in "$work"/box/log/http-*.log; do
        tail -n "+$(($(awk -v f="$http" '$2 == f { print $1 }' "$work/http.before") + 1))" "$http"
    done | cut -d' ' -f2 >"$work/http"
    return "$status"
}

# only FILE PATTERN: the file has lines, and all of them match.
only() {
    [ -s "$1" ] && ! grep -vE "$2" "$1"
}

reads='execute <unnamed>: (BEGIN READ ONLY|ROLLBACK|SELECT|select|WITH RECURSIVE$) ?|DETAIL:  parameters|connection (received|authenticated|authorized)|disconnection'

# A statement of several lines that begins so is the guard's question to the catalogue.
catalogue() {
    [ "$(grep -c 'WITH RECURSIVE$' "$work/statements")" -eq "$(grep -c '^[[:space:]]*asked AS MATERIALIZED ($' "$work/statements")" ]
}

expect "morning: exit 0" watched run daily.morning --dry-run
expect "morning: PostgreSQL saw only reads" only "$work/sql" "$reads"
expect "morning: the guard asked the catalogue, nobody else did so" catalogue
expect "morning: Redis saw only reads" only "$work/redis" '^(INFO|PING|COMMAND)$'
expect "morning: HTTP saw only GET" only "$work/http" '^(GET|HEAD)$'
expect "morning: says so" grep -qF "0 changes reached a server; planned: 0 (0 destroys); refused: 0" "$work/out"

before=$(box sql -- -Atc "select count(*), (select value from settings where key = 'MAX_ACTIVE_STRATEGIES') from strategies")
expect "changes: exit 0" watched run changes --dry-run
expect "changes: says what it planned" grep -qE "0 changes reached a server; planned: 9 \([0-9]+ destroys\); refused: 0" "$work/out"
expect "changes: PostgreSQL saw only reads" only "$work/sql" "$reads"
expect "changes: Redis saw only questions" only "$work/redis" '^(COMMAND|ACL|DBSIZE)$'
expect "changes: HTTP saw only GET" only "$work/http" '^(GET|HEAD)$'
expect "changes: no file" [ ! -e "$work/touched" ] 
expect "changes: no file written" [ ! -e "$work/written" ]
after=$(box sql -- -Atc "select count(*), (select value from settings where key = 'MAX_ACTIVE_STRATEGIES') from strategies")
expect "changes: the tables are as they were" [ "${before:-none}" = "$after" ]
expect "changes: what follows a planned change is assumed" grep -q "assumed" "$work/out"
[ -z "${SHOW:-}" ] || cat "$work/out"
finish
