--- find, match, gmatch and gsub, against section 6.4.1 of the manual of Lua 5.4.
--
-- Depends on: nothing.

test("find", function()
  equal({ ("hello world"):find("wor") }, { 7, 9 })
  equal({ ("hello"):find("l+") }, { 3, 4 })
  equal({ ("hello"):find("(l)(l)") }, { 3, 4, "l", "l" })
  equal({ ("hello"):find("xyz") }, {})
  equal({ (""):find("") }, { 1, 0 })
  equal({ ("abc"):find("") }, { 1, 0 })
  equal({ ("abc"):find("", 4) }, { 4, 3 })
  equal({ ("abc"):find("", 5) }, {})
  equal({ ("a.b"):find(".", 1, true) }, { 2, 2 })
  equal({ ("a+b+"):find("+", 3, true) }, { 4, 4 })
  equal({ ("abcabc"):find("b", -2) }, { 5, 5 })
  equal({ ("abc"):find("a", -100) }, { 1, 1 })
  equal({ ("a\0b\0c"):find("\0c") }, { 4, 5 })
  equal({ ("a\0b"):find("%z") }, {})
  equal({ ("xx\0yy"):find("[\0]") }, { 3, 3 })
end)

test("anchors", function()
  equal({ ("aab"):find("^a") }, { 1, 1 })
  equal({ ("aab"):find("^a", 2) }, { 2, 2 })
  equal({ ("baa"):find("^a") }, {})
  equal({ ("baa"):find("a$") }, { 3, 3 })
  equal({ ("a$b"):find("$b") }, { 2, 3 })
  equal({ ("a^b"):find("a^b") }, { 1, 3 })
  equal(("abc"):match("^.-$"), "abc")
  equal({ ("abc"):find("$") }, { 4, 3 })
end)

test("character classes", function()
  local text = "aZ5 _\t.\127é"
  equal(
    { text:match("%a"), text:match("%d"), text:match("%l"), text:match("%u") },
    { "a", "5", "a", "Z" }
  )
  equal(
    { text:match("%s"), text:match("%p"), text:match("%c"), text:match("%x") },
    { " ", "_", "\t", "a" }
  )
  equal(
    { text:match("%w+"), text:match("%W+"), text:match("%g+") },
    { "aZ5", " _\t.\127é", "aZ5" }
  )
  equal({ ("é"):match("%a"), ("é"):match("%A+") }, { nil, "é" })
  equal(("a%b"):match("%%"), "%")
  equal(("[x]"):match("%[(.)%]"), "x")
end)

test("sets", function()
  equal(
    { ("x-1"):match("[%w-]+"), ("a]b"):match("[]]"), ("abc"):match("[^a]+") },
    { "x-1", "]", "bc" }
  )
  equal(
    { ("a-z"):match("[a-]+"), ("^a"):match("[a^]+"), ("5f"):match("[0-9a-f]+") },
    { "a-", "^a", "5f" }
  )
  equal(
    { ("a]"):match("[^]]"), ("%d"):match("[%%d]+"), ("]"):match("[%]]") },
    { "a", "%d", "]" }
  )
  equal(("\xff"):match("[\x80-\xff]"), "\xff")
end)

test("repetitions", function()
  equal(
    { ("aaa"):match("a*"), ("aaa"):match("a-"), ("aaa"):match("a+"), ("aaa"):match("a?") },
    {
      "aaa",
      "",
      "aaa",
      "a",
    }
  )
  equal({ ("aaab"):match("a-b"), ("aaab"):match("^(a*)(ab)$") }, { "aaab", "aa", "ab" })
  equal({ ("<a><b>"):match("<.->"), ("<a><b>"):match("<.+>") }, { "<a>", "<a><b>" })
  equal(("color colour"):gsub("colou?r", "x"), "x x")
end)

test("captures", function()
  equal({ ("key = value"):match("^(%w+)%s*=%s*(%w+)$") }, { "key", "value" })
  equal({ ("hello"):match("()ll()") }, { 3, 5 })
  equal({ ("abc"):match("((a)(b))") }, { "ab", "a", "b" })
  equal(("x=x y=z"):match("(%w)=%1"), "x")
  equal({ ([["it's" he said]]):match([[(["'])(.-)%1]]) }, { '"', "it's" })
  equal({ ("abc"):match("()") }, { 1 })
end)

test("balanced text and frontiers", function()
  equal(("f(a(b)c)d)"):match("%b()"), "(a(b)c)")
  equal(("xx((("):match("%b()"), nil)
  equal(("<<a>>"):match("%b<>"), "<<a>>")
  equal(("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), 1)
  equal(("THE (quick) fox"):gsub("%f[%a]%a+", "w"), "w (w) w")
  equal({ ("abc"):find("%f[%z]") }, {})
  equal({ ("abc"):find("%f[\0]") }, { 4, 3 })
  equal({ ("[abc]"):find("%f[^[]") }, { 2, 1 })
end)

test("gmatch", function()
  local words = {}
  for word in ("one two  three"):gmatch("%a+") do
    words[#words + 1] = word
  end
  equal(words, { "one", "two", "three" })
  local pairs_ = {}
  for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do
    pairs_[k] = v
  end
  equal(pairs_, { a = "1", b = "2" })
  local places = {}
  for place in ("abc"):gmatch("()") do
    places[#places + 1] = place
  end
  equal(places, { 1, 2, 3, 4 })
  equal({ ("abcabc"):gmatch("b", 4)() }, { "b" })
  equal({ ("abc"):gmatch("^a")() }, {})
  equal({ ("abc"):gmatch("x", 99)() }, {})
end)

test("gsub with strings", function()
  equal({ ("hello world"):gsub("o", "0") }, { "hell0 w0rld", 2 })
  equal({ ("hello world"):gsub("o", "0", 1) }, { "hell0 world", 1 })
  equal({ ("hello world"):gsub("(%w+)", "<%1>") }, { "<hello> <world>", 2 })
  equal(("hello world"):gsub("%w+", "%0 %0", 1), "hello hello world")
  equal(("a b"):gsub("(%w) (%w)", "%2 %1"), "b a")
  equal(("abc"):gsub("%w", "%%%0"), "%a%b%c")
  equal({ ("abc"):gsub("", "-") }, { "-a-b-c-", 4 })
  equal({ ("abc"):gsub("b*", "-") }, { "-a-c-", 3 })
  equal({ ("aaa"):gsub("^a", "x") }, { "xaa", 1 })
  equal({ ("abc"):gsub("b", 5) }, { "a5c", 1 })
  equal({ ("abc"):gsub("b", "x", 0) }, { "abc", 0 })
  equal({ ("abc"):gsub("b", "x", -1) }, { "abc", 0 })
  equal(("abc"):gsub("()", "%1"), "1a2b3c4")
end)

test("gsub with tables and functions", function()
  equal(("$name is $age"):gsub("%$(%w+)", { name = "x", age = 5 }), "x is 5")
  equal(("a b c"):gsub("%w", { a = "1", b = false }), "1 b c")
  equal(
    ("4+5"):gsub("%d", function(d)
      return tonumber(d) * 2
    end),
    "8+10"
  )
  equal({ ("abc"):gsub("%w", function() end) }, { "abc", 3 })
  equal(
    ("abc"):gsub("(a)(b)", function(a, b)
      return b .. a
    end),
    "bac"
  )
  equal(
    ("x"):gsub(
      "x",
      setmetatable({}, {
        __index = function(_, k)
          return k .. k
        end,
      })
    ),
    "xx"
  )
end)

test("wrong patterns and replacements", function()
  raises("malformed pattern %(ends with '%%'%)", string.find, "a", "%")
  raises("malformed pattern %(missing '%]'%)", string.find, "a", "[a")
  raises("malformed pattern %(missing '%]'%)", string.find, "a", "[]")
  raises("malformed pattern %(missing '%]'%)", string.find, "a", "[^]")
  raises("malformed pattern %(missing '%]'%)", string.find, "a", "[a%]")
  raises("missing arguments to '%%b'", string.find, "a", "%b")
  raises("missing '%[' after '%%f'", string.find, "a", "%fa")
  raises("unfinished capture", string.find, "a", "(a")
  raises("invalid pattern capture", string.find, "a", "(a))")
  raises("invalid capture index %%1", string.find, "a", "%1")
  raises("invalid capture index %%2", string.gsub, "a", "(a)", "%2")
  raises("invalid use of '%%' in replacement string", string.gsub, "a", "a", "%x")
  raises("invalid use of '%%' in replacement string", string.gsub, "a", "a", "%")
  raises("invalid replacement value %(a table%)", string.gsub, "a", "a", { a = {} })
  raises("string/function/table expected", string.gsub, "a", "a")
  raises("too many captures", string.find, "a", ("()"):rep(33))
end)
