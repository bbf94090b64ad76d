--- Attempts to nest too deep, to fill the memory, and to catch the error of a limit. Each ends in a clear error.
--
-- Depends on: nothing. `attempt` runs each source twice, called and as a task (engine/vm/selftest.h).

local steps = "used up its 4 million steps"
local memory = "used up its memory"
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

test("recursion through metamethods and callbacks", function()
  attempts("stack overflow", {
    "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) return t[1]",
    "local t = setmetatable({}, {}) local mt = { __eq = function(a, b) return a == b end } return setmetatable({}, mt) == setmetatable({}, mt)",
    "local mt = {} mt.__lt = function(a, b) return a < b end return setmetatable({}, mt) < setmetatable({}, mt)",
    "local mt = {} mt.__concat = function(a, b) return a .. b end return setmetatable({}, mt) .. 'x'",
    "local mt = {} mt.__len = function(a) return #a end return #setmetatable({}, mt)",
    "local mt = {} mt.__newindex = function(t, k, v) t[k] = v end setmetatable({}, mt)[1] = 2",
    "local mt = {} mt.__tostring = function(t) return tostring(t) end return tostring(setmetatable({}, mt))",
    "local mt = {} mt.__unm = function(t) return -t end return -setmetatable({}, mt)",
    "local function f() return ('x'):gsub('x', f) end f()",
    "local function f(a, b) table.sort({ 1, 2 }, f) end table.sort({ 1, 2 }, f)",
    "local function f() local ok, e = pcall(f) if not ok then error(e, 0) end end f()",
  })
  attempts(limit, {
    "local mt = {} mt.__call = function(f, ...) return 1 + f(1, ...) end setmetatable({}, mt)()",
  })
  attempts("'__index' chain too long", {
    "local t = {} setmetatable(t, { __index = t }) return t.x",
    "local a, b = {}, {} setmetatable(a, { __index = b }) setmetatable(b, { __index = a }) return a.x",
  })
  attempts(
    "'__newindex' chain too long",
    { "local t = {} setmetatable(t, { __newindex = t }) t.x = 1" }
  )
  attempts("pattern too complex", {
    "(('x'):rep(1000)):match(('x?'):rep(1000))",
    "(('x'):rep(1000)):match(('(x'):rep(30) .. ('x?'):rep(500))",
  })
  attempts("too many captures", { "('x'):match(('('):rep(1000))" })
  attempts("overflow", {
    ("return " .. ("("):rep(1000) .. "1" .. (")"):rep(1000)),
    "local t = " .. ("{"):rep(1000),
  })
end)

test("memory", function()
  attempts(memory, {
    "local function f() return 1 + f() end f()",
    "local t = {} while true do t[#t + 1] = {} end",
    "local s = 'x' while true do s = s .. s end",
    "local t = {} while true do t = { t } end",
    "local t = {} for i = 1, 1e9 do t[i] = function() return t, i end end",
    "local t = {} while true do t[#t + 1] = setmetatable({}, {}) end",
    "local t = {} for i = 1, 1e9 do t[i] = table.pack(('x'):rep(1000):byte(1, -1)) end",
  })
end)

test("memory or steps, whichever ends first", function()
  attempts("used up its", {
    "local t = {} for i = 1, 1e9 do t['k' .. i] = true end",
    "local t = {} for i = 1, 1e9 do t[i * 2 ^ 20] = 1 end",
    "local t = {} while true do t[#t + 1] = ('x'):gmatch('x') end",
    "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(10000) .. i end",
    "local t = {} for i = 1, 1e9 do t[i] = table.concat({ ('x'):rep(5000), i }) end",
    "local t = table.pack(('x'):rep(99):byte(1, -1)) for i = 100, 1e9 do t[i] = ('%99d'):rep(99):format(table.unpack(t, 1, 99)) .. i end",
  })
end)

test("swallowed limits", function()
  attempts(steps, {
    "while true do pcall(function() while true do end end) end",
    "for i = 1, 1e9 do xpcall(function() while true do end end, function() return 1 end) end",
    "xpcall(function() while true do end end, function() while true do end end)",
    "xpcall(error, function() while true do end end)",
    "xpcall(error, function(e) error(e) end) while true do end",
    "error(setmetatable({}, { __tostring = function() error('no') end }), pcall(function() while true do end end))",
    "local c <close> = setmetatable({}, { __close = function() while true do end end }) while true do end",
    "pcall(function() local c <close> = setmetatable({}, { __close = function() error('mine') end }) while true do end end) return 'went on'",
    "pcall(function() local c <close> = setmetatable({}, { __close = function() pcall(function() while true do end end) end }) while true do end end) return 'went on'",
    "local function f() local ok, e = pcall(function() while true do end end) return f() end f()",
    "local function f() pcall(function() while true do end end) f() end pcall(f) return 'went on'",
    "table.sort({ 2, 1 }, function() pcall(function() while true do end end) return true end)",
    "('x'):gsub('x', function() return pcall(function() while true do end end) and 'y' or 'z' end)",
    "tostring(setmetatable({}, { __tostring = function() pcall(function() while true do end end) return 'x' end }))",
    "local t = setmetatable({}, { __index = function() pcall(function() while true do end end) end }) return t.x",
    "for i = 1, 2 do local c <close> = setmetatable({}, { __close = function() while true do end end }) end",
  })
  attempts(memory, {
    "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
    "pcall(function() local t = {} while true do t[#t + 1] = {} end end) return 'went on'",
    "pcall(function() local c <close> = setmetatable({}, { __close = function() error('mine') end }) local t = {} while true do t[#t + 1] = {} end end) return 'went on'",
    "xpcall(function() local t = {} while true do t[#t + 1] = {} end end, function() return 'mine' end) return 'went on'",
    "pcall(string.rep, 'x', 4000000) pcall(function() local t = {} for i = 1, 100 do t[i] = ('x'):rep(4000000) .. i end end) return 'went on'",
  })
end)

test("swallowed limits of time", function()
  attempts("used up its", {
    "while true do pcall(error, setmetatable({}, { __tostring = function() while true do end end })) end",
    "local c = {} for i = 1, 1999 do c = setmetatable({}, { __index = c }) end while true do pcall(rawequal, c.y, c.z) end",
  })
end)

test("many close functions after a stop", function()
  attempts(steps, {
    [[
      local mt = { __close = function() while true do end end }
      local function deep(n)
        local c <close> = setmetatable({}, mt)
        if n > 0 then return (deep(n - 1)) end
        while true do end
      end
      deep(150)
    ]],
    [[
      local mt = { __close = function() while true do end end }
      while true do
        pcall(function()
          local a <close> = setmetatable({}, mt)
          local b <close> = setmetatable({}, mt)
          while true do end
        end)
      end
    ]],
  })
end)
