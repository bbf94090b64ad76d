--- The http module as scripts see it: arguments, refusals, and that a test without `may` changes
--- nothing. Requests themselves are run by tests/e2e/test_http.c.
--
-- Depends on: the connection http.test, where nobody listens.
test("http: requests that find nobody say so", function()
  local http = use("http.test")
  for _, ask in ipairs({ http.get, http.head, http.options }) do
    local answer, err = try(ask, http, "/health")
    equal(answer, nil)
    equal(
      { err.code, err.module, err.target, err.retryable },
      { "refused", "http", "http.test", true }
    )
    ok(err.message:find("http://127.0.0.1:1/health", 1, true))
    ok(err.message:find("is the service running?", 1, true))
  end
  local _, err = try(http.request, http, "GET", "/health", { timeout = "2s" })
  equal(err.code, "refused")
end)

test("http: wrong arguments are named", function()
  local http = use("http.test")
  raises("did you mean 'query'", http.get, http, "/x", { quer = {} })
  raises("option 'query' must be a table", http.get, http, "/x", { query = 5 })
  raises("option 'headers' must be a table", http.head, http, "/x", { headers = "A: b" })
  raises("argument 'path' must be a string", http.options, http, { 1 })
  raises("option 'json' must be true or false", http.get, http, "/x", { json = {} })
  raises("option 'timeout'", http.get, http, "/x", { timeout = "soon" })
  raises("option 'keep'", http.get, http, "/x", { keep = "much" })
  raises("argument 'method' is missing", http.request, http)
  raises("option 'body' must be a string", http.post, http, "/x", { body = {} })
  raises("option 'parse' must be true or false", http.put, http, "/x", { parse = "yes please" })
  raises("unknown option 'jsn'", http.patch, http, "/x", { jsn = 1 })
  raises("unknown option", http.delete, http, "/x", { force = true })
end)

test("http: what cannot be a URL is not sent", function()
  local http = use("http.test")
  local _, err = try(http.get, http, "health")
  equal(err.code, "arg")
  _, err = try(http.get, http, "/x\r\nHost: elsewhere")
  equal(err.code, "arg")
  _, err = try(http.get, http, "/x", { query = { a = { b = 1 } } })
  equal(err.code, "arg")
  _, err = try(http.get, http, "/x", { headers = { ["X: y"] = "1" } })
  equal(err.code, "arg")
end)
