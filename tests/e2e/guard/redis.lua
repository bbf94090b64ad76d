-- SPDX-FileCopyrightText: 2026 The Belay authors
-- SPDX-License-Identifier: MIT
--- Turns redis.txt into JSON Lines for `belay classify`, into procedures, and checks verdicts.
--
-- Usage: redis.lua jsonl|procedure|check FILE [HEADING…]; `check` reads verdicts from stdin, and
-- a heading may say what its lines become: "change=refused".

local action, file = arg[1], arg[2]

--- @return string[] words  of one line; "" around words with blanks, \n for a newline
local function split(line)
  local words, at = {}, 1
  while at <= #line do
    local quoted, after = line:match('^"([^"]*)"()', at)
    if not quoted then
      quoted, after = line:match("^(%S+)()", at)
    end
    words[#words + 1] = quoted:gsub("\\n", "\n")
    at = line:match("^%s*()", after)
  end
  return words
end

local function as_json(words)
  local out = {}
  for i, word in ipairs(words) do
    local text = word:gsub('[\\"]', "\\%0"):gsub("\n", "\\n")
    out[i] = '"' .. text .. '"'
  end
  return "[" .. table.concat(out, ",") .. "]"
end

local function as_lua(words)
  local out = {}
  for i, word in ipairs(words) do
    out[i] = string.format("%q", word):gsub("\n", "n")
  end
  return "{ " .. table.concat(out, ", ") .. " }"
end

--- @return table<string, string> wanted  class by heading, of the headings that were asked for
local function read_wanted()
  local wanted = {}
  for i = 3, #arg do
    local heading, class = arg[i]:match("^([^=]+)=(.*)$")
    wanted[heading or arg[i]] = class or arg[i]
  end
  return wanted
end

local commands, wanted, heading = {}, read_wanted(), nil
for line in io.lines(file) do
  if line:match("^== ") then
    heading = line:sub(4)
  elseif line ~= "" and not line:match("^#") and wanted[heading] then
    commands[#commands + 1] = { line = line, words = split(line), class = wanted[heading] }
  end
end
assert(#commands > 0, "no commands under these headings")

local actions = {}

function actions.jsonl()
  for i, command in ipairs(commands) do
    print(('{"id":%d,"argv":%s}'):format(i, as_json(command.words)))
  end
end

--- All of them in a row; with the parameter `only`, one of them.
function actions.procedure()
  print('procedure({\n  title = "Send them all",\n  uses = { cache = "redis.cache" },')
  print('  may = { cache = "destroy" },\n  params = { only = param.integer({ default = 0 }) },')
  print('  run = function(p, use)\n    step("Send", { undo = "none", run = function()')
  print("      local commands = {")
  for _, command in ipairs(commands) do
    print("        " .. as_lua(command.words) .. ",")
  end
  print("      }\n      for i, words in ipairs(commands) do")
  print("        if p.only == 0 or p.only == i then")
  print("          try(use.cache.command, use.cache, words)")
  print("        end\n      end\n    end })\n  end,\n})")
end

function actions.check()
  local failed, seen = 0, 0
  for verdict in io.lines() do
    seen = seen + 1
    local command = commands[seen] or { line = "?", class = "nothing" }
    local class, reason = verdict:match('"class":"(%a+)"'), verdict:match('"reason":"(.-)"')
    local is_known = verdict:match('"id":(%d+)') == tostring(seen)
    if not is_known or class ~= command.class or (reason or "") == "" then
      failed = failed + 1
      print(("%s: wanted %s: %s"):format(command.line, command.class, verdict))
    end
  end
  if seen ~= #commands then
    print(("%d verdicts for %d commands"):format(seen, #commands))
    failed = failed + 1
  end
  os.exit(failed == 0)
end

actions[action]()
