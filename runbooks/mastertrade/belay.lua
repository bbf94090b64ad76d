-- The runbooks of MasterTrade, a trading platform on Docker Compose.
project({ name = "mastertrade", title = "MasterTrade operations" })
