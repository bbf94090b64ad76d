--- The exec module as scripts see it: what its arguments must be. Commands themselves are changes
--- and are run by tests/e2e/test_exec.c.
--
-- Depends on: nothing.
local exec = require("exec")

test("exec: run names the wrong argument", function()
  raises("argument 'argv' is missing", exec.run)
  raises("argument 'argv' must be a list of a program", exec.run, {})
  raises("argument 'argv' must be a list of strings", exec.run, { "kill", 1 })
  raises("argument 'argv'", exec.run, 5)
  raises("argument 'argv'", exec.run, { "a\0b" })
  raises("option 'timeout'", exec.run, { "true" }, { timeout = "soon" })
  raises("option 'env'", exec.run, { "true" }, { env = "A=1" })
  raises("option 'ok'", exec.run, { "true" }, { ok = 1 })
  raises("did you mean 'shell'", exec.run, { "true" }, { shel = true })
end)
