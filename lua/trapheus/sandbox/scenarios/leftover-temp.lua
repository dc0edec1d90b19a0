return {
  title = "Something is called {id}-temp already",
  shows = "It may be all that is left of an earlier restore: it is never deleted, and the run is refused.",
  expected = "refused",
  instances = { {}, { DBInstanceIdentifier = "{id}-temp" } },
}
