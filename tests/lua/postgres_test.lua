--- The postgres module as scripts see it: arguments, and a server that is
--- not there. What a server answers, and what the guard refuses, is tested by
--- tests/unit/test_postgres.c and tests/e2e/test_postgres.c.
--
-- Depends on: the connection postgres.test, where nobody listens.

test("postgres: questions that find nobody say so", function()
  local db = use("postgres.test")
  for _, ask in ipairs({ db.query, db.one, db.value }) do
    local answer, err = try(ask, db, "select 1 as one where $1 > 0", { 5 })
    equal(answer, nil)
    equal(
      { err.code, err.module, err.target, err.retryable },
      { "refused", "postgres", "postgres.test", true }
    )
    ok(err.message:find("is the server running", 1, true))
  end
end)

test("postgres: wrong arguments are named", function()
  local db = use("postgres.test")
  raises("argument 'sql' is missing", db.query, db)
  raises("argument 'sql' must be a string", db.one, db, 5)
  raises("argument 'params' must be a list", db.value, db, "select $1", 5)
  raises("option 'rows' must be between 1 and", db.query, db, "select 1", {}, { rows = 0 })
  raises("did you mean 'rows'", db.query, db, "select 1", {}, { row = 1 })
  raises("unknown option 'rows'", db.one, db, "select 1", {}, { rows = 1 })
  raises("option 'timeout'", db.execute, db, "vacuum", {}, { timeout = "soon" })
end)
