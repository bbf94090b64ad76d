--- The time module: the clock, times of servers, and waiting that a dry world skips.
--
-- Depends on: nothing.
local time = require("time")

test("time: parse and format", function()
  equal(time.parse("1970-01-01T00:00:01Z"), 1.0)
  equal(time.parse("2026-03-01 03:59:00+01"), time.parse("2026-03-01T02:59:00Z"))
  equal(time.format(0), "1970-01-01T00:00:00.000Z")
  raises("is no time", time.parse, "yesterday")
end)

test("time: now is now", function()
  local now = time.now()
  equal(math.abs(time.parse(now.text) - now.epoch) < 0.01, true)
end)

test("time: sleep is skipped in a dry world, and knows durations", function()
  equal(time.sleep("1h"), true)
  raises("is not a duration", time.sleep, "soon")
  raises("'seconds'", time.sleep)
end)
