--- math and utf8 of the cage, and random numbers that can be repeated.
--
-- Depends on: nothing.

test("math", function()
  equal(
    { math.max(1, 5, 3), math.min(2, 0.5), math.abs(-3), math.floor(3.7), math.ceil(3.2) },
    { 5, 0.5, 3, 3, 4 }
  )
  equal({ math.type(1), math.type(1.0), math.type("1") }, { "integer", "float", nil })
  equal({ math.tointeger(3.0), math.tointeger(3.5) }, { 3 })
  equal({ math.fmod(7, 3), math.ult(1, -1), 7 // 2, -7 // 2, 7 % -3 }, { 1, true, 3, -4, -2 })
  equal({ math.modf(3.25) }, { 3, 0.25 })
  raises("number expected", math.floor, "x")
  raises("'math.randomseed' is not available here", function()
    math.randomseed(1)
  end)
end)

test("random is the same in every state and within its bounds", function()
  local seen = {}
  for _ = 1, 200 do
    local r = math.random(3)
    ok(r >= 1 and r <= 3)
    seen[r] = true
    local f = math.random()
    ok(f >= 0 and f < 1)
    local w = math.random(-2, 2)
    ok(w >= -2 and w <= 2)
  end
  equal(seen, { true, true, true })
  equal(math.type(math.random(0)), "integer")
  equal(math.random(5, 5), 5)
  ok(math.random(math.mininteger, math.maxinteger))
  raises("interval is empty", math.random, 2, 1)
  raises("interval is empty", math.random, -1)
  raises("wrong number of arguments", math.random, 1, 2, 3)
end)

test("utf8", function()
  equal(
    { utf8.char(72, 228, 8364), utf8.len("Hä€"), utf8.codepoint("€") },
    { "Hä€", 3, 8364 }
  )
  equal({ utf8.len("\xff") }, { nil, 1 })
  equal(utf8.offset("Hä€", 3), 4)
  local codes = {}
  for p, c in utf8.codes("aä") do
    codes[#codes + 1] = p .. ":" .. c
  end
  equal(codes, { "1:97", "2:228" })
  raises("invalid UTF%-8 code", function()
    for _ in utf8.codes("\xff") do
    end
  end)
end)
