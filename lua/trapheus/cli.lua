--- The command: finds the script that is asked for and runs it.
local cli = {}

function cli.main(arguments)
  local chunk = assert(loadfile(arguments[1], "t"))
  local program = chunk()
  return program(table.move(arguments, 2, #arguments, 1, {}))
end

return cli
