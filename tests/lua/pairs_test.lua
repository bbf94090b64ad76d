--- pairs, next and ipairs of the cage: sorted keys, the same in every run.
--
-- Depends on: nothing.

test("pairs walks sorted keys", function()
  local t = {
    b = 1,
    a = 2,
    [3] = 3,
    [-1] = 4,
    [1.5] = 5,
    [2] = 6,
    [1e300] = 7,
    ["1"] = 8,
    aa = 9,
    [""] = 10,
  }
  local keys = {}
  for k, v in pairs(t) do
    keys[#keys + 1] = k
    equal(t[k], v)
  end
  equal(keys, { -1, 1.5, 2, 3, 1e300, "", "1", "a", "aa", "b" })
end)

test("pairs orders integers and floats exactly", function()
  local keys = {}
  for k in pairs({
    [math.maxinteger] = 1,
    [math.mininteger] = 1,
    [2 ^ 63] = 1,
    [-2 ^ 70] = 1,
    [0.5] = 1,
    [0] = 1,
    [1] = 1,
    [math.huge] = 1,
    [-math.huge] = 1,
    [-0.5] = 1,
  }) do
    keys[#keys + 1] = k
  end
  equal(keys, {
    -math.huge,
    -2 ^ 70,
    math.mininteger,
    -0.5,
    0,
    0.5,
    1,
    math.maxinteger,
    2 ^ 63,
    math.huge,
  })
end)

test("pairs while the table changes", function()
  local t, seen = { 1, 2, 3, x = 4, y = 5 }, {}
  for k in pairs(t) do
    seen[#seen + 1] = k
    t[k] = nil
    t.y = nil
    t.new = 1
  end
  equal(seen, { 1, 2, 3, "x" })
  equal(t, { new = 1 })
end)

test("pairs of a long list and of many strings", function()
  local list, names = {}, {}
  for i = 1, 5000 do
    list[i] = i
    names[("%05d"):format((i * 7919) % 5000)] = true
  end
  local at = 0
  for k in pairs(list) do
    at = at + 1
    equal(k, at)
  end
  equal(at, 5000)
  local last, count = "", 0
  for k in pairs(names) do
    ok(last < k)
    last, count = k, count + 1
  end
  equal(count, 5000)
end)

test("pairs refuses keys without an order", function()
  raises("a key is a table", pairs, { [{}] = 1 })
  raises("a key is a boolean", pairs, { [true] = 1 })
  raises("a key is a function", next, { [print] = 1 })
  raises("table expected", pairs, 5)
end)

test("a table that serves as a metatable is walked like any other", function()
  local mt = { __index = print, b = 1, 2 }
  setmetatable(setmetatable({}, mt), setmetatable(mt, mt))
  local keys = {}
  for k in pairs(mt) do
    keys[#keys + 1] = k
  end
  equal(keys, { 1, "__index", "b" })
  equal({ next(mt), next(mt, "b") }, { 1 })
end)

test("__pairs", function()
  local t = setmetatable({}, {
    __pairs = function(self)
      return function(_, k)
        return not k and 1 or nil
      end, self, nil
    end,
  })
  local seen = {}
  for k in pairs(t) do
    seen[#seen + 1] = k
  end
  equal(seen, { 1 })
end)

test("next and ipairs", function()
  local t = { 10, 20, x = 1 }
  equal({ next(t) }, { 1, 10 })
  equal({ next(t, 1) }, { 2, 20 })
  equal({ next(t, 2) }, { "x", 1 })
  equal({ next(t, "x") }, {})
  equal(next({}), nil)
  equal({ next({ 5 }, 0) }, { 1, 5 })
  local seen = {}
  for i, v in ipairs({ "a", "b", nil, "d" }) do
    seen[i] = v
  end
  equal(seen, { "a", "b" })
  local proxy = setmetatable({}, {
    __index = function(_, i)
      return i < 4 and i * 2 or nil
    end,
  })
  seen = {}
  for i, v in ipairs(proxy) do
    seen[i] = v
  end
  equal(seen, { 2, 4, 6 })
end)
