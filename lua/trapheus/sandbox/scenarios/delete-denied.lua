return {
  title = "The original may not be deleted at the end",
  shows = "After the replacement is verified there is only forward: what stays behind is named in the report.",
  expected = "restored",
  faults = { "DeleteDBInstance:every:denied" },
}
