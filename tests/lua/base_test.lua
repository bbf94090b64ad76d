--- The base functions of the cage, as the manual describes them and where they differ on purpose.
--
-- Depends on: nothing.

test("type, tostring and tonumber", function()
  equal({ type(nil), type(1), type("x"), type({}), type(print), type(true) }, {
    "nil",
    "number",
    "string",
    "table",
    "function",
    "boolean",
  })
  equal({ tostring(nil), tostring(true), tostring(12), tostring(1.5), tostring(2.0) }, {
    "nil",
    "true",
    "12",
    "1.5",
    "2.0",
  })
  equal(tostring(-0.0), "-0.0")
  equal(
    { tonumber("0x10"), tonumber(" 12 "), tonumber("1e2"), tonumber("0x1p4") },
    { 16, 12, 100.0, 16.0 }
  )
  equal({ tonumber("ff", 16), tonumber("-zz", 36), tonumber(" 11 ", 2) }, { 255, -1295, 3 })
  equal({ tonumber("8", 8), tonumber(""), tonumber("1 2"), tonumber({}), tonumber("1\0") }, {})
  equal(tonumber("7fffffffffffffff", 16), math.maxinteger)
  raises("base out of range", tonumber, "1", 37)
  raises("string expected, got number", tonumber, 10, 10)
  raises("bad argument #1 to", tonumber)
  raises("value expected", type)
end)

test("tostring gives no address", function()
  equal(
    { tostring({}), tostring(print), tostring(function() end) },
    { "table", "function", "function" }
  )
  equal(tostring(setmetatable({}, { __name = "point" })), "point")
  equal(
    tostring(setmetatable({}, {
      __tostring = function()
        return "me"
      end,
    })),
    "me"
  )
  raises(
    "must return a string",
    tostring,
    setmetatable({}, {
      __tostring = function()
        return {}
      end,
    })
  )
  equal(("%s"):format({}), "table")
end)

test("select", function()
  equal(select("#"), 0)
  equal(select("#", nil, nil), 2)
  equal({ select(2, "a", "b", "c") }, { "b", "c" })
  equal({ select(-1, "a", "b", "c") }, { "c" })
  equal({ select(9, "a") }, {})
  raises("index out of range", select, 0, "a")
  raises("index out of range", select, -3, "a")
end)

test("error and assert", function()
  equal({ pcall(error, "x", 0) }, { false, "x" })
  equal({ pcall(error) }, { false })
  local shape = { code = 7 }
  equal({ pcall(error, shape) }, { false, shape })
  raises("^base_test.lua:%d+: deep$", function()
    error("deep")
  end)
  equal({ assert(1, 2, 3) }, { 1, 2, 3 })
  raises("^assertion failed!$", assert, false)
  raises("^why$", assert, nil, "why")
  equal({ pcall(assert, false, shape) }, { false, shape })
  raises("value expected", assert)
end)

test("pcall and xpcall", function()
  equal({ pcall(function(...)
    return ...
  end, 1, nil, 3) }, { true, 1, nil, 3 })
  equal({ xpcall(function(...)
    return ...
  end, print, 1, 2) }, { true, 1, 2 })
  equal(
    { xpcall(error, function(e)
      return "<" .. e .. ">"
    end, "x", 0) },
    { false, "<x>" }
  )
  raises("value expected", pcall)
  local ok_, text = xpcall(error, function()
    error("again", 0)
  end, "x", 0)
  equal({ ok_, text }, { false, "error in the message handler: again" })
  raises("function expected", xpcall, print, 1)
  equal({ pcall(nil) }, { false, "attempt to call a nil value" })
end)

test("raw access", function()
  local t = setmetatable({ 1, 2 }, {
    __index = function()
      return "made"
    end,
    __len = function()
      return 9
    end,
    __eq = function()
      return true
    end,
    __newindex = function()
      error("no")
    end,
  })
  equal({ t.x, #t, t == setmetatable({}, getmetatable(t)) }, { "made", 9, true })
  equal({ rawget(t, "x"), rawlen(t), rawequal(t, {}), rawlen("abc") }, { nil, 2, false, 3 })
  equal(rawset(t, "x", 5), t)
  equal(rawget(t, "x"), 5)
  raises("table or string expected", rawlen, 5)
end)

test("close", function()
  local log = {}
  do
    local a <close> = setmetatable({}, {
      __close = function(_, e)
        log[#log + 1] = tostring(e)
      end,
    })
    log[#log + 1] = type(a)
  end
  equal(log, { "table", "nil" })
  pcall(function()
    local _ <close> = setmetatable({}, {
      __close = function(_, e)
        log[#log + 1] = e
      end,
    })
    error("boom", 0)
  end)
  equal(log[3], "boom")
end)

test("undefined names", function()
  for source, message in pairs({
    ["return zzz"] = "unknown name 'zzz': is a `local` missing%?",
    ["prnt(1)"] = "attempt.lua:1: unknown name 'prnt': did you mean 'print'%?",
    ["return string.revers"] = "string has no 'revers': did you mean 'reverse'%?",
    ["table.concta({})"] = "table has no 'concta': did you mean 'concat'%?",
    ["return math[1]"] = "math is read by name, not by a number",
    ["return _ENV[{}]"] = "names are strings, not a table",
    ["x = 1"] = "cannot set the global 'x': use `local x`",
  }) do
    attempt(source, message)
  end
end)

test("print takes any value", function()
  raises(
    "must return a string",
    print,
    setmetatable({}, {
      __tostring = function()
        return 1 == 1
      end,
    })
  )
end)
