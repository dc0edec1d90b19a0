--- A plan of faults from a seed, as swarm testing draws it: a few kinds, each at a rate of its own, so that different
--- seeds go to different corners.

local random = require "trapheus.sandbox.random"

--- What passes: each kind is in a plan with one chance in four, and then meets that share of the calls.
local PASSING = { "drop", "lost", "dup", "zombie", "throttle", "500n", "500c", "503", "trunc", "garbage", "slow",
  "reset", "dns", "tls" }
local RATES = { "0.5%", "1%", "2%", "5%" }

--- How each is drawn, where it has parameters.
local PARAMETERS = {
  zombie = function(stream) return { delay_s = stream:integer(1, 890) } end,
  throttle = function(stream) return { count = stream:integer(1, 10) } end,
  trunc = function(stream) return { bytes = stream:integer(0, 2000) } end,
  garbage = function(stream) return { form = stream:pick { "html", "empty", "type" } } end,
  slow = function(stream) return { delay_s = stream:integer(1, 90) } end,
  reset = function(stream)
    return { part = stream:pick { "request", "response" }, bytes = stream:integer(0, 2000) }
  end,
}

--- What lasts: each is in a plan with one chance in eight, at one of the first calls of its operation.
local LASTING = {
  { operation = "RestoreDBInstanceFromDBSnapshot", kind = "terminal", status = "incompatible-restore" },
  { operation = "RestoreDBInstanceFromDBSnapshot", kind = "terminal", status = "failed" },
  { operation = "CreateDBSnapshot", kind = "terminal", status = "failed" },
  { operation = "ModifyDBInstance", kind = "background_failure" },
  { operation = "ModifyDBInstance", kind = "denied" },
  { operation = "DeleteDBInstance", kind = "denied" },
  { operation = "RestoreDBInstanceFromDBSnapshot", kind = "stuck" },
}

--- What others do meanwhile, to the database of that name: one chance in eight each, within two hours.
local MEANWHILE = {
  { kind = "status", status = "maintenance", for_s = 900 },
  { kind = "failover" },
  { kind = "write" },
  { kind = "tag", key = "edited", value = "by somebody" },
  { kind = "protect", to = "on" },
}

local function drawn(template, more)
  local fault = {}
  for _, fields in ipairs { template, more } do
    for field, value in pairs(fields) do fault[field] = value end
  end
  return fault
end

--- The plan of a seed.
---@param seed integer
---@param name string  The database that others do something to.
---@return trapheus.sandbox.Fault[]
return function(seed, name)
  local stream, plan = random.new(seed, "swarm"), {}
  local function chosen(one_in) return stream:integer(1, one_in) == 1 end
  for _, kind in ipairs(PASSING) do
    if chosen(4) then
      local parameters = PARAMETERS[kind] and PARAMETERS[kind](stream) or {}
      plan[#plan + 1] = drawn({ operation = "*", occurrence = stream:pick(RATES), kind = kind }, parameters)
    end
  end
  for _, template in ipairs(LASTING) do
    if chosen(8) then plan[#plan + 1] = drawn(template, { occurrence = stream:integer(1, 3) }) end
  end
  for _, template in ipairs(MEANWHILE) do
    if chosen(8) then plan[#plan + 1] = drawn(template, { at_s = stream:integer(1, 7200), name = name }) end
  end
  return plan
end
