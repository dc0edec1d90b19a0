return {
  title = "The database has read replicas",
  shows = "They would stay with the old database, so it is refused; --allow-replicas accepts that.",
  expected = "refused",
  instances = { { ReadReplicaDBInstanceIdentifiers = { "{id}-replica" } } },
}
