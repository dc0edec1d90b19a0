return {
  title = "RDS answers InternalFailure, having done it or not",
  shows = "The restore was made although the answer is an error, the delete was not. Both are found out by looking.",
  expected = "restored",
  faults = {
    "RestoreDBInstanceFromDBSnapshot:1:500c",
    "DeleteDBInstance:1:500n",
  },
}
