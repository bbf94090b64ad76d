--- The amqp module as scripts see it: arguments, and a broker that is not there. What a broker
--- answers is tested by tests/e2e/test_amqp.c.
--
-- Depends on: the connection amqp.test, where nobody listens.
test("amqp: questions that find nobody say so", function()
  local broker = use("amqp.test")
  local asks = {
    { broker.ping },
    { broker.queue, "orders" },
    { broker.queues, { "orders", "alerts" } },
    { broker.exchange, "amq.topic" },
  }
  for _, ask in ipairs(asks) do
    local answer, err = try(ask[1], broker, ask[2])
    equal(answer, nil)
    equal(
      { err.code, err.module, err.target, err.retryable },
      { "refused", "amqp", "amqp.test", true }
    )
    ok(err.message:find("cannot connect to 127.0.0.1:1", 1, true))
  end
end)

test("amqp: wrong arguments are named", function()
  local broker = use("amqp.test")
  raises("argument 'queue' is missing", broker.queue, broker)
  raises("argument 'queues' must be a list of strings", broker.queues, broker, { 1 })
  raises("argument 'exchange' must be a string", broker.exchange, broker, 5)
  raises("option 'count' must be between 1 and 100", broker.peek, broker, "q", { count = 0 })
  raises("did you mean 'count'", broker.peek, broker, "q", { cout = 1 })
  raises("argument 'key' is missing", broker.publish, broker, "")
  raises("argument 'body' is missing", broker.publish, broker, "", "q")
  raises("option 'headers'", broker.publish, broker, "", "q", "x", { headers = 1 })
  raises("option 'priority'", broker.publish, broker, "", "q", "x", { priority = 256 })
  raises("argument 'queue' is missing", broker.purge, broker)
  local _, err = try(broker.queue, broker, ("q"):rep(256))
  equal(err.code, "arg")
  raises("has no 'missing'", function()
    return broker.missing
  end)
end)
