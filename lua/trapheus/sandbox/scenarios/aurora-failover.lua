return {
  title = "The cluster fails over while its members are moved aside",
  shows = "Who writes is looked up again; each member is known by its resource id, and ends where it belongs.",
  expected = "restored",
  clusters = { { members = 3 } },
  knobs = { snapshot_s = 60 },
  faults = { "6m:failover:{id}" },
}
