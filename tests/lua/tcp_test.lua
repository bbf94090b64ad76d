--- The tcp module as scripts see it: arguments and failures. Listeners and certificates are met
--- by tests/e2e/test_tcp.c.
--
-- Depends on: nobody listening on port 1 of 127.0.0.1.
local tcp = require("tcp")

test("tcp: nobody listens", function()
  for _, ask in ipairs({ tcp.connect, tcp.certificate }) do
    local answer, err = try(ask, "127.0.0.1", 1)
    equal(answer, nil)
    equal({ err.code, err.target, err.retryable }, { "refused", "tcp", true })
    ok(err.message:find("127.0.0.1:1", 1, true))
  end
end)

test("tcp: wrong arguments are named", function()
  raises("argument 'host' is missing", tcp.connect)
  raises("argument 'host' must be a host name", tcp.connect, "http://localhost", 80)
  raises("argument 'port' must be between 1 and 65535", tcp.connect, "localhost", 0)
  raises("option 'banner'", tcp.connect, "localhost", 1, { banner = "1GB" })
  raises("did you mean 'banner'", tcp.connect, "localhost", 1, { baner = 5 })
  raises("argument 'port' is missing", tcp.certificate, "localhost")
  raises("option 'name'", tcp.certificate, "localhost", 1, { name = "a b" })
end)

test("tcp: a certificate needs authorities that can be read", function()
  local _, err = try(tcp.certificate, "127.0.0.1", 1, { ca_file = "/nonexistent.pem" })
  ok(err.code == "refused" or err.code == "not_found")
end)
