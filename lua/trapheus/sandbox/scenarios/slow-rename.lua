return {
  title = "The rename takes a quarter of an hour",
  shows = "Nothing is sent twice while RDS is slow: the outage lasts that much longer, and the restore ends well.",
  expected = "restored",
  knobs = { rename_lag_s = 60, rename_s = 900, rename_gap_s = 30, rename_reboot_s = 180 },
}
