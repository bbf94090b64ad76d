-- MasterTrade in production, as its owner describes it: everything on one host, Docker Compose.
-- Secrets come from the environment of the process (or from systemd credentials).
environment({
  state = "/var/lib/belay",
  policy = { change = "confirm", destroy = { typed = true, approvals = 1 } },

  postgres = {
    main = {
      host = "localhost",
      port = 5432,
      dbname = "mastertrade",
      user = "mastertrade",
      password = secret("PGPASSWORD"),
    },
  },
  redis = { cache = { url = "redis://localhost:6379" } },
  amqp = {
    broker = {
      url = "amqp://mastertrade@localhost:5672/%2F",
      password = secret("RABBITMQ_PASSWORD"),
    },
  },
  docker = { engine = { socket = "/var/run/docker.sock" } },
  http = {
    market_data = { url = "http://localhost:8000" },
    data_access = { url = "http://localhost:8005" },
    strategy = { url = "http://localhost:8006" },
    alerts = { url = "http://localhost:8007" },
    risk = { url = "http://localhost:8080" },
    executor = { url = "http://localhost:8081" },
    ui = { url = "http://localhost:3000" },
    prometheus = { url = "http://localhost:9090" },
    grafana = {
      url = "http://localhost:3000",
      user = "admin",
      password = secret("GRAFANA_PASSWORD"),
    },
    rabbitmq = {
      url = "http://localhost:15672",
      user = "mastertrade",
      password = secret("RABBITMQ_PASSWORD"),
    },
  },

  params = {
    data_directory = "/var/lib/postgresql",
    postgres_backups = "/opt/mastertrade/database/backups/data/full",
    redis_backups = "/opt/mastertrade/redis/backups/backups/data/rdb",
  },
})
