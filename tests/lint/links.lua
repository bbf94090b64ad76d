--- Checks the Markdown files: every relative link leads to a file, and the prose stays plain.
package.path = "tests/lint/?.lua;" .. package.path
local lint = require("lint")

local function has_path(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

--- Markdown with fenced code blanked out; lines keep their numbers.
local function get_prose(text)
  local lines, fenced = lint.get_lines(text), false
  for number, line in ipairs(lines) do
    local fence = line:match("^%s*```") ~= nil
    if fence or fenced then
      lines[number] = ""
    end
    fenced = fenced ~= fence
  end
  return lines
end

local function check_line(path, number, line)
  for target in line:gsub("`[^`]*`", ""):gmatch("%]%(([^)]+)%)") do
    local place = target:gsub("#.*$", "")
    if place ~= "" and not place:match("^%a+:") then
      local full = place:sub(1, 1) == "/" and place:sub(2) or path:gsub("[^/]*$", "") .. place
      if not has_path(full) then
        lint.add(path, number, "links to %s, which is not there", target)
      end
    end
  end
  if select(2, line:gsub("\u{2014}", "")) > 1 then
    lint.add(path, number, "chains dashes: make it two sentences")
  end
end

local count = 0
for _, path in ipairs(lint.find_files({ "." }, { ".md" })) do
  path = path:gsub("^%./", "")
  if not path:match("^build/") then
    count = count + 1
    for number, line in ipairs(get_prose(lint.get_text(path))) do
      check_line(path, number, line)
    end
  end
end
lint.finish(("links of %d pages"):format(count))
