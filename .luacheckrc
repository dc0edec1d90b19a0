std = "lua54"
max_line_length = 120
self = false
max_cyclomatic_complexity = 16 -- `and` and `or` count as branches
exclude_files = { "build" }
files["lua/meta"] = { ignore = { "212", "241" } } -- declarations only
