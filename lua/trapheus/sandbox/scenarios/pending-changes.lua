return {
  title = "A modification waits for the maintenance window",
  shows = "A rename would apply it at once. It is refused, and named.",
  expected = "refused",
  instances = { { PendingModifiedValues = { DBInstanceClass = "db.r6g.2xlarge" } } },
}
