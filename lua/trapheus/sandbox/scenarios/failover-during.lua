return {
  title = "The replacement fails over as soon as it serves",
  shows = "A status that the run did not cause passes by. It is waited for, and the restore ends well.",
  expected = "restored",
  knobs = { restore_flaps = 0, restore_backup_s = 0, restore_s = 300 },
  actions = {
    { after = "RestoreDBInstanceFromDBSnapshot", delay_s = 301, instance = "{id}", status = "rebooting", for_s = 240 },
  },
}
