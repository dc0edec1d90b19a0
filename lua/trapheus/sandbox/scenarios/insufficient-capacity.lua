return {
  title = "AWS has no capacity of that class for the replacement",
  shows = "A person can mend that, so nothing is thrown away: the run parks. resume goes on, rollback gives it up.",
  expected = "parked",
  faults = { "RestoreDBInstanceFromDBSnapshot:every:terminal:insufficient-capacity" },
}
