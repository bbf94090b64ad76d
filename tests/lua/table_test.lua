--- The table library, against section 6.6 of the manual of Lua 5.4.
--
-- Depends on: nothing.

test("concat", function()
  equal(
    { table.concat({}), table.concat({ 1, 2, "x" }), table.concat({ 1, 2, 3 }, ", ") },
    { "", "12x", "1, 2, 3" }
  )
  equal(
    { table.concat({ 1, 2, 3 }, "-", 2), table.concat({ 1, 2, 3 }, "-", 2, 2) },
    { "2-3", "2" }
  )
  equal({ table.concat({ 1, 2, 3 }, "-", 3, 2), table.concat({ 1.5 }) }, { "", "1.5" })
  equal(table.concat({ [math.maxinteger] = "x" }, ",", math.maxinteger, math.maxinteger), "x")
  raises("invalid value %(table%) at index 2 in table for 'concat'", table.concat, { 1, {} })
  raises("invalid value %(nil%) at index 3", table.concat, { 1, 2 }, ",", 1, 3)
  raises("table expected, got string", table.concat, "x")
end)

test("insert", function()
  local t = { "a", "b" }
  table.insert(t, "c")
  table.insert(t, 1, "z")
  table.insert(t, 5, "e")
  equal(t, { "z", "a", "b", "c", "e" })
  raises("position out of bounds", table.insert, t, 7, "x")
  raises("position out of bounds", table.insert, t, 0, "x")
  raises("wrong number of arguments to 'insert'", table.insert, t)
  raises("wrong number of arguments to 'insert'", table.insert, t, 1, 2, 3)
  raises("number expected, got string", table.insert, t, "a", 1)
end)

test("remove", function()
  local t = { "a", "b", "c" }
  equal({ table.remove(t), table.remove(t, 1) }, { "c", "a" })
  equal(t, { "b" })
  equal({ table.remove({}), table.remove({}, 0) }, {})
  equal(table.remove({ "x" }, 2), nil)
  equal(table.remove({ [0] = "zero" }, 0), "zero")
  raises("position out of bounds", table.remove, { 1, 2 }, 4)
  raises("position out of bounds", table.remove, { 1, 2 }, -1)
end)

test("move", function()
  equal(table.move({ 1, 2, 3 }, 1, 3, 2), { 1, 1, 2, 3 })
  equal(table.move({ 1, 2, 3 }, 2, 3, 1), { 2, 3, 3 })
  equal(table.move({ 1, 2, 3 }, 1, 3, 1, {}), { 1, 2, 3 })
  equal(table.move({ 1, 2 }, 1, 0, 5), { 1, 2 })
  equal(table.move({ 10 }, 1, 1, math.maxinteger, {}), { [math.maxinteger] = 10 })
  raises("destination wrap around", table.move, { 1 }, 1, 2, math.maxinteger)
  raises("too many elements to move", table.move, {}, math.mininteger, 0, 1)
end)

test("pack and unpack", function()
  equal(table.pack(), { n = 0 })
  equal(table.pack(1, nil, 3), { 1, nil, 3, n = 3 })
  equal({ table.unpack({ 1, 2, 3 }) }, { 1, 2, 3 })
  equal({ table.unpack({ 1, 2, 3 }, 2) }, { 2, 3 })
  equal({ table.unpack({ 1, 2, 3 }, 2, 2) }, { 2 })
  equal(select("#", table.unpack({}, 1, 3)), 3)
  equal(select("#", table.unpack({ 1 }, 2, 1)), 0)
  equal({ table.unpack({ [math.maxinteger] = 1 }, math.maxinteger, math.maxinteger) }, { 1 })
  equal({ table.unpack("abc", 1, 0) }, {})
end)

test("sort", function()
  local t = { 3, 1, 2, 5, 4 }
  table.sort(t)
  equal(t, { 1, 2, 3, 4, 5 })
  table.sort(t, function(a, b)
    return a > b
  end)
  equal(t, { 5, 4, 3, 2, 1 })
  local words = { "b", "a", "B", "", "ab" }
  table.sort(words)
  equal(words, { "", "B", "a", "ab", "b" })
  table.sort({})
  raises("attempt to compare", table.sort, { 1, "x" })
  raises("function expected", table.sort, { 1, 2 }, 5)
end)

test("sort keeps the order of equals, and a failed sort changes nothing", function()
  local t = {}
  for i = 1, 100 do
    t[i] = { key = i % 3, at = i }
  end
  table.sort(t, function(a, b)
    return a.key < b.key
  end)
  for i = 2, 100 do
    ok(t[i - 1].key < t[i].key or t[i - 1].at < t[i].at)
  end
  local broken, calls = { 3, 2, 1 }, 0
  raises("stop", table.sort, broken, function(a, b)
    calls = calls + 1
    if calls > 1 then
      error("stop")
    end
    return a < b
  end)
  equal(broken, { 3, 2, 1 })
end)

test("sort with many sizes", function()
  for size = 0, 70 do
    local t, sorted = {}, true
    for i = 1, size do
      t[i] = (i * 37) % 71
    end
    table.sort(t)
    for i = 2, size do
      sorted = sorted and t[i - 1] <= t[i]
    end
    ok(sorted, size)
    equal(#t, size)
  end
end)

test("metamethods are respected", function()
  local log = {}
  local proxy = setmetatable({}, {
    __len = function()
      return 2
    end,
    __index = function(_, i)
      return i * 10
    end,
    __newindex = function(_, i, v)
      log[#log + 1] = i .. "=" .. tostring(v)
    end,
  })
  equal(table.concat(proxy, ","), "10,20")
  table.insert(proxy, "x")
  equal(log, { "3=x" })
  equal({ table.unpack(proxy) }, { 10, 20 })
  table.sort(proxy, function(a, b)
    return a > b
  end)
  equal(log, { "3=x", "1=20", "2=10" })
end)
