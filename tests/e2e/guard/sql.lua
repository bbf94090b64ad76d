-- Turns a list of statements into what `belay classify` reads, compares what it says, and writes a
-- procedure that tries them all.
--
-- sql.lua ask FILE              JSON Lines for `belay classify sql`
-- sql.lua compare FILE ANSWERS  prints what differs; exit 1 when something does
-- sql.lua procedure FILE        a procedure that sends each statement
local verb, path, answers = ...

--- Calls fn(statement, class, number) for each statement.
local function each_statement(fn)
  local class, number = nil, 0
  for line in io.lines(path) do
    local heading = line:match("^== (%a+)$")
    if heading ~= nil then
      class = heading
    elseif line ~= "" and line:sub(1, 1) ~= "#" then
      number = number + 1
      fn(line, class, number)
    end
  end
end

local function quote(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

if verb == "ask" then
  each_statement(function(statement, _, number)
    print(('{"id": %d, "sql": %s}'):format(number, quote(statement)))
  end)
elseif verb == "compare" then
  local said, failed, count = {}, 0, 0
  for line in io.lines(answers) do
    said[tonumber(line:match('"id":(%d+)'))] = line
  end
  each_statement(function(statement, class, number)
    local line = said[number] or ""
    count = count + 1
    if line:match('"class":"(%a+)"') ~= class then
      failed = failed + 1
      print(("%s: %s\n  %s"):format(class, statement, line))
    end
  end)
  print(("%d passed, %d failed"):format(count - failed, failed))
  os.exit(failed == 0)
else
  print('procedure({ title = "Everything", uses = { db = "postgres.db" },')
  print('may = { db = "destroy" }, run = function(_, use)')
  each_statement(function(statement, class)
    if class ~= "refused" then
      local call = "  try(function() use.db:query(%s, nil, { timeout = 5 }) end)"
      print(call:format(quote(statement)))
    end
  end)
  print("end })")
end
