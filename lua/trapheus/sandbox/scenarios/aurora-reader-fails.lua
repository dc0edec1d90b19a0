return {
  title = "A reader of the replacement fails once",
  shows = "The writer serves, so nothing is given up: that reader is deleted and created again.",
  expected = "restored",
  clusters = { {} },
  faults = { "CreateDBInstance:2:terminal:failed" },
}
