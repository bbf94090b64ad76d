--- The regex module: matches, groups, names, replacing, cutting, and its bound.
--
-- Depends on: nothing.
local regex = require("regex")

test("regex: match gives text, place, groups and names", function()
  local found = regex.match("(?<count>\\d+) (errors|warnings)", "saw 12 errors")
  equal(found.text, "12 errors")
  equal(found.start, 5)
  equal(found.stop, 13)
  equal(found.groups, { "12", "errors" })
  equal(found.names.count, "12")
  equal(regex.match("x", "abc"), nil)
  equal(regex.match("(a)|(b)", "b").groups[2], "b")
end)

test("regex: any bytes, UTF-8, NUL", function()
  equal(regex.test("b\\x00c", "a b\0c"), true)
  equal(regex.match("ü.", "grün").text, "ün")
  equal(regex.test("x", "\xff\xfe x"), true)
end)

test("regex: a bad pattern and too many steps are errors", function()
  raises("is wrong at character", regex.match, "(a", "a")
  raises("holds a NUL byte", regex.match, "a\0", "a")
  local ok_, err = pcall(regex.test, "^(a+)+$", string.rep("a", 40) .. "!")
  equal(ok_, false)
  equal(err.code, "limit")
  raises("'pattern'", regex.match, 5, "a")
end)

-- Some 10,000 steps at each of a million places: minutes, if only the steps at one place counted.
test("regex: the steps on a long text are bounded in all", function()
  local text = string.rep("a", 1000000)
  for _, pattern in ipairs({ "(?:a|aa){0,14}[xy]", "(*NO_JIT)(?:a|aa){0,14}[xy]" }) do
    for _, fn in ipairs({ regex.test, regex.match, regex.find_all, regex.split }) do
      raises("too many steps", fn, pattern, text)
    end
  end
end)

test("regex: a long text is searched as a short one", function()
  local filler = string.rep("ü", 50001)
  equal(regex.match("(?<=ü)x", filler .. "x").start, 100003)
  equal(regex.match("[^x]", "xx" .. string.rep("x", 4094) .. "üx").text, "ü")
  equal(#regex.find_all("(?m)^b", string.rep("ab\n", 30000) .. "b"), 1)
  equal(regex.match("(?m)^b$", string.rep("ab", 30000) .. "\nb").start, 60002)
  equal(regex.match(".*[xy]", filler .. "\n" .. filler .. "z\nzx").text, "zx")
  equal(regex.test("\\Gx", filler .. "x"), false)
  equal(regex.test("\\Gü", filler), true)
  equal(regex.test("ü(*COMMIT)x|x", filler .. "x"), false)
  equal(regex.test("(?s)^.*y", filler), false)
  equal(#regex.split("x", filler .. "x" .. filler), 2)
  equal(#regex.replace("$", filler, "end"), 100005)
end)

test("regex: find_all, empty matches too", function()
  equal(#regex.find_all("\\w+", "one two three"), 3)
  equal(#regex.find_all("\\w+", "one two three", { limit = 2 }), 2)
  equal(#regex.find_all("", "aüb"), 4)
end)

test("regex: replace with groups", function()
  equal(regex.replace("(\\w+)@(\\w+)", "ops@host x@y", "$2.$1"), "host.ops y.x")
  equal(regex.replace("a", "aaa", "b", { limit = 2 }), "bba")
  equal(regex.replace("a", "a", "$$1"), "$1")
  equal(regex.replace("x*", "ab", "-"), "-a-b-")
end)

test("regex: split and escape", function()
  equal(regex.split("\\s*,\\s*", "a, b ,c"), { "a", "b", "c" })
  equal(regex.split(",", ""), { "" })
  equal(regex.split(",", ",a,"), { "", "a", "" })
  equal(regex.test("^" .. regex.escape("1.5 (x)") .. "$", "1.5 (x)"), true)
  equal(regex.test(regex.escape("1.5"), "1x5"), false)
end)
