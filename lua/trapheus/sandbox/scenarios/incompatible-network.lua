return {
  title = "The subnets have no free address for the replacement",
  shows = "As restore-fails: a replacement that never serves is deleted, and the original has its name again.",
  expected = "rolled_back",
  faults = { "RestoreDBInstanceFromDBSnapshot:every:terminal:incompatible-network" },
}
