return {
  title = "The restore call is denied",
  shows = "Permission to restore is missing, which nobody could know before. The original has its name again.",
  expected = "rolled_back",
  faults = { "RestoreDBInstanceFromDBSnapshot:every:denied" },
}
