return {
  title = "The replacement ends as incompatible-restore",
  shows = "It is deleted, and the original gets its name and its protection back.",
  expected = "rolled_back",
  faults = { "RestoreDBInstanceFromDBSnapshot:every:terminal:incompatible-restore" },
}
