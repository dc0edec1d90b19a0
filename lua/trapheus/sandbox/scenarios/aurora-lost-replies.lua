return {
  title = "Replies about a cluster and its members are lost",
  shows = "Each call was executed. What became of it is seen by looking at the cluster, and at each member.",
  expected = "restored",
  clusters = { {} },
  faults = {
    "ModifyDBCluster:2:lost",
    "RestoreDBClusterFromSnapshot:1:lost",
    "CreateDBInstance:1:lost",
    "DeleteDBCluster:1:lost",
  },
}
