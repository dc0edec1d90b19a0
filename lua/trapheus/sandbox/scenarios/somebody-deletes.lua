return {
  title = "Somebody deletes the original while its replacement is made",
  shows = "The fence holds: deletion protection, which the run has put on the original, makes RDS refuse.",
  expected = "restored",
  actions = {
    { after = "RestoreDBInstanceFromDBSnapshot", delay_s = 60, operation = "DeleteDBInstance",
      parameters = { DBInstanceIdentifier = "{id}-temp", SkipFinalSnapshot = true } },
  },
}
