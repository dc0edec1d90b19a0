return {
  title = "The replacement serves, but is backing-up for six hours",
  shows = "It takes no change meanwhile. What the restore call does not take is set afterwards; nothing is given up.",
  expected = "restored",
  knobs = { restore_backup_lag_s = 5, restore_backup_s = 21600 },
}
