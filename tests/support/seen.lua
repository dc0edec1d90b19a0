--- What is to be seen on a terminal of 80 columns and 24 lines when standard input is written to it, as JSON.
local json = require "trapheus.json"
local terminal = require "terminal"

return function()
  local screen = terminal.new(80, 24)
  local text = io.read("a"):gsub("\r\n", "\n")
  screen:write(text)
  print(json.encode { lines = json.list(screen:lines()), cursor = screen.cursor, wraps = screen.wraps,
    wrapped = screen.wrapped or false, coloured = screen.coloured, scrolled = #screen.scrolled })
  return 0
end
