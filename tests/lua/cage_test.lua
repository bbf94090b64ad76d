--- Attempts to get out of the cage, to change it, or to load what does not belong. Each ends in a clear error.
--
-- Depends on: nothing. `attempt` runs each source twice, called and as a task (engine/vm/selftest.h).

local steps = "used up its 4 million steps"
local memory = "used up its memory"

--- Tries each source of a family against one pattern.
local function attempts(pattern, sources)
  for _, source in ipairs(sources) do
    local fine, text = pcall(attempt, source, pattern)
    if not fine then
      error(source .. "\n    " .. text, 0)
    end
  end
end

test("bytecode and load", function()
  attempts(
    "'load' is not available here",
    { "load('return 1')", "local f = load", "return load(function() end)" }
  )
  attempts("'loadstring' is not available here", { "loadstring('return 1')" })
  attempts("'dofile' is not available here: use require", { "dofile('/etc/passwd')" })
  attempts("'loadfile' is not available here: use require", { "loadfile('/etc/passwd')" })
  attempts(
    "'string.dump' is not available here",
    { "string.dump(print)", "local d = string['du' .. 'mp']", "(''):dump()" }
  )
  attempts("is compiled Lua: only text is loaded", { "\27Lua\x54\0\x19\x93\r\n" })
  attempt(
    "require('evil')",
    "evil.lua is compiled Lua: only text",
    { ["evil.lua"] = "\27Lua\x54" }
  )
  attempt("require('evil')", "unexpected symbol", { ["evil.lua"] = "#!/bin/lua\n\27Lua\x54" })
end)

test("debug, package and the other doors", function()
  attempts("'debug' is not available here", {
    "debug.getregistry()",
    "local d = debug",
    "_ENV.debug.sethook()",
    "debug.setmetatable('', {})",
    "return _ENV['de' .. 'bug']",
  })
  attempts(
    "'package' is not available here",
    { "package.path = '/tmp/?.lua'", "package.loadlib('libc.so.6', '*')" }
  )
  attempts(
    "'io' is not available here: use the module file",
    { "io.open('/etc/passwd')", "io.popen('id')" }
  )
  attempts(
    "'os' is not available here: use the modules time, exec and file",
    { "os.execute('id')", "os.exit()" }
  )
  attempts("'_G' is not available here", { "_G.print = nil", "rawget(_G, 'os')" })
  attempts("'collectgarbage' is not available here", { "collectgarbage('count')" })
  attempts("attempt to index a nil value", { "local e = rawget(_ENV, 'os') e.exit()" })
end)

test("metatables of strings, views and environments", function()
  attempts("string has no '__%a+'", {
    "getmetatable('').__index.rep = nil",
    "getmetatable(string).__index.rep = print",
    "getmetatable(_ENV).__newindex.x = nil",
  })
  attempts(
    "table expected, got string",
    { "setmetatable('', {})", "rawset(getmetatable(''), '__index', 1)" }
  )
  attempts("cannot change a protected metatable", {
    "setmetatable(string, { __index = {} })",
    "setmetatable(_ENV, nil)",
    "setmetatable(math, nil)",
    "setmetatable(_ENV, { __index = function() return print end })",
    "setmetatable(setmetatable({}, { __metatable = false }), {})",
  })
  attempts(
    "attempt to index a string value",
    { "getmetatable('').__gc = print", "getmetatable(_ENV).__index = nil" }
  )
  attempts(
    "this table is read%-only",
    { "rawset(string, 'rep', print)", "rawset(_ENV, 'x', 1)" }
  )
end)

test("finalizers and weak tables", function()
  attempts("__gc is not available here", {
    "setmetatable({}, { __gc = print })",
    "setmetatable({}, { __gc = true })",
    "local mt = {} setmetatable({}, mt) mt.__gc = print",
    "local mt = {} rawset(mt, '__g' .. 'c', print) setmetatable({}, mt)",
    "local mt = {} setmetatable({}, mt) rawset(mt, '__gc', print)",
    "local mt = setmetatable({}, { __index = {} }) setmetatable({}, mt) mt['__g' .. 'c'] = print",
    "pcall(setmetatable, {}, { __gc = print }) setmetatable({}, { __gc = print })",
  })
  attempts("__mode is not available here", {
    "setmetatable({}, { __mode = 'k' })",
    "setmetatable({}, { __mode = 'v' })",
    "setmetatable({}, { __mode = 'kv', __index = {} })",
    "setmetatable({}, { __mode = false })",
    "local mt = {} setmetatable({}, mt) mt.__mode = 'k'",
    "local mt = { __mode = nil } setmetatable({}, mt) mt['__mo' .. 'de'] = 'k'",
    "local mt = {} setmetatable({}, mt) rawset(mt, '__mode', 'k')",
    "local mt = setmetatable({}, {}) setmetatable({}, mt) mt.__mode = 'k'",
    "local mt = {} setmetatable({}, mt) setmetatable(mt, { __index = {} }) mt.__mode = 'k'",
    "local mt = {} setmetatable({}, mt) setmetatable(mt, {}) setmetatable(mt, nil) mt.__mode = 'k'",
    "local mt = {} setmetatable({}, mt) setmetatable(mt, { __newindex = rawset }) mt.__mode = 'k'",
    "local mt = {} setmetatable(mt, mt) mt.__mode = 'k'",
    "local o = {} setmetatable({}, o) local t = setmetatable({}, { __newindex = o }) t.__mode = 'k'",
    "local mt = setmetatable({}, { __index = print }) rawset(mt, '__mode', 'v') setmetatable({}, mt)",
  })
end)

test("coroutine tricks", function()
  attempts("'coroutine' is not available here: use parallel or each", {
    "coroutine.wrap(function() while true do end end)()",
    "coroutine.create(print)",
    "coroutine.yield()",
    "local c = coroutine",
    "return coroutine.running()",
    "coroutine.close(coroutine.running())",
  })
end)

test("path traversal and links in require", function()
  local files = {
    ["lib/fine.lua"] = "return { ok = true }",
    ["out.lua"] = "-> ../outside.lua",
    ["passwd.lua"] = "-> /etc/passwd",
    ["folder"] = "-> /etc",
    ["loop.lua"] = "-> loop.lua",
    ["up"] = "-> ..",
    ["proc.lua"] = "-> /proc/self/environ",
  }
  for _, name in ipairs({
    "../outside",
    "/etc/passwd",
    "lib/../../outside",
    "..",
    ".",
    "./lib/fine",
    "lib//fine",
    "lib.",
    ".lib",
    "",
    "lib\\fine",
    "lib/fine\0x",
    "lib fine",
    "~root",
    "file:///etc/passwd",
    "lib/fïne",
  }) do
    attempt(("require(%q)"):format(name), "require: .*module name", files)
  end
  for _, name in ipairs({ "out", "passwd", "folder/passwd", "up.up.etc", "proc" }) do
    attempt(("require(%q)"):format(name), "leads out of the project", files)
  end
  attempt("require('loop')", "is a link that cannot be followed", files)
  attempt("require('lib')", "the project has no lib.lua", files)
  attempt("require('nowhere')", "no module 'nowhere'.*the project has no nowhere.lua", files)
  attempt("require()", "string expected", files)
  attempt("require(('x'):rep(1000))", "has 1 to %d+ characters", files)
end)

test("circles and endless files in require", function()
  attempt("require('a')", "in a circle: a.lua %-> b.lua %-> a.lua", {
    ["a.lua"] = "return require('b')",
    ["b.lua"] = "return require('a')",
  })
  attempt(
    "require('self')",
    "in a circle: self.lua %-> self.lua",
    { ["self.lua"] = "return require('self')" }
  )
  attempt("require('slow')", steps, { ["slow.lua"] = "while true do end" })
  attempt(
    "pcall(require, 'slow') return 'went on'",
    steps,
    { ["slow.lua"] = "while true do end" }
  )
  attempt(
    "require('big')",
    "larger than 1 MiB",
    { ["big.lua"] = "return '" .. ("x"):rep(1100000) .. "'" }
  )
  attempt("require('none')", "none.lua returns nothing", { ["none.lua"] = "local x = 1" })
  attempt("require('bad')", "bad.lua:2: unexpected symbol", { ["bad.lua"] = "local x = 1\n)" })
  attempt(
    "require('fat')",
    memory,
    { ["fat.lua"] = "local t = {} while true do t[#t + 1] = {} end" }
  )
end)

test("a file that takes the compiler long", function()
  local labels = {}
  for i = 1, 50000 do
    labels[i] = ("::l%d:: do end "):format(i)
  end
  attempt(
    "require('labels')",
    "too many labels",
    { ["labels.lua"] = table.concat(labels) .. " error('x')" }
  )
end)

test("redefining what belongs to Belay", function()
  attempts("cannot redefine '%a+': it belongs to Belay", {
    "print = nil",
    "function require() end",
    "pcall = function(f) return true, f() end",
    "_ENV.error = print",
    "string = {}",
  })
  attempts("cannot set '%w+' in %w+: it is read%-only", {
    "string.rep = nil",
    "function table.concat() end",
    "math.random = function() return 4 end",
    "table.insert(string, 1)",
    "table.move({ print }, 1, 1, 1, table)",
    "utf8.char = nil",
  })
  attempts(
    "this table is read%-only",
    { "rawset(_ENV, 'print', nil)", "rawset(math, 'pi', 3)" }
  )
  attempts(
    "cannot set the global 'x': use `local x`",
    { "x = 1", "function x() end", "_ENV['x'] = 1", "for i = 1, 2 do x = i end" }
  )
  attempts("attempt to index a string value", { "(''):rep(1).rep = 1", "('').x = 1" })
end)
