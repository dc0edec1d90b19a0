--- Signatures from Lua, of the request that sign.c signs. Prints the seconds of one.
local core = require "trapheus.core"
local seconds_of = dofile "bench/clock.lua"

local request = {
  method = "POST",
  path = "/",
  headers = {
    { "host", "rds.eu-west-1.amazonaws.com" },
    { "content-type", "application/x-www-form-urlencoded; charset=utf-8" },
    { "user-agent", "trapheus/0.1.0" },
  },
  body = "Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=orders-1",
  service = "rds",
  region = "eu-west-1",
  time = 1440938160,
  credentials = core.credentials {
    access_key_id = "AKIDEXAMPLE",
    secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  },
}

return function()
  print(seconds_of(function() core.sigv4.sign(request) end))
  return 0
end
