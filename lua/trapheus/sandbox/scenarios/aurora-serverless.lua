return {
  title = "Aurora Serverless v2: capacity instead of classes",
  shows = "The scaling configuration is carried over with the cluster; members are of the class db.serverless.",
  expected = "restored",
  clusters = {
    { Engine = "aurora-mysql", ServerlessV2ScalingConfiguration = { MinCapacity = 1, MaxCapacity = 32 },
      members = {
        { DBInstanceIdentifier = "{id}-writer", DBInstanceClass = "db.serverless" },
        { DBInstanceIdentifier = "{id}-reader", DBInstanceClass = "db.serverless" },
      } },
  },
}
