--- require: what it finds, in which order, and how often.
--
-- Depends on: nothing.

test("a file is loaded once, by whatever name", function()
  attempt(
    [[
      local a, b = require("lib.tools"), require("lib/tools")
      assert(rawequal(a, b) and a.count == 1)
      error("as it should be")
    ]],
    "as it should be",
    { ["lib/tools.lua"] = "local M = { count = 0 } M.count = M.count + 1 return M" }
  )
end)

test("a link that stays inside the project is followed", function()
  attempt("error(require('short').name)", "real", {
    ["short.lua"] = "-> lib/real.lua",
    ["lib/real.lua"] = "return { name = 'real' }",
  })
end)

test("files do not share globals, and each has its own environment", function()
  attempt(
    "require('a')",
    "a.lua:1: cannot set the global 'shared'",
    { ["a.lua"] = "shared = 1" }
  )
  attempt(
    "error(tostring(require('a').env == _ENV))",
    "false",
    { ["a.lua"] = "return { env = _ENV }" }
  )
end)

test("a shell line and a byte order mark are skipped, line numbers hold", function()
  attempt(
    "require('tool')",
    "^tool.lua:2: here",
    { ["tool.lua"] = "\xef\xbb\xbf#!/usr/bin/env lua\nerror('here')" }
  )
end)

test("an error in a required file names that file", function()
  attempt("require('lib.bad')", "^lib/bad.lua:2: attempt to call a nil value", {
    ["lib/bad.lua"] = "local x\nx()\nreturn {}",
  })
end)

test("a file that failed is loaded anew by the next require", function()
  attempt(
    "pcall(require, 'a') local ok, e = pcall(require, 'a') error(e, 0)",
    "^a.lua:1: first$",
    { ["a.lua"] = "error('first')" }
  )
end)
