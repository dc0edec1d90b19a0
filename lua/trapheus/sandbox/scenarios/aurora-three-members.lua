return {
  title = "An Aurora cluster with a writer and two readers",
  shows = "Members are moved aside, readers first; the replacement's writer is created first, then the readers.",
  expected = "restored",
  clusters = { { members = 3 } },
}
