--- A page of DescribeDBInstances, made by page.lua, to Lua tables. Prints the seconds it takes.
local protocol = require "trapheus.aws.protocol"
local seconds_of = dofile "bench/clock.lua"

return function(arguments)
  local file <close> = assert(io.open(arguments[1], "rb"))
  local xml = file:read "a"
  local function decode() protocol.decode("rds", "DescribeDBInstances", xml) end
  decode() -- the first call reads the model
  print(seconds_of(decode))
  return 0
end
