return {
  title = "RDS begins the rename and fails in the background",
  shows = "The call was accepted, yet the database is available under its old name again. It is asked for once more.",
  expected = "restored",
  faults = { "ModifyDBInstance:2:background_failure" },
}
