return {
  title = "A Multi-AZ DB cluster: RDS makes its three members",
  shows = "Members are not moved or created one by one: the cluster is renamed and restored as a whole.",
  expected = "restored",
  clusters = { { Engine = "postgres" } },
}
