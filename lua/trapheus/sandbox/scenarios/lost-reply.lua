return {
  title = "The replies to the rename, the restore and the delete are lost",
  shows = "Each was executed. Nothing is sent again: the run looks until it has seen what became of it.",
  expected = "restored",
  faults = {
    "ModifyDBInstance:2:lost",
    "RestoreDBInstanceFromDBSnapshot:1:lost",
    "DeleteDBInstance:1:lost",
  },
}
