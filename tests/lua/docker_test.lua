--- The docker module as scripts see it: arguments, refusals, a missing engine. Containers are
--- met by tests/e2e/test_docker.c.
--
-- Depends on: the connection docker.test, whose socket does not exist.
test("docker: an engine that is not there says so", function()
  local docker = use("docker.test")
  local asks = {
    version = {},
    list = { { all = true } },
    inspect = { "redis" },
    stats = { "redis" },
    logs = { "redis", { since = "10m", match = "ERROR", count = true } },
  }
  for name, arguments in pairs(asks) do
    local answer, err = try(docker[name], docker, table.unpack(arguments))
    equal(answer, nil)
    equal({ err.code, err.target, err.operation }, { "refused", "docker.test", name })
    ok(err.message:find("/nonexistent/engine.sock", 1, true))
  end
end)

test("docker: names cannot lead elsewhere", function()
  local docker = use("docker.test")
  for _, name in ipairs({ "", "..", "../images", "a/b", "a b", "a?all=1", "-f" }) do
    local _, err = try(docker.inspect, docker, name)
    equal(err.code, "arg")
    ok(err.message:find("no name of a container", 1, true))
  end
end)

test("docker: wrong arguments are named", function()
  local docker = use("docker.test")
  raises("argument 'name' is missing", docker.inspect, docker)
  raises("argument 'name' is missing", docker.start, docker)
  raises("option 'grace'", docker.stop, docker, "redis", { grace = "soon" })
  raises("option 'grace'", docker.restart, docker, "redis", { grace = "2h" })
  raises("option 'signal' must be a string", docker.kill, docker, "redis", { signal = {} })
  raises("argument 'argv' is missing", docker.exec, docker, "redis")
  raises("option 'env'", docker.exec, docker, "redis", { "true" }, { env = "A=1" })
  raises("option 'tail'", docker.logs, docker, "redis", { tail = 0 })
  raises("option 'last'", docker.logs, docker, "redis", { last = 1000000 })
  raises("did you mean 'label'", docker.list, docker, { labels = "x" })
end)

test("docker: a pattern that is wrong is said before anything is asked", function()
  local docker = use("docker.test")
  local _, err = try(docker.logs, docker, "redis", { match = "(" })
  equal(err.code, "arg")
  ok(err.message:find("option 'match'", 1, true))
end)
