return {
  title = "The database is stopped",
  shows = "Only an available one can be restored: it is refused.",
  expected = "refused",
  instances = { { DBInstanceStatus = "stopped" } },
}
