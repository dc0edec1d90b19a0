return {
  title = "A noisy neighbour uses up the account's rate: Throttling",
  shows = "Reads are asked again after a back-off; a change that was refused was certainly not made, and is repeated.",
  expected = "restored",
  knobs = { throttle_rate_per_s = 1, throttle_burst = 6, neighbour_per_s = { 0, 1.25 } },
}
