--- Metatables of the cage: as in Lua, but for finalizers and weak tables.
--
-- Depends on: nothing.

test("metatables", function()
  local mt = { __index = { x = 1 } }
  local t = setmetatable({}, mt)
  ok(rawequal(getmetatable(t), mt))
  equal(t.x, 1)
  equal(getmetatable(setmetatable({}, { __metatable = "mine" })), "mine")
  raises("protected metatable", setmetatable, setmetatable({}, { __metatable = 1 }), {})
  equal(getmetatable(setmetatable(t, nil)), nil)
  equal(getmetatable({}), nil)
  raises("nil or table expected", setmetatable, {}, 1)
  raises("table expected, got string", setmetatable, "x", {})
end)

test("a class with inheritance", function()
  local Base = {}
  Base.__index = Base
  function Base.new(x)
    return setmetatable({ x = x }, Base)
  end
  function Base:get()
    return self.x
  end
  local Derived = setmetatable({}, { __index = Base })
  Derived.__index = Derived
  Derived.__add = function(a, b)
    return a.x + b.x
  end
  local a, b = setmetatable({ x = 1 }, Derived), setmetatable({ x = 2 }, Derived)
  equal({ a:get(), a + b, Base.new(7):get() }, { 1, 3, 7 })
  ok(rawequal(getmetatable(a), getmetatable(b)))
  Derived.__len = function()
    return 42
  end
  equal({ #a, #setmetatable({}, Derived) }, { 42, 42 })
end)

test("metamethods that are added later count", function()
  local mt = {}
  local t = setmetatable({}, mt)
  equal({ t.x, rawequal(getmetatable(t), mt), getmetatable(mt) }, { nil, true })
  function mt.__index(_, k)
    return k .. "!"
  end
  mt.__call = function(_, x)
    return x + 1
  end
  mt.field = 5
  equal({ t.x, t(1), mt.field }, { "x!", 2, 5 })
  mt.__index = nil
  equal(t.x, nil)
end)

test("a metatable that has a metatable itself", function()
  local parent, log = {}, {}
  local class = setmetatable({}, parent)
  local object = setmetatable({}, class)
  ok(rawequal(getmetatable(class), parent))
  ok(rawequal(getmetatable(object), class))
  parent.__index = { inherited = 1 }
  class.__index = class
  equal({ class.inherited, object.inherited }, { 1, 1 })
  parent.__newindex = function(t, k, v)
    log[#log + 1] = k
    rawset(t, k, v)
  end
  class.own = 2
  equal({ log, object.own }, { { "own" }, 2 })
  parent.__newindex = {}
  class.lost = 3
  equal({ rawget(class, "lost"), parent.__newindex.lost }, { nil, 3 })
  ok(rawequal(setmetatable(class, nil), class))
  equal({ getmetatable(class), class.inherited, object.own }, { nil, nil, 2 })
end)

test("a table that is its own metatable", function()
  local t = {}
  t.__index = function(_, k)
    return k
  end
  setmetatable(t, t)
  equal({ t.a, rawequal(getmetatable(t), t) }, { "a", true })
  t.b = 1
  equal({ t.b, rawget(t, "b") }, { 1, 1 })
  raises("__mode is not available", function()
    t.__mode = "k"
  end)
end)
