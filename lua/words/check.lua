--- The word check: a measured value held against a limit.
--
-- Depends on: regex. `...`: engine/vm/native.c.
local native = ...

local regex = require("regex")

local UNITS = { bytes = "bytes", seconds = "duration" }
local methods = {}
local Check = { __index = methods, __name = "check", __metatable = false }
local open = {} -- checks that had no limit when last looked at

local show = native.measure

--- A limit as a number: sizes and durations may be written as text.
local function read_limit(self, limit)
  local kind = UNITS[self.unit]
  if type(limit) == "string" and kind ~= nil then
    local number, why = native.param_check({ type = kind, name = "limit" }, limit)
    if number == nil then
      native.misuse("check '%s': %s", self.name, why)
    end
    return number
  end
  if native.is_any(limit) then
    return limit
  elseif type(limit) ~= "number" or limit ~= limit then
    local found = type(limit) == "number" and "not NaN (0/0)" or "not a " .. type(limit)
    native.misuse("check '%s': the limit must be a number, %s", self.name, found)
  end
  return limit
end

--- Records a verdict and gives true unless it is a failure.
local function record(self, verdict, limit)
  self.is_judged = true
  local given = native.check({
    name = self.name,
    value = self.value,
    unit = self.unit,
    verdict = verdict,
    limit = limit,
    text = string.format("%s: %s, %s", self.name, show(self.value, self.unit), limit),
  })
  return given ~= "fail"
end

local function judge(self, opts, good, word, limit)
  local number = read_limit(self, limit)
  local warn = native.read_opts("check '" .. self.name .. "'", opts).warn
  local text = word .. " " .. show(number, self.unit)
  if type(self.value) ~= "number" then
    return record(self, "fail", text)
  elseif not good(self.value, number) then
    return record(self, "fail", text)
  elseif warn ~= nil and not good(self.value, read_limit(self, warn)) then
    return record(
      self,
      "warn",
      text .. ", warning from " .. show(read_limit(self, warn), self.unit)
    )
  end
  return record(self, "pass", text)
end

--- What a value may be equal to: plain data; NaN is equal to nothing.
local function read_expected(self, expected)
  if type(expected) == "function" or expected ~= expected then
    local found = type(expected) == "function" and "a function" or "NaN (0/0)"
    native.misuse("check '%s': nothing can be equal to %s", self.name, found)
  end
  return expected
end

function methods:at_most(limit, opts)
  return judge(self, opts, function(value, bound)
    return value <= bound
  end, "at most", limit)
end

function methods:at_least(limit, opts)
  return judge(self, opts, function(value, bound)
    return value >= bound
  end, "at least", limit)
end

function methods:between(low, high)
  local least, most = read_limit(self, low), read_limit(self, high)
  local good = type(self.value) == "number" and self.value >= least and self.value <= most
  local text = "between " .. show(least, self.unit) .. " and " .. show(most, self.unit)
  return record(self, good and "pass" or "fail", text)
end

function methods:equals(expected)
  read_expected(self, expected)
  return record(self, self.value == expected and "pass" or "fail", "must be " .. show(expected))
end

function methods:one_of(list)
  local names, good = {}, false
  if not native.is_table(list) then
    native.misuse("check '%s': one_of takes a list, not a %s", self.name, type(list))
  end
  for i, item in ipairs(list) do
    names[i] = show(read_expected(self, item))
    good = good or item == self.value
  end
  return record(self, good and "pass" or "fail", "must be one of " .. table.concat(names, ", "))
end

function methods:matches(pattern)
  local good = type(self.value) == "string" and regex.test(pattern, self.value)
  return record(self, good and "pass" or "fail", "must match " .. pattern)
end

function methods:is_true()
  return record(self, self.value == true and "pass" or "fail", "must be true")
end

for name, method in pairs(methods) do
  methods[name] = function(self, ...)
    if getmetatable(self) ~= false or self.name == nil then
      native.misuse("check: write check(…):%s(…), with a colon", name)
    end
    return method(self, ...)
  end
end

--- @class check
--- @field at_most fun(self: check, limit: number|string, opts?: check.Opts): boolean
--- @field at_least fun(self: check, limit: number|string, opts?: check.Opts): boolean
--- @field between fun(self: check, low: number|string, high: number|string): boolean
--- @field equals fun(self: check, expected: any): boolean  plain data
--- @field one_of fun(self: check, list: any[]): boolean  any of them
--- @field matches fun(self: check, pattern: string): boolean  a regex
--- @field is_true fun(self: check): boolean  true itself

--- @class check.Opts
--- @field warn? number|string  a limit inside the limit; between the two is a warning

--- A measured value, to be held against a limit: `check("depth", n, "messages"):at_most(1000)`.
--- The limit gives false for a failure and true otherwise, and stops nothing. The same check made
--- again replaces its result. With the unit "bytes" or "seconds" limits may be text ("2GB", "5m").
---
--- @param name string
--- @param value any  what was measured; nil is a failure
--- @param unit? string
--- @return check
local function check(name, value, unit)
  if type(name) ~= "string" or name == "" or name:find("\0", 1, true) then
    native.misuse("check: the first argument is its name, a string")
  end
  native.read_title("check: the name", name)
  native.no_secret("check '" .. name .. "'", value)
  if type(value) == "function" or (unit ~= nil and type(unit) ~= "string") then
    native.misuse("check '" .. name .. "': give it a value and, if it has one, a unit")
  end
  local made = setmetatable({ name = name, value = value, unit = unit }, Check)
  made.path = native.path()
  open[#open + 1] = made
  return made
end

--- The name of a check of this step that got no limit; nil when there is none.
function native.unfinished_check()
  local path, left, found = native.path(), {}, nil
  for _, made in ipairs(open) do
    if not made.is_judged and made.path == path then
      found = found or made.name
    elseif not made.is_judged then
      left[#left + 1] = made
    end
  end
  open = left
  return found
end

native.define("check", check)
