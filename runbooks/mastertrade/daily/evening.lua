-- The owner's evening checklist, 18:00: rows R028 to R031.
local inventory = require("inventory")

--- The depth of the deepest queue and its name.
local function deepest_queue(use)
  local name, depth = "none", 0
  for _, queue in ipairs(use.rabbitmq:get("/api/queues").json) do
    if (queue.messages or 0) > depth then
      name, depth = queue.name, queue.messages
    end
  end
  return name, depth
end

--- The 95th percentile of the API's latency over the last hour in seconds; nil without requests.
local function api_latency(use, metric)
  local query =
    string.format("histogram_quantile(0.95, sum by (le) (rate(%s_bucket[1h])))", metric)
  local answer = use.prometheus:get("/api/v1/query", { query = { query = query } })
  local first = answer.json.data.result[1]
  local value = first and tonumber(first.value[2])
  return value == value and value or nil -- NaN: there were no requests
end

procedure({
  title = "Evening checklist",
  kind = "checklist",
  section = "daily",
  roles = { "on-call" },
  summary = "How did the day go, and is the system fit for the night? Changes nothing.",
  uses = {
    strategy = "http.strategy",
    prometheus = "http.prometheus",
    rabbitmq = "http.rabbitmq",
    grafana = "http.grafana",
    cache = "redis.cache",
  },
  params = {
    latency = param.duration({ default = "200ms", help = "p95 of the API, at most" }),
    latency_metric = param.string({ default = "gateway_request_duration_seconds" }),
    queue_depth = param.integer({
      default = 1000,
      min = 0,
      help = "messages in a queue, at most",
    }),
    redis_limit = param.bytes({ default = "2GB", help = "memory that Redis may use" }),
  },

  run = function(p, use)
    step("As many strategies are active as may be", {
      covers = { "R029" },
      run = function()
        local status = use.strategy:get("/api/v1/strategy/activation/status").json
        local most = use.strategy:get("/api/v1/strategy/activation/max-active").json
        check("active strategies", status.current_active_count):equals(
          most.max_active_strategies
        )
      end,
    })

    step("The API is fast and the queues are short", {
      covers = { "R030" },
      run = function()
        local latency = api_latency(use, p.latency_metric)
        if latency == nil then
          note("No requests in the last hour: there is no latency to judge.")
        else
          check("API latency, p95", latency, "seconds"):at_most(p.latency)
        end
        local name, depth = deepest_queue(use)
        note("Deepest queue: " .. name)
        check("deepest queue", depth, "messages"):at_most(p.queue_depth)
      end,
    })

    step("Redis has room", {
      covers = { "R031" },
      run = function()
        local memory = use.cache:info("memory")
        check("Redis memory", memory.used_memory, "bytes"):at_most(p.redis_limit)
      end,
    })

    step("The trading dashboard is there", {
      covers = { "R028" },
      run = function()
        local path = "/api/dashboards/uid/" .. inventory.trading_dashboard
        check("dashboard " .. inventory.trading_dashboard, use.grafana:get(path).status):equals(
          200
        )
      end,
    })

    manual("Look at the day's trading", {
      covers = { "R028" },
      why = "P&L, win rate and drawdown on the dashboard Trading Performance need a person's eye.",
      evidence = "text",
    })
  end,
})
