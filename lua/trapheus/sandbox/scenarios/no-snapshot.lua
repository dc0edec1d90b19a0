return {
  title = "There is no snapshot to restore from",
  shows = "What cannot work is refused before anything is changed.",
  task = "db_restore",
  expected = "refused",
  snapshots = {},
}
