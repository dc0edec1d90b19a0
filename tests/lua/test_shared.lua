--- What the runs of a fleet ask together, and when: each is told what is about it, and nothing that is older than what
--- it has done.
local many = require "many"
local names = require "trapheus.sandbox.names"
local observer = require "trapheus.observer"
local shared = require "trapheus.shared"
local witness = require "witness"
local tests = {}

local IDS = { "db1", "db2", "db3", "db4", "db5", "db6" }

local function calls(result, operation)
  local list = {}
  for _, entry in ipairs(result.sandbox.audit) do
    if entry.operation == operation then list[#list + 1] = entry end
  end
  return list
end

tests["blue/green deployments are asked about together, and each source is told of its own"] = function()
  local result = many { ids = IDS, flags = { "--keep-going" }, prepare = function(all)
    all.world.sandbox:add_blue_green("upgrade", "db2")
  end }
  for _, id in ipairs(IDS) do
    witness.equal(result.rows[id].outcome, id == "db2" and "refused" or "restored", id)
  end
  witness.equal(#calls(result, "DescribeBlueGreenDeployments"), 1, "calls")
end

-- Maintenance of one database is due at once: the sandbox has none of its own.
local function due_of(name)
  return function(all)
    local sandbox = all.world.sandbox
    local arn, serve = names.arn(sandbox, "db", name), sandbox.serve
    function sandbox.serve(sb, service, operation, params, ...)
      local result, err, arriving = serve(sb, service, operation, params, ...)
      for _, value in ipairs(operation == "DescribePendingMaintenanceActions" and result
        and (params.Filters and params.Filters[1].Values or { params.ResourceIdentifier }) or {}) do
        if value == arn then
          table.insert(result.PendingMaintenanceActions, { ResourceIdentifier = arn,
            PendingMaintenanceActionDetails = { { Action = "system-update", CurrentApplyDate = 0 } } })
        end
      end
      return result, err, arriving
    end
  end
end

tests["pending maintenance is asked about together, and each database is told of its own"] = function()
  local warned = {}
  local result = many { ids = IDS, prepare = due_of "db3", event = function(id, event)
    if event.event == "warning" and event.message:find "system%-update" then warned[#warned + 1] = id end
  end }
  witness.equal(result.code, 0)
  witness.equal(table.concat(warned, " "), "db3", "who was told of it")
  local asked = calls(result, "DescribePendingMaintenanceActions")
  witness.equal(#asked, 1, "calls")
  witness.equal(asked[1].params.Filters[1].Name, "db-instance-id", "filter")
  witness.equal(#asked[1].params.Filters[1].Values, #IDS, "of how many")
end

tests["an ARN is asked for by the filter of its kind, or alone"] = function()
  local named = observer.SHARED.DescribePendingMaintenanceActions.named
  witness.equal(named "arn:aws:rds:eu-west-1:123456789012:db:mydb", "db-instance-id")
  witness.equal(named "arn:aws-cn:rds:cn-north-1:123456789012:cluster:orders", "db-cluster-id")
  witness.equal(named "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:orders", nil)
  witness.equal(observer.SHARED.DescribeDBSnapshots.named "arn:aws:rds:eu-west-1:123456789012:snapshot:s", nil)
end

tests["what is not permitted together is asked of each, and missing advice stops nobody"] = function()
  local result = many { ids = IDS, prepare = function(all)
    local serve = all.world.sandbox.serve
    all.world.sandbox.serve = function(sb, service, operation, ...)
      if operation == "DescribePendingMaintenanceActions" then
        return nil, { code = "AccessDenied", message = "not that", status = 403 }
      end
      return serve(sb, service, operation, ...)
    end
  end }
  witness.equal(result.code, 0)
end

-- The client of one run, of a service that is asked one by one, at a time that `world` has; `world.asked` counts.
local function client()
  local world = { now_ms = 0, asked = 0 }
  local service = { ModifyDBInstance = function() return {} end }
  function service.DescribeDBInstances()
    world.asked = world.asked + 1
    return { DBInstances = { { DBInstanceIdentifier = "db1" } } }
  end
  local made = shared.clients(service, { now_ms = function() return world.now_ms end })()
  world.shelf = made.observer:shelf("DescribeDBInstances", "db-instance-id")
  world.shelf.single = true
  made:begin()
  return made, world
end

local function look(rds) return rds:DescribeDBInstances { DBInstanceIdentifier = "db1" } end

tests["within a look the same is shown once more, but not after a change or a while"] = function()
  local rds, world = client()
  look(rds)
  world.now_ms = 1500
  look(rds)
  witness.equal(world.asked, 1, "asked within a look")
  rds:ModifyDBInstance { DBInstanceIdentifier = "db1" }
  look(rds)
  witness.equal(world.asked, 2, "asked after a change")
  world.now_ms = 4000
  look(rds)
  witness.equal(world.asked, 3, "asked after a while")
end

tests["what was shown is let go when the look is over"] = function()
  local rds, world = client()
  look(rds)
  assert(world.shelf.seen.db1)
  rds:rest()
  witness.equal(world.shelf.seen.db1, nil)
  witness.equal(#rds.asked, 1, "what it asks for at once the next time")
end

-- How long an observer of so many who wait gathers questions.
local function gathering_ms(live)
  local loop, told = { now_ms = function() return 0 end }, nil
  function loop.timer(_, ms)
    told = ms
    return setmetatable({ done = function() return false end }, { __close = function() end })
  end
  local seen = observer.new({}, loop)
  seen.watch = live and { live = live } or nil
  seen:expect(seen:shelf("DescribeDBInstances", "db-instance-id"), "db1", 0)
  return told
end

tests["the more there are that wait, the longer they wait for each other"] = function()
  assert(gathering_ms(nil) == gathering_ms(10) and gathering_ms(10) < 50)
  assert(gathering_ms(500) == 500 and gathering_ms(5000) == 1000)
end

return tests
