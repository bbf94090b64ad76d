-- Twelve changes, eleven not to be made twice: what the fault suite cuts off at every point.
local exec = require("exec")
local file = require("file")

-- A step of one change; `seen` observes whether it has happened, where that can be observed.
local function change(title, run, seen)
  step(title, { undo = "none", run = run, verify = seen })
end

local function holds(path, text)
  return function()
    return file.stat(path) ~= nil and file.read(path) == text
  end
end

local function book(db)
  change("Book the order", function()
    db:execute("insert into booked (what) values ($1)", { "order 7" })
  end, function()
    return db:value("select count(*) from booked") == 1
  end)
end

local function announce(cache, broker, p)
  change("Count the order", function()
    cache:command({ "INCR", "orders" })
  end, function()
    return cache:get("orders") == "1"
  end)
  change("Announce the order", function()
    broker:publish("", p.queue, "order 7 is booked")
  end, function()
    return broker:queue(p.queue).messages == 1
  end)
end

local function mark(engine, p)
  local path = p.folder .. "/container"
  change("Mark the container", function()
    if engine then
      engine:exec(p.container, { "sh", "-c", "echo marked >>/fault/container" })
    else
      exec.run({ "tee", "-a", path }, { stdin = "marked\n" })
    end
  end, holds(path, "marked\n"))
end

local function tell(use, p)
  parallel({
    audit = function()
      change("Write the audit line", function()
        file.append(p.folder .. "/audit", "order 7\n")
      end, holds(p.folder .. "/audit", "order 7\n"))
    end,
    container = function()
      mark(use.engine, p)
    end,
    feed = function()
      change("Push it to the feed", function()
        use.cache:command({ "LPUSH", "feed", "order 7" })
      end)
    end,
    shop = function()
      change("Tell the shop", function()
        use.shop:post("/orders", { body = "order 7" })
      end, function()
        return use.shop:get("/orders").json.count == 1
      end)
    end,
  })
end

local function close_books(db, p)
  change("Raise the total", function()
    db:execute("update totals set orders = orders + 1 where shop = 7")
  end, function()
    return db:value("select orders from totals") == 1
  end)
  change("Sign at the desk", function()
    exec.run({ "tee", "-a", p.folder .. "/desk" }, { stdin = "signed\n" })
  end, holds(p.folder .. "/desk", "signed\n"))
  change("Write the receipt", function()
    file.write(p.folder .. "/receipt", "paid\n")
  end, holds(p.folder .. "/receipt", "paid\n"))
  change("Index the bookings", function()
    db:execute("create index concurrently booked_what on booked (what)")
  end, function()
    return db:value(
      "select count(*) from pg_index where indexrelid = to_regclass('booked_what') and indisvalid"
    ) == 1
  end)
end

procedure({
  title = "Take an order",
  uses = {
    db = "postgres.main",
    cache = "redis.cache",
    broker = "amqp.broker",
    shop = "http.shop",
    engine = "docker.engine?",
  },
  may = {
    db = "change",
    cache = "change",
    broker = "change",
    shop = "change",
    engine = "change",
    file = "change",
    ["exec.tee"] = "change",
  },
  params = {
    folder = param.path({ help = "where the files are" }),
    queue = param.string({ help = "where orders are announced" }),
    container = param.string({ default = "", help = "which one is marked" }),
  },
  run = function(p, use)
    book(use.db)
    announce(use.cache, use.broker, p)
    tell(use, p)
    close_books(use.db, p)
    change("Ring the bell", function()
      use.shop:post("/bell", { body = "order 7" })
    end)
    done("The order is taken.")
  end,
})
