-- luacheck: every Lua file of the project. `std` is Lua 5.4; the cage of the engine offers less.
std = "lua54"
max_line_length = 100 -- stylua keeps code at 96
codes = true
exclude_files = { "build", "lua/stubs" }

-- The words of the language, as a runbook finds them.
local words = {
  "ask",
  "call",
  "check",
  "choose",
  "confirm",
  "decide",
  "done",
  "each",
  "environment",
  "evidence",
  "fail",
  "manual",
  "note",
  "parallel",
  "param",
  "procedure",
  "project",
  "secret",
  "step",
  "try",
  "wait_until",
}

files["runbooks"] = { read_globals = words }
files["lua"] = { read_globals = words }
files["tests/lua"] = { read_globals = words }
files["tests/e2e"] = { read_globals = words }
