return {
  title = "The writer of the replacement cannot be created",
  shows = "A cluster without a writer serves nobody: it is rolled back.",
  expected = "rolled_back",
  clusters = { {} },
  faults = { "CreateDBInstance:every:terminal:incompatible-network" },
}
