project({ name = "mastertrade", title = "MasterTrade operations" })
