--- Checks that folders include and link downwards only, and that lua.h stays in engine/vm.
--
-- A folder may include itself and folders of a lower rank; stdlib only base, loop and guard. What
-- a folder includes must be reachable by the links that its CMakeLists.txt names.
package.path = "tests/lint/?.lua;" .. package.path
local lint = require("lint")

local RANKS = {
  base = 0,
  loop = 1,
  journal = 1,
  guard = 1,
  gate = 2,
  report = 2,
  stdlib = 2,
  world = 3,
  vm = 4,
  run = 5,
  check = 6,
  cli = 7,
}
local STDLIB_MAY = { stdlib = true, base = true, loop = true, guard = true }
local LUA_HEADERS = { ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true }

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

--- The folder that a file belongs to: "vm" for engine/vm/x.c, "stdlib" for stdlib/x.c.
local function get_folder(path)
  return path:match("^engine/([^/]+)/") or path:match("^(stdlib)/")
end

--- The folder that `#include "name"` in `path` leads to, or nil for a header that is not ours.
local function find_folder(path, name)
  local beside = path:gsub("[^/]*$", "") .. name
  for _, candidate in ipairs({ beside, "engine/" .. name, "stdlib/" .. name }) do
    if exists(candidate) then
      return get_folder(candidate)
    end
  end
  return nil
end

local function may_use(from, to)
  if from == to then
    return true
  end
  if from == "stdlib" then
    return STDLIB_MAY[to] or false
  end
  return RANKS[to] < RANKS[from]
end

local included = {} -- [folder][folder] = "path:line" of the first include

local function check_include(path, number, name)
  local from = get_folder(path)
  if LUA_HEADERS[name:match("[^/]*$")] and from ~= "vm" then
    lint.add(path, number, "includes %s; only engine/vm may know Lua", name)
  end
  local to = from and find_folder(path, name)
  if not to then
    return
  end
  if not RANKS[to] then
    lint.add(path, number, "includes %s of a folder without a rank: add it to layers.lua", name)
  elseif not may_use(from, to) then
    local text = "%s (rank %d) may not include %s of %s (rank %d)"
    lint.add(path, number, text, from, RANKS[from], name, to, RANKS[to])
  elseif to ~= from then
    included[from] = included[from] or {}
    included[from][to] = included[from][to] or ("%s:%d"):format(path, number)
  end
end

local function check_file(path)
  local from = get_folder(path)
  if from and not RANKS[from] then
    lint.add(path, nil, "is in a folder without a rank: add it to layers.lua")
    return
  end
  for number, line in ipairs(lint.get_lines(lint.strip_c(lint.get_text(path), true))) do
    local name = line:match('^%s*#%s*include%s*[<"]([^>"]+)[>"]')
    if name then
      check_include(path, number, name)
    end
  end
end

local links = {} -- [folder] = set of folders it links

local function read_links(path)
  local text = lint.get_text(path):gsub("#[^\n]*", "")
  for name, body in text:gmatch("bl_folder%(%s*([%w_]+)(.-)%)") do
    links[name] = {}
    for linked in body:gmatch("bl_([%w_]+)") do
      links[name][linked] = true
      if RANKS[name] and RANKS[linked] and not may_use(name, linked) then
        lint.add(path, nil, "%s may not link bl_%s: not a lower rank", name, linked)
      end
    end
    if body:find("PkgConfig::lua", 1, true) and name ~= "vm" then
      lint.add(path, nil, "%s links Lua; only vm may", name)
    end
  end
end

local function reaches(from, to, seen)
  seen = seen or {}
  if seen[from] then
    return false
  end
  seen[from] = true
  for linked in pairs(links[from] or {}) do
    if linked == to or reaches(linked, to, seen) then
      return true
    end
  end
  return false
end

local files = lint.find_files({ "engine", "stdlib", "tests" }, { ".c", ".h" })
for _, path in ipairs(files) do
  check_file(path)
end
for _, path in ipairs(lint.find_files({ "engine", "stdlib" }, { "CMakeLists.txt" })) do
  read_links(path)
end
for from, tos in pairs(included) do
  for to, where in pairs(tos) do
    if links[from] and not reaches(from, to) then
      lint.add(where, nil, "%s includes %s, which its link list does not lead to", from, to)
    end
  end
end
lint.finish(("includes of %d files"):format(#files))
