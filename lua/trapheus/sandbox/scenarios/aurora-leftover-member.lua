return {
  title = "The name that a member would be moved to is taken",
  shows = "It may be what an earlier restore left behind: it is never deleted, and the run is refused.",
  expected = "refused",
  clusters = { {} },
  instances = { { DBInstanceIdentifier = "{id}-1-temp" } },
}
