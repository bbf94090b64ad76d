-- The project of the fault suite; the suite writes its environments beside it.
project({
  name = "fault",
  title = "A procedure that is killed everywhere",
  environment = "free",
})
