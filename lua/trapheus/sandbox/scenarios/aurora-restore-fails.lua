return {
  title = "The replacement cluster ends as restore-failed",
  shows = "It is deleted, and the original, cluster and members, gets its names back.",
  expected = "rolled_back",
  clusters = { { members = 3 } },
  faults = { "RestoreDBClusterFromSnapshot:every:terminal:restore-failed" },
}
