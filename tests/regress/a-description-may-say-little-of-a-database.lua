--- What somebody has left of a described database may be little: it is rehearsed all the same.
local described = require "trapheus.sandbox.described"
local rehearse = require "rehearse"
local stage = require "trapheus.sandbox.stage"
local tests = {}

for _, engine in ipairs { "postgres", "sqlserver-se", "db2-se" } do
  tests[engine] = function()
    local document = { DBInstances = { { DBInstanceIdentifier = "little", DBInstanceStatus = "available",
      DBInstanceClass = "db.t3.micro", Engine = engine, EngineVersion = "15.4", AllocatedStorage = 20 } } }
    local done = rehearse { restored = "little", prepare = function(sandbox)
      stage.set(sandbox, { described = described.of(document, "little.json") })
    end }
    assert(done.outcome == "restored", done.record.failure and done.record.failure.message)
  end
end

return tests
