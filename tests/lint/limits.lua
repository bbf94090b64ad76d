--- Checks sizes: lines of files and functions, complexity, nesting and arguments.
--
-- Above the first number something needs a line with a reason in limits.allow; above the second
-- nothing helps. Complexity is pmccabe's (a switch counts once). A Lua function is measured
-- without the functions inside it: a long list of steps is not one long function.
package.path = "tests/lint/?.lua;" .. package.path
local lint = require("lint")
local shape = require("shape")

local LIMITS = {
  ["C file lines"] = { 500, 600 },
  ["C function lines"] = { 60, 80 },
  ["complexity"] = { 12, 15 },
  ["nesting"] = { 3, 4 },
  ["arguments"] = { 5, 8 }, -- callbacks have the signature of their library
  ["Lua file lines"] = { 250, 400 },
  ["Lua function lines"] = { 40, 80 },
}

local ALLOW = "tests/lint/limits.allow"

--- limits.allow: "path name-or-* | what | reason", one a line.
local allowed, used = {}, {}
for number, line in ipairs(lint.get_lines(lint.get_text(ALLOW) or "")) do
  if line:match("%S") and not line:match("^%s*#") then
    local key, what, reason = line:match("^(%S+%s+%S+)%s*|%s*(.-)%s*|%s*(.-)%s*$")
    if not key or #reason < 10 or not LIMITS[what] then
      lint.add(ALLOW, number, "must read: path function-or-* | what | a reason")
    else
      allowed[key:gsub("%s+", " ") .. "|" .. what] = number
    end
  end
end

local function check(path, line, name, what, value)
  local soft, hard = table.unpack(LIMITS[what])
  if value <= soft then
    return
  end
  local key = ("%s %s|%s"):format(path, name, what)
  used[key] = true
  local text = "%s: %s is %d, above %d: split it"
  if value > hard then
    lint.add(path, line, text, name, what, value, hard)
  elseif not allowed[key] then
    lint.add(path, line, text .. ", or give a reason in limits.allow", name, what, value, soft)
  end
end

local function check_c(path)
  local text = lint.get_text(path)
  check(path, nil, "*", "C file lines", #lint.get_lines(text))
  for _, found in ipairs(shape.find_c_functions(text)) do
    check(path, found.line, found.name, "nesting", found.nesting)
    check(path, found.line, found.name, "arguments", found.arguments)
  end
end

--- pmccabe prints: complexity, another, statements, first line, lines, file(line): name
local MCCABE = "^(%d+)%s+%d+%s+%d+%s+(%d+)%s+(%d+)%s+(%S-)%(%d+%):%s+(.+)$"

local function check_complexity(paths)
  local list = os.tmpname()
  local file = assert(io.open(list, "w"))
  file:write(table.concat(paths, "\n"), "\n")
  file:close()
  local pipe = assert(io.popen("xargs pmccabe < " .. list))
  for line in pipe:lines() do
    local complexity, first, lines, path, name = line:match(MCCABE)
    if not path then
      lint.add("pmccabe", nil, "printed a line that is not understood: %s", line)
    else
      check(path, tonumber(first), name, "complexity", tonumber(complexity))
      check(path, tonumber(first), name, "C function lines", tonumber(lines))
    end
  end
  if not pipe:close() then
    lint.add("pmccabe", nil, "failed: is it installed?")
  end
  os.remove(list)
end

local function check_lua(path)
  local text = lint.get_text(path)
  check(path, nil, "*", "Lua file lines", #lint.get_lines(text))
  for _, found in ipairs(shape.find_lua_functions(text)) do
    check(path, found.line, found.name, "Lua function lines", found.lines)
  end
end

local c_files = lint.find_files({ "engine", "stdlib", "tests" }, { ".c", ".h" })
local lua_files = lint.find_files({ "lua", "runbooks", "tests" }, { ".lua" })
for _, path in ipairs(c_files) do
  check_c(path)
end
if #c_files > 0 then
  check_complexity(c_files)
end
for _, path in ipairs(lua_files) do
  check_lua(path)
end
for key, number in pairs(allowed) do
  if not used[key] then
    lint.add(ALLOW, number, "is no longer needed: remove the line")
  end
end
lint.finish(("sizes of %d C and %d Lua files"):format(#c_files, #lua_files))
