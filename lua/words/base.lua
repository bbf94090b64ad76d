--- What all words do with what they are given: text, titles, options, times, and misuse.
--
-- Depends on: nothing. `...`: engine/vm/native.c.
local native = ...

local TITLE = 1000
local LONGEST = 10 * 365 * 86400 -- seconds of one wait

--- Text for people and journal: of any value, a NUL byte as its escape.
local function show(value)
  return (tostring(value):gsub("\0", "\\x00"))
end

--- Raises for a word that is used wrongly.
local function misuse(text, ...)
  text = select("#", ...) > 0 and string.format(text, ...) or text
  error(native.error("arg", text), 0)
end

--- Whether it has items: a table, or the value that stands for any answer.
local function is_table(value)
  return type(value) == "table" or type(value) == "userdata"
end

--- The table of options of a word; none is an empty one.
local function read_opts(word, opts)
  if opts ~= nil and not is_table(opts) then
    misuse("%s: options are a table, not a %s", word, type(opts))
  end
  return opts or {}
end

--- A title, name or question: text of at most a line or a few; it stands in many events.
local function read_title(what, title)
  if title == nil or title == "" then
    misuse("%s is missing: it must be a string", what)
  end
  native.no_secret(what, title)
  title = show(title)
  if #title > TITLE then
    misuse("%s has %d bytes, more than %d", what, #title, TITLE)
  end
  return title
end

--- A duration in seconds; what names the word, name the option.
local function read_seconds(what, name, value)
  local seconds, why = native.param_check({ type = "duration", name = name }, value)
  if seconds == nil then
    misuse("%s: %s", what, why)
  elseif seconds > LONGEST then
    misuse("%s: '%s' must be at most 10 years", what, name)
  end
  return seconds
end

native.show = show
native.misuse = misuse
native.is_table = is_table
native.read_opts = read_opts
native.read_title = read_title
native.read_seconds = read_seconds
