return {
  title = "The rename never ends",
  shows = "No name is given up or taken while RDS has not said how the rename went. After six hours the run parks, and "
    .. "says what is where.",
  expected = "parked",
  faults = { "ModifyDBInstance:2:stuck" },
}
