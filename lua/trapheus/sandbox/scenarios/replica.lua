return {
  title = "The database is a read replica",
  shows = "A restored one would replicate nothing: it is refused, and the source is named.",
  expected = "refused",
  instances = { { ReadReplicaSourceDBInstanceIdentifier = "primary" } },
}
