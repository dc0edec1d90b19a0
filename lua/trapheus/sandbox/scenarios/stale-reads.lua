return {
  title = "Describe shows what was true up to a minute ago",
  shows = "Two looks may go backwards. Nothing is believed at one look, and nothing is done twice.",
  expected = "restored",
  knobs = { stale_s = { 0, 60 }, newborn_s = 60 },
}
