return {
  title = "An Aurora cluster that is protected against deletion",
  shows = "As deletion-protection: its data lies in the cluster, and the cluster's deletion is what is guarded.",
  expected = "restored",
  clusters = { { DeletionProtection = true } },
}
