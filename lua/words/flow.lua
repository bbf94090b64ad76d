--- The words of order and time: parallel, each, wait_until, call.
--
-- Depends on: nothing. `...`: engine/vm/native.c.
local native = ...

--- The values in the order of the input; raises the first error once all have ended.
local function collect(ended)
  local values = {}
  for i, one in ipairs(ended) do
    if not one[1] then
      error(one[2], 0)
    end
    values[i] = one[2]
  end
  return values
end

local function make_branch(name, fn)
  return function()
    native.emit("branch_started", { name = name })
    local state, result = native.attempt(fn)
    native.emit("branch_ended", { name = name, status = state })
    if state ~= "ok" then
      error(result, 0)
    end
    return result
  end
end

--- Runs functions beside each other. All of them end; then the first error is raised, if there
--- was one.
---
--- @param branches table<string, fun(): any>
--- @return table<string, any> results  by name
local function parallel(branches)
  local names, functions = {}, {}
  if type(branches) ~= "table" then
    native.misuse("parallel: give it a table of functions by name")
  end
  for name, fn in pairs(branches) do
    native.read_title("parallel: a branch's name", name)
    if type(fn) ~= "function" then
      native.misuse(
        "parallel: '" .. tostring(name) .. "' must be a function, not a " .. type(fn)
      )
    end
    names[#names + 1] = name
    functions[#functions + 1] = make_branch(tostring(name), fn)
  end
  local results = {}
  local ended = native.gather(functions)
  for i, one in ipairs(ended) do
    if not one[1] then
      error(one[2], 0)
    end
    results[names[i]] = one[2]
  end
  return results
end

--- Calls fn for every item, `at_once` of them at a time (1 unless said).
---
--- @param list any[]
--- @param opts { at_once?: integer }
--- @param fn fun(item: any, index: integer): any
--- @return any[] results  in the order of the list
local function each(list, opts, fn)
  if fn == nil and type(opts) == "function" then
    opts, fn = {}, opts
  end
  opts = native.read_opts("each", opts)
  if not native.is_table(list) or type(fn) ~= "function" then
    native.misuse("each: give it a list, perhaps options, and a function")
  end
  local at_once = opts.at_once or 1
  if math.type(at_once) ~= "integer" or at_once < 1 then
    native.misuse("each: at_once must be an integer of at least 1")
  end
  local functions = {}
  for i, item in ipairs(list) do
    functions[i] = function()
      return fn(item, i)
    end
  end
  return collect(native.gather(functions, at_once))
end

local function end_wait(what, tries, seconds, status)
  local millis = math.floor(seconds * 1000)
  native.emit("wait_ended", { what = what, tries = tries, millis = millis, status = status })
end

local LEAST = 0.01 -- seconds between two tries

--- @class wait_until.Opts
--- @field timeout? number|string  1 minute unless said
--- @field every? number|string  1 second unless said, 10 ms at least

--- Calls fn until it gives something true. Raises `timeout` after that time. Not waited for in a
--- dry run.
---
--- @param what string  what is waited for
--- @param opts wait_until.Opts
--- @param fn fun(): any
--- @return any value  the first true value
local function wait_until(what, opts, fn)
  if fn == nil and type(opts) == "function" then
    opts, fn = {}, opts
  end
  opts = native.read_opts("wait_until", opts)
  if what == nil or type(fn) ~= "function" then
    native.misuse("wait_until: say what is waited for, perhaps options, and a function")
  end
  what = native.read_title("wait_until: what is waited for", what)
  local timeout = native.read_seconds("wait_until", "timeout", opts.timeout or "1m")
  local every = native.read_seconds("wait_until", "every", opts.every or "1s")
  if every < LEAST then
    native.misuse("wait_until: 'every' must be at least 10ms: what it asks needs room")
  end
  local start, tries = native.steady(), 0
  native.emit("wait_started", { what = what, timeout = timeout })
  while true do
    tries = tries + 1
    local value = fn()
    local world, assumed = native.world()
    local over = native.steady() - start
    if value or assumed ~= nil or world ~= "live" then
      local status = value and "ok" or "assumed"
      end_wait(what, tries, over, status)
      return value or true
    end
    if over + every > timeout then
      end_wait(what, tries, over, "timeout")
      local text = "waited %s for: %s: it did not come true in %d tries"
      local span = native.measure(over, "seconds")
      error(native.error("timeout", string.format(text, span, what, tries)), 0)
    end
    native.pause(every)
  end
end

--- Raises unless everything that the callee may do, the caller may do as well.
local function check_may(id, callee)
  local rank = { change = 1, destroy = 2 }
  local own = native.may()
  for target, class in pairs(callee or {}) do
    if (rank[own[target]] or 0) < rank[class] then
      local text = "call: %s may %s %s, so the caller must declare that too, with may"
      native.stop("guard", string.format(text, id, class, target))
    end
  end
end

local function read_params(id, description, given)
  local values = {}
  for _, param in ipairs(description.params) do
    local value = given[param.name]
    if value == nil then
      value = param.default
    end
    if value == nil and param.required then
      native.misuse("call: " .. id .. " needs the parameter '" .. param.name .. "'")
    end
    if value ~= nil then
      local normal, why = native.param_check(param, value)
      if normal == nil then
        native.misuse("call: " .. id .. ": " .. why)
      end
      values[param.name] = normal
    end
  end
  for name in pairs(given) do
    if values[name] == nil then
      native.misuse("call: " .. id .. " has no parameter '" .. tostring(name) .. "'")
    end
  end
  return values
end

--- Runs another procedure. The caller's `may` must contain the callee's.
---
--- @param id string  such as "database.redis_limit"
--- @param params? table<string, any>
--- @return any result  what its body returned
local function call(id, params)
  if type(id) ~= "string" or not id:find("^[%w_.-]+$") then
    native.misuse('call: give it a procedure\'s id, such as "database.redis_limit"')
  elseif params ~= nil and not native.is_table(params) then
    native.misuse("call: " .. id .. ": parameters are a table, not a " .. type(params))
  end
  local ok, why = pcall(native.load, id)
  if not ok then
    error(native.error("arg", "call: " .. tostring(native.wrap(why))), 0)
  end
  local description, body = native.body(id)
  if description == nil then
    native.misuse("call: " .. tostring(id) .. " is no procedure")
  end
  check_may(id, description.may)
  local values = read_params(id, description, params or {})
  local checklist = description.kind == "checklist"
  local ended = native.call(id, values, description.may, checklist, body.start)[1]
  if not ended[1] then
    error(ended[2], 0)
  end
  return ended[2]
end

native.define("parallel", parallel)
native.define("each", each)
native.define("wait_until", wait_until)
native.define("call", call)
