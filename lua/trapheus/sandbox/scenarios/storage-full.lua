return {
  title = "The replacement comes up with its storage full",
  shows = "It would not serve: it is deleted, and the original has its name again.",
  expected = "rolled_back",
  faults = { "RestoreDBInstanceFromDBSnapshot:every:terminal:storage-full" },
}
