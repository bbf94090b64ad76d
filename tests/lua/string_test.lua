--- The plain functions of the string library and string.pack, against section 6.4 of the manual of Lua 5.4.
--
-- Depends on: nothing.

test("len, upper, lower, reverse", function()
  equal({ ("").len(""), ("abc"):len(), ("a\0b"):len() }, { 0, 3, 3 })
  equal({ ("aZ09é"):upper(), ("aZ09É"):lower() }, { "AZ09é", "az09É" })
  equal({ ("abc"):reverse(), (""):reverse() }, { "cba", "" })
end)

test("numbers are strings where strings are wanted", function()
  equal({ string.len(12), string.rep(1, 3), string.sub(12345, 2, 3) }, { 2, "111", "23" })
  raises("string expected, got no value", string.len)
  raises("string expected, got boolean", string.upper, true)
  raises("attempt to perform arithmetic on a string value", function()
    return "10" + 1
  end)
end)

test("sub", function()
  local s = "12345"
  equal(
    { s:sub(2), s:sub(2, 3), s:sub(-2), s:sub(-3, -2), s:sub(0), s:sub(9) },
    { "2345", "23", "45", "34", s, "" }
  )
  equal(
    { s:sub(-9), s:sub(1, -9), s:sub(4, 2), s:sub(2, 99), s:sub(0, 0) },
    { s, "", "", "2345", "" }
  )
  equal(s:sub(math.mininteger, math.maxinteger), s)
  equal(s:sub(math.maxinteger, math.mininteger), "")
  raises("number has no integer representation", s.sub, s, 1.5)
  equal(s:sub("2", 3.0), "23")
end)

test("rep", function()
  equal(
    { ("ab"):rep(3), ("ab"):rep(3, ","), ("ab"):rep(1, ","), ("ab"):rep(0), ("ab"):rep(-1) },
    {
      "ababab",
      "ab,ab,ab",
      "ab",
      "",
      "",
    }
  )
  equal({ (""):rep(3, "x"), (""):rep(5), ("abc"):rep(100, "--"):len() }, { "xx", "", 498 })
  raises("resulting string too large", string.rep, "x", math.maxinteger)
end)

test("byte and char", function()
  equal({ ("abc"):byte() }, { 97 })
  equal({ ("abc"):byte(2, 3) }, { 98, 99 })
  equal({ ("abc"):byte(-1) }, { 99 })
  equal({ ("abc"):byte(10) }, {})
  equal({ ("\0\xff"):byte(1, -1) }, { 0, 255 })
  equal({ string.char(), string.char(72, 105), string.char(0, 255):len() }, { "", "Hi", 2 })
  raises("value out of range", string.char, 256)
  raises("value out of range", string.char, -1)
end)

test("methods of strings", function()
  equal((" x "):rep(2), " x  x ")
  raises("string has no 'trim'", function()
    return (" x "):trim()
  end)
end)

test("pack and unpack integers", function()
  equal(string.pack("<i4", 1), "\1\0\0\0")
  equal(string.pack(">i4", 1), "\0\0\0\1")
  equal(string.pack("<i2 >i2 =b", 1, 1, -1), "\1\0\0\1\xff")
  equal({ string.unpack("<i2", "\xff\xff") }, { -1, 3 })
  equal({ string.unpack("<I2", "\xff\xff") }, { 65535, 3 })
  equal({ string.unpack("<i3", string.pack("<i3", -70000)) }, { -70000, 4 })
  equal(string.pack("<i16", -2), "\xfe" .. ("\xff"):rep(15))
  equal(
    { string.unpack(">i16", string.pack(">i16", math.mininteger)) },
    { math.mininteger, 17 }
  )
  equal({ string.unpack("<jJ", string.pack("<jJ", -1, 5)) }, { -1, 5, 17 })
  raises("integer overflow", string.pack, "i1", 128)
  raises("unsigned overflow", string.pack, "I1", 256)
  raises("unsigned overflow", string.pack, "B", -1)
  raises("does not fit into Lua Integer", string.unpack, "<I9", ("\xff"):rep(9))
  raises("out of limits %[1,16%]", string.pack, "i17", 1)
  raises("out of limits %[1,16%]", string.pack, "i0", 1)
end)

test("pack and unpack floats and strings", function()
  equal(
    { string.unpack("<fdn", string.pack("<fdn", 0.5, 0.1, -1e300)) },
    { 0.5, 0.1, -1e300, 21 }
  )
  equal(string.pack(">d", 1), "\x3f\xf0\0\0\0\0\0\0")
  equal(string.pack("<s1", "abc"), "\3abc")
  equal(string.pack("z", "abc"), "abc\0")
  equal(string.pack("c5", "abc"), "abc\0\0")
  equal({ string.unpack("<s2zc2", "\2\0hi" .. "you\0" .. "me") }, { "hi", "you", "me", 11 })
  equal({ string.unpack("z", "a\0b", 2) }, { "", 3 })
  equal({ string.unpack("b", "\1\2\3", -1) }, { 3, 4 })
  raises("string longer than given size", string.pack, "c2", "abc")
  raises("string contains zeros", string.pack, "z", "a\0b")
  raises("length does not fit", string.pack, "s1", ("x"):rep(256))
  raises("unfinished string", string.unpack, "z", "abc")
  raises("data string too short", string.unpack, "<i4", "abc")
  raises("data string too short", string.unpack, "s1", "\5ab")
  raises("data string too short", string.unpack, "c9223372036854775807", "ab")
  raises("missing size", string.pack, "c", "x")
  raises("initial position out of string", string.unpack, "b", "ab", 4)
end)

test("alignment and padding", function()
  equal(string.pack("<!4 b i4", 1, 2), "\1\0\0\0\2\0\0\0")
  equal(string.pack("<!2 b i4", 1, 2), "\1\0\2\0\0\0")
  equal(string.pack("<b i4", 1, 2), "\1\2\0\0\0")
  equal(string.pack("<!4 b Xi4 b", 1, 2), "\1\0\0\0\2")
  equal(string.pack("bxb", 1, 2), "\1\0\2")
  equal({ string.unpack("<!4 b i4", "\1\0\0\0\2\0\0\0") }, { 1, 2, 9 })
  equal(
    { string.packsize("<!8 b d"), string.packsize("i4i8"), string.packsize("") },
    { 16, 12, 0 }
  )
  equal(string.packsize("!8xXd"), 8)
  raises("not power of 2", string.pack, "!3 b i3", 1, 2)
  raises("invalid next option for option 'X'", string.pack, "X")
  raises("invalid next option for option 'X'", string.pack, "Xz")
  raises("variable%-length format", string.packsize, "s")
  raises("variable%-length format", string.packsize, "z")
  raises("format result too large", string.packsize, "c2147483647c2147483647")
  raises("invalid format option 'y'", string.pack, "y")
end)
