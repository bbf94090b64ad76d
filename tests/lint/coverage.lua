--- Checks that every stdlib module is complete: texts, examples, a Lua test.
--
-- Reads the tables in stdlib/<module>.c. Every operation and pure function needs a name, a text
-- and an example; every argument a text; tests/lua/<module>_test.lua must exist and call each.
-- A module with connections must have met every kind of bad server (tests/support/hostile.h).
package.path = "tests/lint/?.lua;" .. package.path
local lint = require("lint")

local HOSTILE = { "SILENT", "SLOW", "FLOOD", "GARBAGE" }

--- The `{ … }` entries of the table whose opening brace is at `at`: { text =, at = }.
local function get_entries(text, at)
  local entries, depth, from = {}, 0, nil
  for index, sign in text:sub(at):gmatch("()([{}])") do
    depth = depth + (sign == "{" and 1 or -1)
    if sign == "{" and depth == 2 then
      from = at + index - 1
    elseif sign == "}" and depth == 1 then
      table.insert(entries, { text = text:sub(from, at + index - 1), at = from })
    elseif depth == 0 then
      break
    end
  end
  return entries
end

local function get_line(text, at)
  return select(2, text:sub(1, at):gsub("\n", "\n")) + 1
end

--- A field's string in an entry, adjacent literals joined; nil when it is not set.
local function get_field(entry, name)
  local value = entry:match("%." .. name .. '%s*=%s*("[^=]*)')
  if not value then
    return entry:find("%." .. name .. "%s*=") and "?" or nil
  end
  return (value:match('^(.-")%s*,?%s*[%.}]') or value)
    :gsub('"%s*"', "")
    :gsub('^"', "")
    :gsub('"$', "")
end

local function check_entry(path, text, entry, needs, test)
  local line, name = get_line(text, entry.at), get_field(entry.text, "name")
  if not name then
    if not entry.text:match("^{%s*0?%s*}$") then
      lint.add(path, line, "an entry without .name")
    end
    return 0
  end
  for _, field in ipairs(needs) do
    local value = get_field(entry.text, field)
    if not value or value == "" then
      lint.add(path, line, "%s has no .%s", name, field)
    end
  end
  if test and not test:find("%f[%w_]" .. name .. "%f[^%w_]") then
    lint.add(path, line, "%s is never called in the module's Lua test", name)
  end
  return 1
end

--- A module that talks to servers is tested against all that a server may do to it.
local function check_hostile(path, name)
  local source, tests = {}, {}
  for _, found in ipairs(lint.find_files({ "stdlib", "tests/unit", "tests/e2e" }, { ".c" })) do
    local base = found:match("([^/]+)%.c$")
    local into = found:match("^stdlib/") and source or tests
    base = base:gsub("^test_", "")
    if base == name or base:sub(1, #name + 1) == name .. "_" then
      table.insert(into, lint.strip_c(lint.get_text(found)))
    end
  end
  if not table.concat(source):find(".settings =", 1, true) then -- it has no connections
    return
  end
  local text = table.concat(tests)
  for _, kind in ipairs(HOSTILE) do
    if not text:find("HOSTILE_" .. kind, 1, true) then
      lint.add(path, nil, "is not tested against HOSTILE_%s (tests/unit/test_%s.c)", kind, name)
    end
  end
  if not text:find("HOSTILE_RESET", 1, true) and not text:find("HOSTILE_CLOSE", 1, true) then
    lint.add(path, nil, "is not tested against HOSTILE_RESET or HOSTILE_CLOSE")
  end
  if not text:find("test_[%w_]*cancel") then
    lint.add(path, nil, "has no test named test_…cancel…: what is left after a cancel?")
  end
end

local function check_module(path)
  local name = path:match("([^/]+)%.c$")
  local text = lint.strip_c(lint.get_text(path), true)
  local test_path = ("tests/lua/%s_test.lua"):format(name)
  local test, count = lint.get_text(test_path), 0
  if not test then
    lint.add(path, nil, "has no %s", test_path)
  end
  for kind, at in text:gmatch("struct%s+(bl_%w+)%s+[%w_]+%[%]%s*=%s*(){") do
    for _, entry in ipairs(get_entries(text, at)) do
      if kind == "bl_operation" or kind == "bl_function" then
        count = count + check_entry(path, text, entry, { "text", "example" }, test)
      elseif kind == "bl_arg" then
        check_entry(path, text, entry, { "text" }, nil)
      end
    end
  end
  check_hostile(path, name)
  if count == 0 then
    lint.add(path, nil, "is a module without operations; helpers are named module_x.c")
  end
  return count
end

local modules, operations = 0, 0
for _, path in ipairs(lint.find_files({ "stdlib" }, { ".c" })) do
  if path:match("^stdlib/[^/_]+%.c$") then -- in folders inside are programs, no modules
    modules = modules + 1
    operations = operations + check_module(path)
  end
end
lint.finish(("%d operations of %d modules"):format(operations, modules))
