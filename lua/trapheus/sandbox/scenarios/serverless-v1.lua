return {
  title = "Aurora Serverless v1",
  shows = "It must be converted first: it is refused.",
  expected = "refused",
  clusters = { { EngineMode = "serverless", members = 0 } },
}
