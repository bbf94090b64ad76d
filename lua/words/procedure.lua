--- The words that describe: project, environment, secret, param, procedure.
--
-- Depends on: nothing. `...`: engine/vm/native.c.
local native = ...

local FIELDS = {
  title = "string",
  kind = "string",
  summary = "string",
  section = "string",
  severity = "string",
  roles = "table",
  tags = "table",
  symptoms = "table",
  covers = "table",
  uses = "table",
  may = "table",
  params = "table",
  run = "function",
}

local PARAM_FIELDS = {
  default = true,
  help = true,
  choices = true,
  min = true,
  max = true,
  required = true,
}

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

local function make_param(kind)
  return function(spec)
    spec = spec or {}
    check_fields("param." .. kind, spec, PARAM_FIELDS)
    local made = { type = kind, name = "default" }
    for name, value in pairs(spec) do
      made[name] = value
    end
    if kind == "choice" and (type(made.choices) ~= "table" or #made.choices == 0) then
      at('param.choice: give it choices = { "one", "two" }')
    end
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

--- Turns `may = { cache = "destroy" }` into classes by target.
local function describe_may(uses, may)
  local classes = {}
  for name, class in pairs(may or {}) do
    if class ~= "change" and class ~= "destroy" then
      at('procedure: may.%s must be "change" or "destroy"', name)
    end
    local target = uses[name] and uses[name]:gsub("%?$", "")
    if target == nil and not name:find(".", 1, true) and name ~= "file" then
      at("procedure: may.%s: no such name in `uses` (commands are written exec.PROGRAM)", name)
    end
    classes[target or name] = class
  end
  return classes
end

--- Gives the parameters of a run as a table whose unknown fields raise.
local function make_parameters(values)
  return native.freeze(values, "p")
end

local function make_start(spec)
  return function(values)
    local use = {}
    for name, target in pairs(spec.uses or {}) do
      use[name] = native.use(target:gsub("%?$", ""))
    end
    return spec.run(make_parameters(values), native.freeze(use, "use"))
  end
end

--- @class procedure.Spec
--- @field title string
--- @field run fun(p: table, use: table): any
--- @field kind? "procedure"|"checklist"  in a checklist a failed step does not stop the run
--- @field summary? string
--- @field section? string
--- @field severity? string
--- @field roles? string[]
--- @field tags? string[]
--- @field symptoms? string[]
--- @field covers? string[]  rows of the owner's runbook
--- @field uses? table<string, string>  connections; "docker.engine?" may be missing (false then)
--- @field may? table<string, "change"|"destroy">
--- @field params? table<string, table>

--- Defines the procedure of this file; its id is the file's path.
---
--- @param spec procedure.Spec
local function procedure(spec)
  check_fields("procedure", spec, FIELDS)
  if spec.title == nil or spec.run == nil then
    at("procedure: give it at least a title and run = function(p, use) … end")
  end
  if spec.kind ~= nil and spec.kind ~= "checklist" and spec.kind ~= "procedure" then
    at('procedure: kind is "procedure" (the default) or "checklist", not \'%s\'', spec.kind)
  end
  local uses = spec.uses or {}
  for name, target in pairs(uses) do
    if type(target) ~= "string" or not target:find("^%l+%.[%w_-]+%??$") then
      at('procedure: uses.%s names a connection: "redis.cache", or "docker.engine?"', name)
    end
  end
  local description = {}
  for name, value in pairs(spec) do
    if name ~= "run" then
      description[name] = value
    end
  end
  description.params = describe_params(spec.params)
  description.uses = uses
  description.may = describe_may(uses, spec.may)
  native.define_procedure(description, { start = make_start(spec) })
end

--- Describes the project; in belay.lua only.
---
--- @param spec { name: string, title?: string, environment?: string }
local function project(spec)
  check_fields("project", spec, { name = "string", title = "string", environment = "string" })
  native.keep("project", spec)
end

--- Describes an environment: connections by module and name, state, policy, params, exec.
---
--- @param spec table
local function environment(spec)
  if type(spec) ~= "table" then
    at("environment takes a table, not a %s", type(spec))
  end
  native.keep("environment", spec)
end

--- An opaque value: the environment variable of that name, else the systemd credential.
---
--- @param name string
--- @return userdata
local function secret(name)
  if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
    at('secret: give it the name of an environment variable, such as "PGPASSWORD"')
  end
  return native.secret(name)
end

--- @class param.Spec
--- @field default? any
--- @field help? string
--- @field choices? string[]  of param.choice
--- @field min? number|string
--- @field max? number|string
--- @field required? boolean  false: may be missing without a default

--- @class param
--- @field string fun(spec?: param.Spec): table
--- @field integer fun(spec?: param.Spec): table
--- @field number fun(spec?: param.Spec): table
--- @field boolean fun(spec?: param.Spec): table
--- @field choice fun(spec?: param.Spec): table
--- @field duration fun(spec?: param.Spec): table
--- @field bytes fun(spec?: param.Spec): table
--- @field host fun(spec?: param.Spec): table
--- @field port fun(spec?: param.Spec): table
--- @field path fun(spec?: param.Spec): table
--- @field secret fun(spec?: param.Spec): table

local param = {}
for _, kind in ipairs(TYPES) do
  param[kind] = make_param(kind)
end

native.define("param", native.freeze(param, "param"))
native.define("procedure", procedure)
native.define("project", project)
native.define("environment", environment)
native.define("secret", secret)
