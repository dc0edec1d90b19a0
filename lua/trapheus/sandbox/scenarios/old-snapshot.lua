return {
  title = "A snapshot of that name exists already",
  shows = "The old one is deleted only after an interim one covers it: at no moment is there none.",
  expected = "restored",
  snapshots = { { DBSnapshotIdentifier = "{id}-snapshot", DBInstanceIdentifier = "{id}" } },
}
