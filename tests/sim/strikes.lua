--- What strikes a play, a fault or a crash, and the site where it does: all that a case has of them is known by its
--- first call, but does nothing before that site.
local case = require "case"

---@class trapheus.sim.Strike      One of the two.
---@field fault trapheus.sandbox.Fault?  of the nth call of an operation
---@field crash trapheus.sim.Crash?

local strikes = {}

--- Of faults the first that matches counts: the last that is added.
---@param fields { faults: table[], crashes: table[] }  Of a case; the lists are not changed.
---@param strike trapheus.sim.Strike
function strikes.add(fields, strike)
  if strike.crash then
    fields.crashes = table.move(fields.crashes, 1, #fields.crashes, 1, {})
    table.insert(fields.crashes, strike.crash)
  else
    fields.faults = table.move(fields.faults, 1, #fields.faults, 2, { strike.fault })
  end
end

---@param base trapheus.sim.Case
---@param list trapheus.sim.Strike[]
---@return trapheus.sim.Case
function strikes.on(base, list)
  local fields = { faults = base.faults, crashes = base.crashes }
  for i = 1, #list do strikes.add(fields, list[i]) end
  return case.with(base, fields)
end

--- The site of a call that a fault meets.
---@param operation string
---@param occurrence integer  from 1
---@return string
function strikes.call(operation, occurrence) return operation .. " " .. occurrence end

--- The site of a crash.
---@param site string
---@param nth integer
---@param when string
---@return string
function strikes.boundary(site, nth, when) return site .. " " .. nth .. " " .. when end

---@param strike trapheus.sim.Strike
---@return string
function strikes.site(strike)
  local crash, fault = strike.crash, strike.fault
  if crash then return strikes.boundary(crash.site, crash.nth, crash.when) end
  return strikes.call(fault.operation, fault.occurrence)
end

return strikes
