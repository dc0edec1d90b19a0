return {
  title = "The snapshot ends as failed",
  shows = "The cheapest place to fail: the original was not touched.",
  expected = "failed",
  faults = { "CreateDBSnapshot:every:terminal:failed" },
}
