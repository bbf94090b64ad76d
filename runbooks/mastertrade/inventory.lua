--- What MasterTrade consists of, and the limits that its owner has set.
--
-- Depends on: nothing. Endpoints and secrets are in environments/, not here.
local M = {}

--- Services with a health page. `reports` is the name that the page must give, since another
--- service may answer on the port.
M.services = {
  { title = "Market Data Service", use = "market_data", row = "R007", path = "/health" },
  { title = "Data Access API", use = "data_access", row = "R008", path = "/health" },
  { title = "Strategy Service", use = "strategy", row = "R009", path = "/health" },
  { title = "Alert System", use = "alerts", row = "R010", path = "/health" },
  { title = "Risk Manager", use = "risk", row = "R011", path = "/health" },
  { title = "Order Executor", use = "executor", row = "R012", path = "/health" },
  { title = "Monitoring UI", use = "ui", row = "R013", path = "/" },
  { title = "Prometheus", use = "prometheus", row = "R014", path = "/-/healthy" },
  { title = "Grafana", use = "grafana", row = "R015", path = "/api/health" },
}

--- Connections of the services above, for `uses`.
M.endpoints = {
  market_data = "http.market_data",
  data_access = "http.data_access",
  strategy = "http.strategy",
  alerts = "http.alerts",
  risk = "http.risk",
  executor = "http.executor",
  ui = "http.ui",
  prometheus = "http.prometheus",
  grafana = "http.grafana",
}

--- Names of the containers begin with this.
M.container_prefix = "mastertrade_"

--- Strategies are made every night: when (seconds after midnight UTC), how many, how long it may
--- take (seconds).
M.generation = { starts = 3 * 3600, count = 500, within = 3 * 3600 }

M.collector_states = { "healthy", "degraded" }

--- The dashboard that the evening checklist looks at.
M.trading_dashboard = "mastertrade-trading"

return M
