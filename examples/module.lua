--- The module in a program of one's own: asks for the databases and prints them. For a stock Lua 5.4:
---
---     LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="build/release/lua/?.so;;" lua5.4 examples/module.lua
---
--- It talks to a sandbox. For AWS take the transport away: trapheus.client "rds" finds the Region and the credentials
--- as the AWS CLI does.
local trapheus = require "trapheus"

local sandbox = require("trapheus.sandbox").new { now_ms = function() return os.time() * 1000 end }
sandbox:add_instance { DBInstanceIdentifier = "orders" }
local rds = trapheus.client("rds", { transport = sandbox:transport() })

for database in rds:paginate "DescribeDBInstances" do
  print(("%s %s %s"):format(database.DBInstanceIdentifier, database.Engine, database.DBInstanceStatus))
end

local _, err = trapheus.try(rds.DescribeDBInstances, rds, { DBInstanceIdentifier = "nobody" })
print("nobody: " .. err.code)
