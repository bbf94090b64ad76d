--- The words that describe: project, environment, secret, procedure.
--
-- Depends on: words.param. `...`: engine/vm/native.c.
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

local TITLE = 200

local at, check_fields, check_texts = native.at, native.check_fields, native.check_texts

--- Turns `may = { cache = "destroy" }` into classes by target.
local function describe_may(uses, may)
  local classes = {}
  for name, class in pairs(may or {}) do
    if type(name) ~= "string" or (class ~= "change" and class ~= "destroy") then
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
--- @field title string  one line
--- @field run fun(p: table, use: table): any  takes the parameters and the connections
--- @field kind? "procedure"|"checklist"  in a checklist a failed step does not stop the run
--- @field summary? string  what it is for
--- @field section? string  where belay list shows it
--- @field severity? string  such as "high"
--- @field roles? string[]  for whom
--- @field tags? string[]  for belay list --tag
--- @field symptoms? string[]  what somebody sees who needs it
--- @field covers? string[]  rows of the owner's runbook
--- @field uses? table<string, string>  { db = "postgres.main" }; false without "docker.engine?"
--- @field may? table<string, "change"|"destroy">  by name of uses, file or ["exec.PROGRAM"]
--- @field params? table<string, table>  { days = param.integer({ default = 30 }) }

--- Defines the procedure of this file; its id is the file's path.
---
--- @param spec procedure.Spec
local function procedure(spec)
  check_fields("procedure", spec, FIELDS)
  if rawget(spec, "title") == nil or rawget(spec, "run") == nil then
    at("procedure: give it at least a title and run = function(p, use) … end")
  end
  if spec.kind ~= nil and spec.kind ~= "checklist" and spec.kind ~= "procedure" then
    at('procedure: kind is "procedure" (the default) or "checklist", not \'%s\'', spec.kind)
  end
  local uses = spec.uses or {}
  for name, target in pairs(uses) do
    if
      type(name) ~= "string"
      or type(target) ~= "string"
      or not target:find("^%l+%.[%w_-]+%??$")
    then
      at('procedure: uses.%s names a connection: "redis.cache", or "docker.engine?"', name)
    end
  end
  local description = {}
  for name, value in pairs(spec) do
    if name ~= "run" then
      description[name] = value
    end
  end
  if spec.title == "" or #spec.title > TITLE or spec.title:find("%c") then
    at("procedure: a title is one line of 1 to %d bytes", TITLE)
  end
  for _, name in ipairs({ "roles", "tags", "symptoms", "covers" }) do
    check_texts("procedure: '" .. name .. "'", spec[name] or {})
  end
  description.params = native.describe_params(spec.params)
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

--- @class environment.Spec  the tables below, and one for each other module with connections
--- @field postgres? table<string, table>  by name: { main = { host = "db", user = "reader" } }
--- @field redis? table<string, table>  each has the settings of its module
--- @field state? string  the folder of the journals; without it one of the user's own
--- @field policy? policy.Spec  how changes are asked for
--- @field signing? signing.Spec  who signs runs, and whose signatures count
--- @field params? table<string, any>  values of parameters, for all procedures that have them
--- @field exec? table<string, program.Spec>  by program; those not listed here destroy

--- @class policy.Spec
--- @field change? "confirm"|"free"|"refuse"  asked once a step, not asked, never done
--- @field destroy? "refuse"|table  { typed = true }: its target's name has to be typed

--- @class signing.Spec
--- @field key? string  the SSH key that signs, such as "~/.ssh/id_ed25519.pub"
--- @field allowed? string  the file of people and their keys; "allowed_signers" of the project
--- @field required? boolean  a run that cannot sign does not begin

--- @class program.Spec
--- @field class "change"|"destroy"  the most that the program does
--- @field target? string  the connection it works on, such as "postgres.main"

--- Describes an environment; in environments/NAME.lua only.
---
--- @param spec environment.Spec
local function environment(spec)
  if type(spec) ~= "table" then
    at("environment takes a table, not a %s", type(spec))
  end
  native.keep("environment", spec)
end

--- @class secret.From  one of file, command and prompt
--- @field file? string  its text; nobody but its owner, this user or root, may read it
--- @field command? string[]  what this program prints, e.g. { "pass", "show", "redis" }
--- @field prompt? string  a person types it at the start of a run
--- @field name? string  how it is shown

--- An opaque value: the environment variable of that name, else the systemd credential.
--- An environment file may say where else it comes from; it is fetched by a run that needs it,
--- and never to list, show or validate.
---
--- @param name string|secret.From
--- @return userdata
local function secret(name)
  if type(name) == "table" then
    return native.secret(name)
  end
  if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") then
    at('secret: give it the name of an environment variable, such as "PGPASSWORD"')
  end
  return native.secret(name)
end

native.define("procedure", procedure)
native.define("project", project)
native.define("environment", environment)
native.define("secret", secret)
