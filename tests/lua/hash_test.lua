--- The hash module against values that others publish.
--
-- Depends on: nothing.
local hash = require("hash")

test("hash: sha256", function()
  equal(hash.sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  equal(hash.sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
end)

test("hash: hmac_sha256, RFC 4231 case 2", function()
  equal(
    hash.hmac_sha256("Jefe", "what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
  )
end)

test("hash: encodings", function()
  equal(hash.hex("\0\xffA"), "00ff41")
  for _, text in ipairs({ "", "A", "AB", "ABC", "\0\xff\0\xff" }) do
    equal(hash.base64_decode(hash.base64(text)), text)
  end
  equal(hash.base64("AB"), "QUI=")
  raises("no base64", hash.base64_decode, "Q")
  raises("no base64", hash.base64_decode, "Q!==")
  raises("no base64", hash.base64_decode, "====")
end)
