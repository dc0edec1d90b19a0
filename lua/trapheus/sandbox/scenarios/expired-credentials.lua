return {
  title = "The credentials end while the restore is under way",
  shows = "Nothing can be seen any more, so nothing is changed: the run parks. With new ones, resume goes on.",
  expected = "parked",
  knobs = { snapshot_s = 120, rename_s = 120, restore_s = 900 },
  faults = { "12m:expire" },
}
