return {
  title = "The client gives up on the rename; RDS makes it ten minutes later",
  shows = "A request whose reply never came may still be executed. The run waits until it has seen it, or until it is "
    .. "certainly dead.",
  expected = "restored",
  faults = { "ModifyDBInstance:2:zombie:10m" },
}
