#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Belay authors
# SPDX-License-Identifier: MIT
# load.sh: hundreds of operations in one parallel, one process, no callback that blocks the loop. Usage: load.sh BELAY [BOX OPTIONS]
# shellcheck disable=SC2317 # functions are reached through expect
set -uo pipefail
# shellcheck source=tests/e2e/box.sh
. "$(dirname "$0")/box.sh"
box_start "$@"

cat >"$work/project/load.lua" <<'LUA'
-- 500 HTTP requests with 64 in flight, 200 queries and 200 Redis commands, all in one parallel.
local function numbers(count)
  local list = {}
  for i = 1, count do
    list[i] = i
  end
  return list
end

procedure({
  title = "Load",
  uses = { web = "http.market_data", database = "postgres.main", cache = "redis.cache" },
  run = function(_, use)
    step("All at once", function()
      local done = parallel({
        http = function()
          return each(numbers(500), { at_once = 64 }, function()
            return use.web:get("/health").status
          end)
        end,
        sql = function()
          return each(numbers(200), { at_once = 200 }, function(n)
            return use.database:value("select $1::bigint * 2", { n })
          end)
        end,
        redis = function()
          return each(numbers(200), { at_once = 200 }, function()
            return use.cache:ping()
          end)
        end,
      })
      local good = 0
      for _, status in ipairs(done.http) do
        good = good + (status == 200 and 1 or 0)
      end
      for n, double in ipairs(done.sql) do
        good = good + (double == 2 * n and 1 or 0)
      end
      check("answers", good + #done.redis):equals(900)
    end)
  end,
})
LUA

expect "900 operations: exit 0" exits 0 run load --format json
longest=$(sed -n 's/.*"kind":"run_ended".*"longest_turn_us":\([0-9]*\).*/\1/p' "$work/out")
millis=$(sed -n 's/.*"kind":"run_ended".*"millis":\([0-9]*\).*/\1/p' "$work/out")
echo "900 operations in $millis ms; the callbacks of one turn used $longest us of processor time at most"
expect "the journal holds every observe" [ "$(grep -c '"kind":"observe"' "$work/out")" -eq 900 ]
# A turn runs many callbacks: when all of them together stay below, each one does.
[ "${LOAD_SANITIZED:-}" = 1 ] || expect "no callback used more than 20 ms" [ "$longest" -lt 20000 ]
expect "the journal is sound" exits 0 verify last
finish
