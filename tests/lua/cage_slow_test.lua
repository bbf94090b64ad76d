--- Attempts with instructions that take long themselves: the processor's time ends them.
--
-- Depends on: nothing. `attempt` runs each source twice, called and as a task (engine/vm/selftest.h).

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

test("slow instructions", function()
  attempts(limit, {
    "local c = {} for i = 1, 1999 do c = setmetatable({}, { __index = c }) end while true do local x = c.y end",
    "local a = ('x'):rep(4000000) local b = ('x'):rep(3999999) .. 'y' while true do local x = a == b end",
    "local a = ('x'):rep(4000000) local b = ('x'):rep(3999999) .. 'y' while true do local x = a < b end",
    "local a = ('x'):rep(3000000) while true do local x = a .. 'y' end",
    "local t = {} for i = 1, 20000 do t[i * 65535] = i end while true do local x = t[20000 * 65535] end",
    "local a = ('0'):rep(3999999) while true do for i = a, 1 do end end",
    "local function f(...) return f(...) end f(table.unpack({}, 1, 200000))",
    "local s = ('x'):rep(3000000) local t = {} while true do t[s .. 'x'] = 1 t = {} end",
    -- A state that is nearly full collects at each allocation.
    "local t = {} for i = 1, 100000 do t[i] = { i } end while true do local s = ('x'):rep(3900000) end",
    "local s = ('x'):rep(2000000) while true do pcall(function() return _ENV[s] end) end",
  })
end)
