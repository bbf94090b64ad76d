--- Measures the shape of functions: nesting and arguments of C, own lines of Lua.
--
-- Works on tokens, not on a syntax tree: enough for code that is formatted by a tool.
local lint = require("lint")

local M = {}

local CONTROL = { ["if"] = true, ["for"] = true, ["while"] = true, ["switch"] = true }
local OPENS = { ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true }

--- A text as a list of { text =, line = }: words and single signs.
local function get_tokens(lines)
  local tokens = {}
  for number, line in ipairs(lines) do
    local at = line:find("%S")
    while at do
      local text = line:match("^[%w_]+", at) or line:sub(at, at)
      table.insert(tokens, { text = text, line = number })
      at = line:find("%S", at + #text)
    end
  end
  return tokens
end

--- Lines of C without directives and what follows them over a backslash.
local function get_code_lines(text)
  local lines, directive = lint.get_lines(lint.strip_c(text)), false
  for number, line in ipairs(lines) do
    directive = directive or line:match("^%s*#") ~= nil
    if directive then
      lines[number] = ""
    end
    directive = directive and line:match("\\%s*$") ~= nil
  end
  return lines
end

--- The index of the bracket that the one at `at` closes.
local function find_opening(tokens, at)
  local depth = 0
  for index = at, 1, -1 do
    local text = tokens[index].text
    depth = depth + (text == ")" and 1 or text == "(" and -1 or 0)
    if depth == 0 then
      return index
    end
  end
  return nil
end

--- Whether the brace at `at` is the body of if, for, while, switch, else or do.
local function is_control(tokens, at)
  local before = tokens[at - 1].text
  if before == "else" or before == "do" then
    return true
  end
  local opening = before == ")" and find_opening(tokens, at - 1)
  return opening and opening > 1 and CONTROL[tokens[opening - 1].text] or false
end

local function count_arguments(tokens, from, to)
  if to == from + 1 or (to == from + 2 and tokens[from + 1].text == "void") then
    return 0
  end
  local count, depth = 1, 0
  for index = from + 1, to - 1 do
    local text = tokens[index].text
    depth = depth + (text == "(" and 1 or text == ")" and -1 or 0)
    count = count + ((text == "," and depth == 0) and 1 or 0)
  end
  return count
end

--- The function whose body opens at token `at`, or nil when the brace opens something else.
local function find_function(tokens, at)
  if at < 4 or tokens[at - 1].text ~= ")" then
    return nil
  end
  local opening = find_opening(tokens, at - 1)
  if not opening or opening < 2 then
    return nil
  end
  local name = tokens[opening - 1]
  return {
    name = name.text,
    line = name.line,
    arguments = count_arguments(tokens, opening, at - 1),
    nesting = 0,
  }
end

--- The functions of a C text: { name, line, arguments, nesting }.
function M.find_c_functions(text)
  local tokens, found, stack, current = get_tokens(get_code_lines(text)), {}, {}, nil
  local depth = 0
  for at, token in ipairs(tokens) do
    if token.text == "{" then
      if #stack == 0 then
        current, depth = find_function(tokens, at), 0
        table.insert(found, current)
      end
      local control = #stack > 0 and is_control(tokens, at)
      table.insert(stack, control)
      depth = depth + (control and 1 or 0)
      if current and depth > current.nesting then
        current.nesting = depth
      end
    elseif token.text == "}" and #stack > 0 then
      depth = depth - (table.remove(stack) and 1 or 0)
    end
  end
  return found
end

--- Lua text with comments and strings blanked out; lines keep their numbers.
local function strip_lua(text)
  local function blank(part)
    return (part:gsub("[^\n]", " "))
  end
  local out, at = {}, 1
  while true do
    local from = text:find("[%-%[\"']", at)
    if not from then
      table.insert(out, text:sub(at))
      return table.concat(out)
    end
    local comment = text:match("^%-%-", from)
    local level = text:match("^%[(=*)%[", comment and from + 2 or from)
    local first, to = text:sub(from, from), from
    if level then
      to = select(2, text:find("]" .. level .. "]", from, true)) or #text
    elseif comment then
      to = (text:find("\n", from, true) or #text + 1) - 1
    elseif first == '"' or first == "'" then
      to = from + 1
      while to <= #text and text:sub(to, to) ~= first do
        to = to + (text:sub(to, to) == "\\" and 2 or 1)
      end
    end
    table.insert(out, text:sub(at, from - 1))
    table.insert(out, to > from and blank(text:sub(from, to)) or first)
    at = to + 1
  end
end

--- The functions of a Lua text: { name, line, lines }; `lines` leaves out functions inside.
function M.find_lua_functions(text)
  local found, stack = {}, {}
  local tokens = get_tokens(lint.get_lines(strip_lua(text)))
  for at, token in ipairs(tokens) do
    if OPENS[token.text] then
      local entry = { is_function = token.text == "function", line = token.line, inside = 0 }
      if entry.is_function then
        local name = {}
        for index = at + 1, #tokens do
          if tokens[index].text == "(" then
            break
          end
          table.insert(name, tokens[index].text)
        end
        entry.name = #name > 0 and table.concat(name) or ("line-%d"):format(token.line)
      end
      table.insert(stack, entry)
    elseif token.text == "end" or token.text == "until" then
      local entry = table.remove(stack)
      if entry and entry.is_function then
        local all = token.line - entry.line + 1
        table.insert(
          found,
          { name = entry.name, line = entry.line, lines = all - entry.inside }
        )
        for index = #stack, 1, -1 do
          if stack[index].is_function then
            stack[index].inside = stack[index].inside + all
            break
          end
        end
      end
    end
  end
  return found
end

return M
