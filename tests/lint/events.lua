--- Checks that the events of a run are what docs/reference/events.md says.
--
-- Used by tests/e2e/journal.sh. Reads `belay log RUN --format json` on standard input; the
-- arguments are kinds that must be among the events. Every kind must have a row, every field a
-- name in it, every field without `?` must be there.
local kinds, failed = {}, false

local function complain(...)
  print(("events.md: " .. select(1, ...)):format(select(2, ...)))
  failed = true
end

--- Reads the rows | `kind` … | when | `field` `field?` … |.
local function read_docs()
  for line in io.lines("docs/reference/events.md") do
    local names, fields = line:match("^|%s*(.-)%s*|.-|%s*(.-)%s*|$")
    for name in (names or ""):gmatch("`([%w_]+)`") do
      kinds[name] = kinds[name] or {}
      for field, optional in fields:gmatch("`([%w_]+)(%??)`") do
        kinds[name][field] = optional == "" and "needed" or "optional"
      end
    end
  end
end

--- Where the string that begins at `at` ends.
local function skip_string(text, at)
  repeat
    at = text:find('["\\]', at + 1)
    if text:sub(at, at) == "\\" then
      at = at + 1
    end
  until text:sub(at, at) == '"'
  return at
end

--- The keys of the JSON object that begins at `at`, not those of objects inside it.
local function get_keys(text, at)
  local keys, depth = {}, 0
  repeat
    local sign = text:sub(at, at)
    if sign == '"' then
      local last = skip_string(text, at)
      if depth == 1 and text:sub(last + 1, last + 1) == ":" then
        keys[text:sub(at + 1, last - 1)] = true
      end
      at = last
    elseif sign:find("[{%[]") then
      depth = depth + 1
    elseif sign:find("[}%]]") then
      depth = depth - 1
    end
    at = at + 1
  until depth == 0
  return keys
end

local function check_event(line, seen)
  local kind = line:match('"kind":"([%w_]+)"')
  local keys = get_keys(line, select(2, line:find('"data":', 1, true)) + 1)
  seen[kind] = true
  if not kinds[kind] then
    complain("no row for %s", kind)
    return
  end
  for key in pairs(keys) do
    if not kinds[kind][key] then
      complain("%s has a field %s, which its row does not name", kind, key)
    end
  end
  for field, need in pairs(kinds[kind]) do
    if need == "needed" and not keys[field] then
      complain("%s has no field %s: mark it with ?", kind, field)
    end
  end
end

read_docs()
local seen = {}
for line in io.lines() do
  check_event(line, seen)
end
for _, kind in ipairs(arg) do
  if not seen[kind] then
    complain("the run has no event %s", kind)
  end
end
os.exit(not failed)
