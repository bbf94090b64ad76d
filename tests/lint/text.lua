--- Checks what every file must start with and what no file may say.
--
-- C: the two licence lines, a purpose comment, base/prefix.h as the first include. Lua: a
-- purpose comment. Everywhere: no open work without a number, no path of one person's machine.
package.path = "tests/lint/?.lua;" .. package.path
local lint = require("lint")

local COPYRIGHT = "/* SPDX-FileCopyrightText: 2026 The Belay authors */"
local LICENCE = "/* SPDX-License-Identifier: MIT */"
local TEXTS = { ".c", ".h", ".in", ".lua", ".md", ".sh", ".txt", ".cmake", ".json", ".case" }
local OPEN_WORK = { "TO" .. "DO", "FIX" .. "ME", "XX" .. "X:" }
local MACHINE_ROOTS = { "home", "root", "work", "workspace", "Users", "mnt" }
local UNSAFE = { "strcpy", "strcat", "sprintf", "strtok", "atoi", "atol", "gmtime", "alloca" }

local function check_head(path, lines)
  if lines[1] ~= COPYRIGHT or lines[2] ~= LICENCE then
    lint.add(path, 1, "must start with the two licence lines (copy them from any C file)")
    return
  end
  local name = path:match("[^/]*$"):gsub("%.in$", "")
  if not (lines[3] or ""):match("^/%* [%w_./]+: %S") then
    lint.add(path, 3, "must be a purpose comment: /* %s: what it is for. */", name)
  end
end

--- The first include of a file: its line number and its name with brackets or quotes.
local function find_first_include(lines)
  for number, line in ipairs(lines) do
    local name = line:match('^%s*#%s*include%s*(["<].-[">])')
    if name then
      return number, name
    end
  end
  return nil
end

--- The file that `#include "name"` in `path` leads to, when it is one of ours.
local function find_header(path, name)
  for _, folder in ipairs({ path:gsub("[^/]*$", ""), "engine/", "stdlib/" }) do
    if lint.get_text(folder .. name) then
      return folder .. name
    end
  end
  return nil
end

--- Whether base/prefix.h comes before everything else, itself or at the head of a header of ours.
local function has_prefix_first(path, depth)
  local _, name = find_first_include(lint.get_lines(lint.get_text(path)))
  local quoted = name and name:match('^"(.*)"$')
  if quoted == "base/prefix.h" then
    return true
  end
  local header = quoted and find_header(path, quoted)
  return header ~= nil and depth < 20 and has_prefix_first(header, depth + 1)
end

local function check_unsafe(path, text)
  for number, line in ipairs(lint.get_lines(lint.strip_c(text))) do
    for _, name in ipairs(UNSAFE) do
      if line:find("%f[%w_]" .. name .. "%s*%(") and not line:find("#", 1, true) then
        lint.add(path, number, "calls %s, which base/banned.h forbids", name)
      end
    end
  end
end

local function check_words(path, lines)
  for number, line in ipairs(lines) do
    for _, word in ipairs(OPEN_WORK) do
      if line:find("%f[%w]" .. word) and not line:find(word .. "%(#%d+%)") then
        lint.add(path, number, "%s needs a number: %s(#12)", word, word)
      end
    end
    for _, root in ipairs(MACHINE_ROOTS) do
      if (" " .. line):find("[^%w.}%)]/" .. root .. "/[%w.]") then
        lint.add(path, number, "names a path of one machine (/%s/…)", root)
      end
    end
  end
end

local files = lint.find_files({ "." }, TEXTS)
local count = 0
for _, path in ipairs(files) do
  path = path:gsub("^%./", "")
  if not path:match("^build/") and not path:match("^%.git/") then
    count = count + 1
    local text = lint.get_text(path)
    local lines = lint.get_lines(text)
    local is_c = path:match("%.[ch]$") or path:match("%.[ch]%.in$")
    check_words(path, lines)
    if is_c then
      check_head(path, lines)
      check_unsafe(path, text)
    end
    if path:match("%.c$") and not path:match("/corpus/") then
      if not has_prefix_first(path, 0) then
        local at = find_first_include(lines)
        lint.add(path, at, "the first include must be base/prefix.h or begin with it")
      end
    end
    if
      path:match("%.lua$")
      and not (lines[1] or ""):match("^%-%-")
      and not path:match("/broken/")
    then
      lint.add(path, 1, "must start with a comment that says what the file is for")
    end
  end
end
lint.finish(("words of %d files"):format(count))
