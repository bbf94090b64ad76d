--- What the lint scripts share: finding and reading files, stripping C, saying what is wrong.
--
-- Runs in the system's lua5.4, in the project's root folder. A script ends with lint.finish().

local M = {}

local problems = {}

--- Files below the given folders whose names end in one of `endings`, sorted.
---
--- @param folders string[]
--- @param endings string[]  for example { ".c", ".h" }
function M.find_files(folders, endings)
  local names = {}
  for _, ending in ipairs(endings) do
    table.insert(names, "-name '*" .. ending .. "'")
  end
  local found = {}
  for _, folder in ipairs(folders) do
    local command = "[ ! -e %s ] || find %s -type f \\( %s \\)"
    local pipe = assert(io.popen(command:format(folder, folder, table.concat(names, " -o "))))
    for path in pipe:lines() do
      table.insert(found, path)
    end
    assert(pipe:close(), "find failed in " .. folder)
  end
  table.sort(found)
  return found
end

--- The whole text of a file, or nil when there is none.
function M.get_text(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  return text
end

--- The lines of a text, without their ends.
function M.get_lines(text)
  local lines = {}
  for line in (text:gsub("\n$", "") .. "\n"):gmatch("(.-)\r?\n") do
    table.insert(lines, line)
  end
  return lines
end

local function blank(text)
  return (text:gsub("[^\n]", " "))
end

--- C text with comments, strings and characters blanked out; lines keep their numbers.
--- With `keep_strings` only the comments go.
function M.strip_c(text, keep_strings)
  local out, at = {}, 1
  while true do
    local from = text:find("[/\"']", at)
    if not from then
      table.insert(out, text:sub(at))
      return table.concat(out)
    end
    table.insert(out, text:sub(at, from - 1))
    local two, to = text:sub(from, from + 1), from
    local is_comment = two == "/*" or two == "//"
    if two == "/*" then
      to = select(2, text:find("*/", from + 2, true)) or #text
    elseif two == "//" then
      to = (text:find("\n", from, true) or #text + 1) - 1
    elseif two:sub(1, 1) ~= "/" then
      local quote = two:sub(1, 1)
      to = from + 1
      while to <= #text and text:sub(to, to) ~= quote do
        to = to + (text:sub(to, to) == "\\" and 2 or 1)
      end
    end
    local part = text:sub(from, to)
    if is_comment then
      part = blank(part)
    elseif to > from and not keep_strings then
      part = part:sub(1, 1) .. blank(part:sub(2, -2)) .. part:sub(-1)
    end
    table.insert(out, part)
    at = to + 1
  end
end

--- Writes down one violation: where, and what the reader has to do.
function M.add(path, line, message, ...)
  local where = line and ("%s:%d"):format(path, line) or path
  table.insert(problems, where .. ": " .. message:format(...))
end

--- Ends the script: prints what was found, or one line that says how much was looked at.
function M.finish(looked_at)
  if #problems == 0 then
    print(looked_at .. ": nothing found")
    os.exit(0)
  end
  for _, problem in ipairs(problems) do
    print(problem)
  end
  print(("%d found"):format(#problems))
  os.exit(1)
end

return M
