--- The json module: exact numbers, empty lists, null, and errors with their place.
--
-- Depends on: nothing.
local json = require("json")

test("json: values come back as they were", function()
  for _, text in ipairs({
    "[]",
    "{}",
    '{"a":[1,2.5,true,null,"x"]}',
    "9223372036854775807",
    '"\\u0000"',
    "0.1",
    '[[],{"b":[]}]',
  }) do
    equal(json.format(json.parse(text)), text)
  end
end)

test("json: integers stay integers", function()
  equal(math.type(json.parse("9007199254740993")), "integer")
  equal(json.parse("9007199254740993"), 9007199254740993)
  equal(math.type(json.parse("1.0")), "float")
end)

test("json: null is nil in objects and keeps its place in lists", function()
  equal(json.parse('{"a":null}').a, nil)
  equal(#json.parse("[1,null,3]"), 3)
  equal(tostring(json.parse("[null]")[1]), "null")
end)

test("json: pretty", function()
  equal(json.format({ a = { 1 } }, { pretty = true }), '{\n  "a": [\n    1\n  ]\n}')
end)

test("json: errors name line and column", function()
  raises("line 2 column", json.parse, '{\n"a":}')
  raises("not JSON", json.parse, '{"a":1,"a":2}')
  raises("not JSON", json.parse, "")
  raises("cannot go here", json.format, { print })
end)
