--- The redis module as scripts see it: arguments, and a server that is not
--- there. What a server answers, and what the guard refuses, is tested by
--- tests/unit/test_redis.c and tests/e2e/test_redis.c.
--
-- Depends on: the connection redis.test, where nobody listens.

test("redis: questions that find nobody say so", function()
  local cache = use("redis.test")
  local asks = {
    { cache.ping },
    { cache.info, "memory" },
    { cache.get, "k" },
    { cache.mget, { "a", "b" } },
    { cache.ttl, "k" },
    { cache.type, "k" },
    { cache.exists, "k" },
    { cache.hgetall, "k" },
    { cache.llen, "k" },
    { cache.lrange, "k" },
    { cache.dbsize },
    { cache.lastsave },
    { cache.role },
    { cache.config_get, "maxmemory" },
    { cache.client_list },
    { cache.slowlog, 5 },
    { cache.memory_usage, "k" },
    { cache.scan, "k:*" },
    { cache.read, { "ZCARD", "k" } },
    { cache.command, { "ZCARD", "k" } },
  }
  for _, ask in ipairs(asks) do
    local answer, err = try(ask[1], cache, ask[2])
    equal(answer, nil)
    equal(
      { err.code, err.module, err.target, err.retryable },
      { "refused", "redis", "redis.test", true }
    )
    ok(err.message:find("no connection to 127.0.0.1:1", 1, true))
  end
end)

test("redis: wrong arguments are named", function()
  local cache = use("redis.test")
  raises("argument 'key' is missing", cache.get, cache)
  raises("argument 'section' must be a string", cache.info, cache, {})
  raises("argument 'count' must be between 1 and 1000", cache.slowlog, cache, 0)
  raises("option 'limit' must be between 1 and", cache.scan, cache, "*", { limit = 0 })
  raises("did you mean 'limit'", cache.scan, cache, "*", { limits = 1 })
  raises("argument 'argv' must be a list", cache.read, cache, "GET a")
  raises("argument 'value' is missing", cache.set, cache, "k")
  raises("option 'ttl'", cache.set, cache, "k", "v", { ttl = "soon" })
  raises("argument 'after' is missing", cache.expire, cache, "k")
  raises("argument 'name' is missing", cache.config_set, cache)
  raises("argument 'keys' is missing", cache.del, cache)
  raises("argument 'keys' is missing", cache.unlink, cache)
  raises("takes 0 arguments", cache.flushdb, cache, "now")
  raises("takes 0 arguments", cache.bgsave, cache, "now")
end)
