--- string.format, against section 6.4 of the manual of Lua 5.4.
--
-- Depends on: nothing.

local format = string.format

test("integers", function()
  equal(
    { format("%d", 42), format("%i", -7), format("%5d|%-5d|", 3, 4) },
    { "42", "-7", "    3|4    |" }
  )
  equal({ format("%05d", 42), format("%+d", 42), format("% d", 42), format("%.3d", 5) }, {
    "00042",
    "+42",
    " 42",
    "005",
  })
  equal({ format("%x %X %#x %o", 255, 255, 255, 8) }, { "ff FF 0xff 10" })
  equal(
    { format("%d", 3.0), format("%d", "10"), format("%x", -1) },
    { "3", "10", "ffffffffffffffff" }
  )
  equal(
    format("%d %d", math.maxinteger, math.mininteger),
    "9223372036854775807 -9223372036854775808"
  )
  equal(
    { format("%c%c", 72, 105), format("%c", 0), format("%3c|%-3c|", 65, 66) },
    { "Hi", "\0", "  A|B  |" }
  )
  raises("number has no integer representation", format, "%d", 1.5)
  raises("number expected, got string", format, "%d", "x")
end)

test("floats", function()
  equal(
    { format("%.2f", 1 / 3), format("%8.3f|", 2.5), format("%-8.1f|", 2.5) },
    { "0.33", "   2.500|", "2.5     |" }
  )
  equal(
    { format("%e", 12345.678), format("%.0f", 0.5), format("%#.0f", 1) },
    { "1.234568e+04", "0", "1." }
  )
  equal(
    { format("%g", 1e20), format("%g", 0.1), format("%G", 1e-10) },
    { "1e+20", "0.1", "1E-10" }
  )
  equal(
    { format("%a", 1), format("%A", 0.5), format("%.1a", 1) },
    { "0x1p+0", "0X1P-1", "0x1.0p+0" }
  )
  equal({ format("%f", math.huge), format("%.1f", -math.huge) }, { "inf", "-inf" })
  equal(#format("%.99f", 1e308), 409)
  equal(format("%.14g", 0.1), "0.1")
end)

test("strings", function()
  equal(
    { format("%s", "x"), format("%5s|", "x"), format("%-5s|", "x"), format("%.2s", "abc") },
    {
      "x",
      "    x|",
      "x    |",
      "ab",
    }
  )
  equal(format("%5.2s|", "abc"), "   ab|")
  equal({ format("%s %s %s", nil, true, 12), format("%s", 1.0) }, { "nil true 12", "1.0" })
  equal(format("%s", "a\0b"), "a\0b")
  equal(#format("%s", ("x"):rep(5000)), 5000)
  equal(#format("%5s", ("x"):rep(5000)), 5000)
  equal(format("%%"), "%")
  equal(
    format(
      "%s",
      setmetatable({}, {
        __tostring = function()
          return "me"
        end,
      })
    ),
    "me"
  )
  raises("string contains zeros", format, "%5s", "a\0b")
end)

test("literals", function()
  equal(format("%q", 'a "b" \\ \n\r\0' .. "1\127"), '"a \\"b\\" \\\\ \\\n\\13\\0001\\127"')
  equal(
    { format("%q", 1), format("%q", 1.5), format("%q", true), format("%q", nil) },
    { "1", "0x1.8p+0", "true", "nil" }
  )
  equal({ format("%q", math.mininteger), format("%q", math.huge), format("%q", -math.huge) }, {
    "0x8000000000000000",
    "1e9999",
    "-1e9999",
  })
  equal(format("%q", 0 / 0), "(0/0)")
  raises("value has no literal form", format, "%q", {})
  raises("cannot have modifiers", format, "%5q", "x")
end)

test("wrong formats", function()
  raises("invalid conversion '%%y' to 'format'", format, "%y", 1)
  raises("invalid conversion '%%' to 'format'", format, "%")
  raises("invalid conversion '%%123' to 'format'", format, "%123d", 1)
  raises("invalid conversion '%%.123' to 'format'", format, "%.123d", 1)
  raises("invalid conversion '%%#d' to 'format'", format, "%#d", 1)
  raises("invalid conversion '%%05s' to 'format'", format, "%05s", "x")
  raises("invalid conversion '%%.3c' to 'format'", format, "%.3c", 1)
  raises("bad argument #2 to 'string.format' %(no value%)", format, "%d")
  raises("no value", format, "%s %s", 1)
  raises("'%%p' is not available here", format, "%p", {})
end)
