return {
  title = "No more manual snapshots are allowed in the Region",
  shows = "Preflight warns of it, RDS refuses the snapshot, and the original was not touched.",
  expected = "failed",
  knobs = { snapshot_quota = 1 },
  instances = { {}, { DBInstanceIdentifier = "other" } },
  snapshots = { { DBSnapshotIdentifier = "other-1", DBInstanceIdentifier = "other" } },
}
