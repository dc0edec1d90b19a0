return {
  title = "The original is protected against deletion",
  shows = "Protection goes from the original to the replacement, and is off only on what is about to be deleted.",
  expected = "restored",
  instances = { { DeletionProtection = true } },
}
