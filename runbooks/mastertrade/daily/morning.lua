-- The owner's morning checklist, 09:00: rows R022 to R027.
local file = require("file")
local health = require("daily.health")
local inventory = require("inventory")
local time = require("time")

local DAY = 24 * 3600

local uses = {
  database = "postgres.main",
  cache = "redis.cache",
  broker = "amqp.broker",
  engine = "docker.engine?",
}
for name, target in pairs(inventory.endpoints) do
  uses[name] = target
end

--- When the newest nightly run that must be complete by `now` began (seconds since 1970 UTC).
local function last_generation(now)
  local plan = inventory.generation
  local complete = now - plan.starts - plan.within
  return complete - complete % DAY + plan.starts
end

local function check_generation(use, now)
  local from = last_generation(now)
  local by = from + inventory.generation.within
  local made = use.database:one(
    [[select count(*) as strategies, coalesce(max(extract(epoch from created_at)), 0) as newest
      from strategies where created_at >= to_timestamp($1) and created_at < to_timestamp($2)]],
    { from, from + DAY }
  )
  note("The run of " .. time.format(from))
  check("strategies generated", made.strategies):at_least(inventory.generation.count)
  local took = made.newest > 0 and made.newest - from or nil
  check("generation took", took, "seconds"):at_most(by - from)
end

local function check_collectors(use)
  local answer = use.market_data:get("/health/collectors")
  local seen, open = 0, 0
  for name, collector in pairs(answer.json.collectors) do
    seen = seen + 1
    open = open + (collector.status == "circuit_open" and 1 or 0)
    check("collector " .. name, collector.status or "no history"):one_of(
      inventory.collector_states
    )
  end
  evidence("collectors seen", seen)
  check("circuit breakers open", open):at_most(0)
end

local function check_alerts(use, now, delivery)
  local critical = 0
  for _, alert in ipairs(use.alerts:get("/api/alerts/list", { query = { limit = 1000 } }).json) do
    local is_recent = time.parse(alert.created_at) >= now - DAY
    local is_open = alert.status ~= "acknowledged" and alert.status ~= "resolved"
    if alert.priority == "CRITICAL" and is_recent and is_open then
      critical = critical + 1
    end
  end
  check("critical alerts open, 24 h", critical):at_most(0)
  local sent = use.alerts:get("/api/alerts/stats/summary").json.notification_service
  evidence("deliveries", sent.total_deliveries_attempted)
  check("alert delivery", sent.overall_success_rate, "%"):at_least(delivery)
end

local function check_database(use, p)
  local size = use.database:value("select pg_database_size(current_database())")
  local disk = p.database_disk
  if disk == 0 then
    disk = file.disk(p.data_directory).total
  end
  evidence("size of the disk", disk)
  check("database size", size, "bytes"):at_most(p.database_share * disk // 100)
end

local function check_backup(title, folder, pattern, now, most)
  local newest = file.newest(folder, { glob = pattern })
  if newest == nil then
    check(title .. " backup", "none in " .. folder):equals("there")
    return
  end
  evidence(title .. " backup", newest.name)
  check(title .. " backup age", now - newest.mtime, "seconds"):at_most(most)
  check(title .. " backup size", newest.size, "bytes"):at_least(1)
  local whole = file.gzip(folder .. "/" .. newest.name, { timeout = "5m" })
  check(title .. " backup is whole", whole.ok):is_true()
end

procedure({
  title = "Morning checklist",
  kind = "checklist",
  section = "daily",
  roles = { "on-call" },
  summary = "Is the night behind us, and is everything ready for the day? Changes nothing.",
  uses = uses,
  params = {
    database_disk = param.bytes({
      default = 0,
      help = "size of the database's disk; 0: measured",
    }),
    database_share = param.integer({
      default = 80,
      min = 1,
      max = 100,
      help = "% of it, at most",
    }),
    data_directory = param.path({
      default = "/var/lib/postgresql",
      help = "what to measure then",
    }),
    postgres_backups = param.path({ default = "database/backups/data/full" }),
    redis_backups = param.path({ default = "redis/backups/backups/data/rdb" }),
    backup_age = param.duration({ default = "25h", help = "how old the newest may be" }),
    delivery = param.number({ default = 95, help = "% of alerts delivered, at least" }),
    restarts = param.integer({ default = 0, min = 0, help = "restarts in 24 h that are well" }),
  },

  run = function(p, use)
    local now = time.now().epoch

    step("Services answer", {
      covers = { "R022" },
      run = function()
        parallel({
          services = function()
            health.check_services(use)
          end,
          stores = function()
            health.check_stores(use)
          end,
        })
      end,
    })

    step("Containers run without restarts", {
      covers = { "R022" },
      run = function()
        if not use.engine then
          note("Not checked: this environment names no Docker engine.")
          return
        end
        health.check_containers(use.engine, now - DAY, p.restarts)
      end,
    })

    step("Strategies were generated last night", {
      covers = { "R023" },
      run = function()
        check_generation(use, now)
      end,
    })

    step("Data is collected", {
      covers = { "R024" },
      run = function()
        check_collectors(use)
      end,
    })

    step("Alerts are quiet and delivered", {
      covers = { "R025" },
      run = function()
        check_alerts(use, now, p.delivery)
      end,
    })

    step("The database fits its disk", {
      covers = { "R026" },
      run = function()
        check_database(use, p)
      end,
    })

    step("Last night's backups are there", {
      covers = { "R027" },
      run = function()
        check_backup("PostgreSQL", p.postgres_backups, "*.sql.gz", now, p.backup_age)
        check_backup("Redis", p.redis_backups, "*.rdb.gz", now, p.backup_age)
      end,
    })
  end,
})
