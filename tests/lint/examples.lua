--- Checks that every example of the modules' tables does what it is the example of.
--
-- Each becomes a procedure of a project whose environment has every kind of connection, and
-- `belay validate` walks through them: it loads the Lua, knows the operations and checks the
-- arguments. Those of pure functions are evaluated. Then every name is spoilt, and each of the
-- spoilt ones must be found. Usage: lua5.4 tests/lint/examples.lua BELAY
package.path = "tests/lint/?.lua;" .. package.path
local lint = require("lint")

local PAGE = "docs/reference/modules.md"
local belay = arg[1]

local ENVIRONMENT = [[
environment({
  amqp = { broker = { url = "amqp://127.0.0.1:1/" } },
  docker = { engine = { socket = "/nowhere" } },
  http = { api = { url = "http://127.0.0.1:1" } },
  postgres = { db = { host = "127.0.0.1", port = 1, dbname = "x", user = "x" } },
  redis = { cache = { url = "redis://127.0.0.1:1" } },
})
]]

local PROCEDURE = [[
%s
procedure({
  title = "An example",
  uses = {
    api = "http.api",
    broker = "amqp.broker",
    cache = "redis.cache",
    db = "postgres.db",
    engine = "docker.engine",
  },
  may = {
    api = "destroy",
    broker = "destroy",
    cache = "destroy",
    db = "destroy",
    engine = "destroy",
    file = "destroy",
    ["exec.pg_isready"] = "destroy",
  },
  run = function(_, use)
    step("The example", function()
      return %s, use
    end)
  end,
})
]]

--- What a command writes, and whether it ended well.
local function get_output(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read("a")
  return text, pipe:close() == true
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end

--- The examples of the page that the program writes: { module =, name =, code =, is_pure = }.
local function get_examples()
  local examples, module, name, code, is_pure = {}, nil, nil, nil, false
  for line in get_output(belay .. " reference modules"):gmatch("([^\n]*)\n") do
    if code and line == "```" then
      table.insert(examples, { module = module, name = name, is_pure = is_pure, code = code })
      code = nil
    elseif code then
      code = code .. line .. "\n"
    elseif line == "```lua" then
      code = ""
    elseif line:match("^## ") then
      module = line:match("^## (.*)")
    elseif line:match("^### ") then
      name, is_pure = line:match("^### (.*)"), false
    elseif line:match(" A pure function%.$") then
      is_pure = true
    end
  end
  return examples
end

--- Writes a project of these examples into a folder.
local function write_project(folder, examples)
  assert(os.execute("mkdir -p " .. folder .. "/environments"))
  write(folder .. "/belay.lua", 'project({ name = "examples", environment = "all" })\n')
  write(folder .. "/environments/all.lua", ENVIRONMENT)
  for _, example in ipairs(examples) do
    local needs = example.code:find("use.", 1, true) and ""
      or ('local %s = require("%s")'):format(example.module, example.module)
    local path = ("%s/%s_%s.lua"):format(folder, example.module, example.name)
    write(path, PROCEDURE:format(needs, (example.code:gsub("\n+$", ""))))
  end
end

local function check_pure(example)
  local text = ('local %s = require("%s")\nreturn %s'):format(
    example.module,
    example.module,
    example.code
  )
  local path = os.tmpname()
  write(path, text)
  local said, is_well = get_output(("cd /tmp && %s eval --file %s"):format(belay, path))
  os.remove(path)
  if not is_well then
    lint.add(PAGE, nil, "the example of %s.%s: %s", example.module, example.name, said)
  end
end

--- The same examples with the names of their operations spoilt; one that does not call what it
--- is the example of is a finding.
local function get_spoilt(examples)
  local spoilt = {}
  for _, example in ipairs(examples) do
    local call = "([.:])(" .. example.name .. "%()"
    local code, count = example.code:gsub(call, "%1un%2")
    if count == 0 then
      lint.add(PAGE, nil, "the example of %s.%s does not call it", example.module, example.name)
    end
    table.insert(spoilt, { module = example.module, name = example.name, code = code })
  end
  return spoilt
end

local function check_all(folder)
  local examples = get_examples()
  write_project(folder .. "/good", examples)
  write_project(folder .. "/spoilt", get_spoilt(examples))
  local said, is_well = get_output(belay .. " validate --project " .. folder .. "/good")
  if not is_well then
    lint.add(PAGE, nil, "%s", said)
  end
  said = get_output(belay .. " validate --project " .. folder .. "/spoilt")
  for _, example in ipairs(examples) do
    if not said:find(("%s_%s.lua:"):format(example.module, example.name), 1, true) then
      local text = "a wrong name in the example of %s.%s is not found"
      lint.add(PAGE, nil, text, example.module, example.name)
    end
    if example.is_pure then
      check_pure(example)
    end
  end
  return #examples
end

local folder = get_output("mktemp -d"):gsub("\n", "")
local is_ok, count = xpcall(check_all, debug.traceback, folder)
os.execute("rm -rf " .. folder)
if not is_ok or count == 0 then
  lint.add(PAGE, nil, "%s", is_ok and "no example found" or count)
end
lint.finish(("%s examples"):format(count))
