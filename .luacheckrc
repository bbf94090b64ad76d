-- luacheck: what the Lua files of the project find around them. Scripts of the system's Lua
-- (tests/lint) have Lua 5.4; everything that runs in the engine has the cage and the words.
std = "lua54"
max_line_length = 100 -- stylua keeps code at 96; this is for comments
codes = true
exclude_files = { "build", "lua/stubs", "tests/e2e/broken", "**/environments/box.lua" }

-- The cage: an allow list, so that luacheck reports what the engine would refuse.
stds.cage = {
  read_globals = {
    "_VERSION",
    "assert",
    "error",
    "getmetatable",
    "ipairs",
    "math",
    "next",
    "pairs",
    "pcall",
    "print",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "require",
    "select",
    "setmetatable",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "utf8",
    "xpcall",
  },
}

-- The words of the language, as a runbook finds them.
stds.words = {
  read_globals = {
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
  },
}

for _, folder in ipairs({ "runbooks", "lua", "tests/e2e", "tests/bench", "tests/fault" }) do
  files[folder] = { std = "cage+words" }
end
files["tests/e2e/guard"] = { std = "lua54" } -- scripts of the tests, not runbooks
files["tests/lua"] = {
  std = "cage+words",
  globals = { "attempt", "equal", "ok", "raises", "use", "test" },
  max_line_length = false, -- hostile sources are quoted whole
}
