--- Attempts to stay in the cage forever, in loops of Lua and of C functions. Each ends in a clear error.
--
-- Depends on: nothing. `attempt` runs each source twice, called and as a task (engine/vm/selftest.h).

local steps = "used up its 4 million steps"
local limit = "used up its" -- steps, time or memory: whichever comes first

--- Tries each source of a family against one pattern.
local function attempts(pattern, sources)
  for _, source in ipairs(sources) do
    local fine, text = pcall(attempt, source, pattern)
    if not fine then
      error(source .. "\n    " .. text, 0)
    end
  end
end

test("loops", function()
  attempts(steps, {
    "while true do end",
    "local function f() return f() end f()",
    "::a:: goto a",
    "for i = 1, math.huge do end",
    "repeat until false",
    "for i = 1, math.maxinteger do local x = i * 2 end",
    "for _ in function() return 1 end do end",
    "for i in ipairs(setmetatable({}, { __index = function() return 1 end })) do end",
  })
end)

test("C functions of string that loop", function()
  attempts(limit, {
    "while true do local s = ('x'):rep(10000) end",
    "return (('a'):rep(28)):find(('a?'):rep(28) .. ('a'):rep(28))",
    "return (('a'):rep(40)):match('(.-)(.-)(.-)(.-)(.-)(.-)(.-)b')",
    "return (('a'):rep(100000)):find(('.-'):rep(50) .. 'b')",
    "return (('('):rep(1000000)):gsub('%b()', '')",
    "while true do local a = (('x'):rep(1000000)):find('y', 1, true) end",
    "while true do local a = ('%s'):rep(1000):format(('x'):rep(1000):byte(1, -1)) end",
    "for w in (('a'):rep(1000000)):gmatch('a-b') do end",
    "local s = ('x'):rep(1000000) while true do s = s:upper() end",
    "local s = ('x'):rep(1000000) while true do s:reverse() end",
    "while true do local s = string.pack(('i4'):rep(1000), ('x'):rep(1000):byte(1, -1)) end",
    "local s = ('x'):rep(100000) while true do string.unpack(('b'):rep(200), s) end",
    "return (('[a-z]'):rep(20000)):rep(10):find('[[-z%]][a-z-]*[%w]+#')",
    "local s = ('a'):rep(300000) return s:gsub('a*b', 'x')",
    "local s = ('1'):rep(3000000) while true do tonumber(s .. 'x', 16) end",
    "local s = ('x'):rep(3000000) while true do utf8.len(s) end",
  })
  attempts("resulting string too large", {
    "('x'):rep(1e9)",
    "('x'):rep(math.maxinteger)",
    "(''):rep(1e9, 'abc')",
    "table.concat({ ('x'):rep(3e6), ('x'):rep(3e6) })",
    "('%s%s'):format(('x'):rep(3e6), ('x'):rep(3e6))",
    "(('x'):rep(50)):gsub('x', ('y'):rep(100000))",
    "string.pack('c1000000000', 'x')",
    "string.pack('c9223372036854775807', 'x')",
  })
  attempts(
    "not available here: addresses",
    { "('%p'):format({})", "string.format('%20p', print)", "('%-5p'):format('x')" }
  )
end)

test("C functions of table that loop", function()
  attempts(limit, {
    "table.move({}, 1, math.maxinteger - 1, 2)",
    "table.move({}, -math.maxinteger, -1, -math.maxinteger, {})",
    "table.concat(setmetatable({}, { __len = function() return math.maxinteger end, __index = function() return '' end }))",
    "table.insert(setmetatable({}, { __len = function() return math.maxinteger - 1 end }), 1, 1)",
    "table.remove(setmetatable({}, { __len = function() return math.maxinteger end }), 1)",
    "while true do table.unpack({}, 1, 100000) end",
    "while true do select('#', table.unpack({}, 1, 200000)) end",
    "local t = {} for i = 1, 100000 do t[i] = i end while true do table.sort(t) end",
    "local t = {} for i = 1, 10000 do t[i] = i end while true do for _ in pairs(t) do break end end",
    "local t = {} for i = 1, 10000 do t['k' .. i] = i end while true do next(t) end",
    "while true do table.pack(table.unpack({}, 1, 10000)) end",
    "while true do math.max(table.unpack(table.pack(('x'):rep(100000):byte(1, -1)))) end",
  })
  attempts("too many results to unpack", {
    "table.unpack({}, 1, 1e8)",
    "table.unpack({}, math.mininteger, math.maxinteger)",
  })
  attempts("string slice too long", { "(('x'):rep(3000000)):byte(1, -1)" })
  attempts(
    "array too big",
    { "table.sort(setmetatable({}, { __len = function() return math.maxinteger end }))" }
  )
  attempts(
    "too many elements to move",
    { "table.move({}, math.mininteger, math.maxinteger, 1)" }
  )
end)

test("sort with bad comparators", function()
  attempts(steps, {
    "table.sort({ 3, 2, 1 }, function() while true do end end)",
    "table.sort({ 3, 2, 1 }, function(a, b) return pcall(function() while true do end end) end)",
    "local t = {} for i = 1, 1000 do t[i] = i end while true do table.sort(t, function() return true end) end",
    "table.sort({ 3, 2, 1 }, function() table.sort({ 1, 2 }, function() while true do end end) end)",
  })
  attempts(limit, { "while true do pcall(table.sort, { 3, 2, 1 }, error) end" })
  attempts("compare", {
    "table.sort({ 1, 'x' })",
    "table.sort({ {}, {} })",
    "table.sort({ 1, nil, 3 }, function(a, b) return a < b end)",
  })
end)

test("sort ends whatever the comparator says", function()
  for _, less in ipairs({
    function()
      return true
    end,
    function()
      return false
    end,
    function(a, b)
      return a >= b
    end,
    function()
      return math.random() < 0.5
    end,
    function(a, b)
      return a ~= b
    end,
  }) do
    local t, sum = {}, 0
    for i = 1, 500 do
      t[i] = i
    end
    table.sort(t, less)
    for i = 1, 500 do
      sum = sum + t[i]
    end
    equal(sum, 125250)
  end
end)
