return {
  title = "Somebody takes the name between the rename and the restore",
  shows = "What this run did not create is never touched. The original stays aside, and a person must find out whose "
    .. "it is.",
  expected = "parked",
  knobs = { rename_lag_s = 5, rename_s = 60, rename_gap_s = 0, rename_reboot_s = 120, name_release_s = 0 },
  actions = {
    { after = "ModifyDBInstance", nth = 2, delay_s = 70, operation = "CreateDBInstance", parameters = {
      DBInstanceIdentifier = "{id}", DBInstanceClass = "db.t4g.micro", Engine = "mysql", AllocatedStorage = 20,
      MasterUsername = "somebody", MasterUserPassword = "not-a-secret-here",
    } },
  },
}
