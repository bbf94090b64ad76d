--- Looks at services, containers and databases; shared by the checklists.
--
-- Depends on: inventory.
local inventory = require("inventory")

local M = {}

--- Asks every service for its health page, all at once, and checks each.
---
--- @param use table  the procedure's connections
function M.check_services(use)
  each(inventory.services, { at_once = 16 }, function(service)
    local answer, err = try(function()
      return use[service.use]:get(service.path, { timeout = "10s" })
    end)
    check(service.title, answer and answer.status or err.code):equals(200)
  end)
end

--- Asks the database, the cache and the broker whether they answer.
---
--- @param use table  the procedure's connections
function M.check_stores(use)
  parallel({
    database = function()
      local one, err = try(function()
        return use.database:value("select 1")
      end)
      check("PostgreSQL", one == 1 and "answers" or err.code):equals("answers")
    end,
    cache = function()
      local pong, err = try(function()
        return use.cache:ping()
      end)
      check("Redis", pong and "answers" or err.code):equals("answers")
    end,
    broker = function()
      local pong, err = try(function()
        return use.broker:ping()
      end)
      check("RabbitMQ", pong and "answers" or err.code):equals("answers")
    end,
  })
end

--- Checks that each container runs and how many have started again since `since`.
---
--- @param engine table  the Docker connection
--- @param since number  seconds since 1970 UTC
--- @param restarts integer  how many restarts are well
function M.check_containers(engine, since, restarts)
  local down, again = {}, {}
  for _, container in ipairs(engine:list({ all = true, name = inventory.container_prefix })) do
    local found = engine:inspect(container.name)
    if not found or not found.running then
      down[#down + 1] = container.name
    elseif found.restart_count > 0 and found.started > since then
      again[#again + 1] = container.name
    end
  end
  note("Not running: " .. (#down > 0 and table.concat(down, ", ") or "none"))
  note("Started again: " .. (#again > 0 and table.concat(again, ", ") or "none"))
  check("containers not running", #down):at_most(0)
  check("containers started again in 24 h", #again):at_most(restarts)
end

return M
