--- The word that describes parameters: param; and what checks the tables of all such words.
--
-- Depends on: nothing. `...`: engine/vm/native.c.
local native = ...

local PARAM_FIELDS = {
  default = true,
  help = "string",
  choices = "table",
  min = true,
  max = true,
  required = "boolean",
}

local BOUNDED = { integer = true, number = true, duration = true, bytes = true, port = true }
local CHOICES = 63

local TYPES = {
  "string",
  "integer",
  "number",
  "boolean",
  "choice",
  "duration",
  "bytes",
  "host",
  "port",
  "path",
  "secret",
}

local function fail(...)
  error(string.format(...), 0)
end

local function at(...)
  local file, line = native.where()
  fail("%s:%d: %s", file, line, string.format(...))
end

local function check_fields(what, spec, known)
  if type(spec) ~= "table" then
    at("%s takes a table, not a %s", what, type(spec))
  end
  for name, value in pairs(spec) do
    local wanted = known[name]
    if wanted == nil then
      at("%s: unknown field '%s'", what, tostring(name))
    elseif wanted ~= true and type(value) ~= wanted then
      at("%s: field '%s' must be a %s, not a %s", what, name, wanted, type(value))
    end
  end
end

--- Raises unless value is a list of texts that fit on a line.
local function check_texts(what, value)
  for i, text in pairs(value) do
    if math.type(i) ~= "integer" or type(text) ~= "string" or text == "" or text:find("%c") then
      at("%s must be a list of strings, each one line", what)
    end
  end
end

--- Raises unless choices and bounds make sense for that kind of parameter.
local function check_param(kind, made)
  if kind == "choice" and (made.choices == nil or #made.choices == 0) then
    at('param.choice: give it choices = { "one", "two" }')
  end
  check_texts("param." .. kind .. ": choices", made.choices or {})
  if made.choices ~= nil and #made.choices > CHOICES then
    at("param.%s: more than %d choices", kind, CHOICES)
  end
  for _, name in ipairs({ "min", "max" }) do
    if made[name] ~= nil and not BOUNDED[kind] then
      at("param.%s has no %s", kind, name)
    elseif made[name] ~= nil then
      local value, why = native.param_check({ type = kind, name = name }, made[name])
      if value == nil then
        at("param.%s: %s", kind, why)
      end
    end
  end
end

local function make_param(kind)
  return function(spec)
    spec = spec or {}
    check_fields("param." .. kind, spec, PARAM_FIELDS)
    local made = { type = kind, name = "default" }
    for name, value in pairs(spec) do
      made[name] = value
    end
    check_param(kind, made)
    if made.default ~= nil then
      local value, why = native.param_check(made, made.default)
      if value == nil then
        at("param.%s: %s", kind, why)
      end
    end
    return made
  end
end

local function describe_params(params)
  local list = {}
  for name, made in pairs(params or {}) do
    if type(name) ~= "string" or not name:find("^[%a_][%w_-]*$") then
      at("procedure: params: '%s' is no name: letters, digits, _ and -", tostring(name))
    end
    if type(made) ~= "table" or made.type == nil then
      at("procedure: params.%s: write param.string({ … }) or another type", name)
    end
    local copy = {}
    for field, value in pairs(made) do
      copy[field] = value
    end
    copy.name = name
    list[#list + 1] = copy
  end
  return list
end

--- @class param.Spec
--- @field default? any  without it a value must be given
--- @field help? string  what it means, for belay show and the question
--- @field choices? string[]  of param.choice
--- @field min? number|string  of numbers, sizes and durations
--- @field max? number|string  likewise
--- @field required? boolean  false: may be missing without a default

--- @class param
--- @field string fun(spec?: param.Spec): table  text
--- @field integer fun(spec?: param.Spec): table  "7", 7
--- @field number fun(spec?: param.Spec): table  "0.5", 0.5
--- @field boolean fun(spec?: param.Spec): table  "true", "false"
--- @field choice fun(spec?: param.Spec): table  one of choices
--- @field duration fun(spec?: param.Spec): table  "90s", "2m", "1h30m": seconds
--- @field bytes fun(spec?: param.Spec): table  "64MB", "2GiB": a number of bytes
--- @field host fun(spec?: param.Spec): table  a host name or address
--- @field port fun(spec?: param.Spec): table  1 to 65535
--- @field path fun(spec?: param.Spec): table  text
--- @field secret fun(spec?: param.Spec): table  opaque; never from --set

local param = {}
for _, kind in ipairs(TYPES) do
  param[kind] = make_param(kind)
end

native.define("param", native.freeze(param, "param"))
native.at = at
native.check_fields = check_fields
native.check_texts = check_texts
native.describe_params = describe_params
