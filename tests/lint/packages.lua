--- Checks that the three lists of libraries agree: cmake/libraries.cmake, bootstrap, and the page
--- that gives the reason for each, docs/internals/dependencies.md.
package.path = "tests/lint/?.lua;" .. package.path
local lint = require("lint")

local CMAKE = "cmake/libraries.cmake"
local PAGE = "docs/internals/dependencies.md"

--- The Debian packages that bootstrap installs for building.
local function get_installed()
  local list = lint.get_text("bootstrap"):match("packages_build='(.-)'") or ""
  local installed = {}
  for package in list:gmatch("%S+") do
    installed[package] = true
  end
  return installed
end

--- The rows of the first table of the page: pkg-config name -> { packages, line }.
local function get_rows()
  local rows = {}
  for number, line in ipairs(lint.get_lines(lint.get_text(PAGE))) do
    local names, packages =
      line:match("^| [^|]+ | ([^|]+) | ([^|]+) | [^|]+ | [^|]+ | [^|]+ |$")
    if names then
      for name in names:gmatch("`([^`]+)`") do
        rows[name] = { packages = packages, line = number }
      end
    end
  end
  return rows
end

local installed, rows, count = get_installed(), get_rows(), 0
for pair in lint.get_text(CMAKE):gmatch('"([%w_]+|[^"]+)"') do
  local name = pair:match("|(.+)$")
  count = count + 1
  if not rows[name] then
    lint.add(CMAKE, nil, "%s has no row in %s: which licence, and why this one?", name, PAGE)
  end
end
for name, row in pairs(rows) do
  for package in row.packages:gmatch("`([^`]+)`") do
    if not installed[package] then
      lint.add(PAGE, row.line, "%s needs %s, which bootstrap does not install", name, package)
    end
  end
end
if count == 0 then
  lint.add(CMAKE, nil, "no library was found in it: does this script still read it rightly?")
end
lint.finish(("%d libraries"):format(count))
