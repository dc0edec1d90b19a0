--- Runs a fleet on the sandbox for a test, in virtual time.
---
---   local many = require "many"
---   local result = many { ids = { "a", "b" }, faults = { … } }
---   assert(result.code == 0 and result.rows.a.outcome == "restored")
local fleet = require "trapheus.fleet"

---@class Many
---@field ids (string|trapheus.Target)[]
---@field flags string[]?      beside --sandbox and --task create_snapshot
---@field faults table[]?      sandbox:inject
---@field knobs table?         the sandbox's
---@field prepare fun(all: trapheus.Fleet)?  when all databases are there
---@field event fun(row: string, event: table, all: trapheus.Fleet)?

---@class ManyResult
---@field code integer
---@field rows table<string, trapheus.FleetRow>
---@field state trapheus.FleetState
---@field fleet trapheus.Fleet
---@field sandbox trapheus.Sandbox
---@field begun string[]       who began, in this order
---@field most integer         were under way at a time

local function board(spec, result)
  local running = 0
  return {
    event = function(_, _, id, event)
      if event.event == "started" and event.step == "preflight" then
        running, result.begun[#result.begun + 1] = running + 1, id
        result.most = math.max(result.most, running)
      elseif event.event == "stopped" then
        running = running - 1
      end
      if spec.event then spec.event(id, event, result.fleet) end
    end,
    finish = function(_, state) result.state = state end,
    tick = function() end,
  }
end

---@param spec Many
---@return ManyResult
return function(spec)
  local arguments = { "--sandbox", "--task", "create_snapshot" }
  table.move(spec.flags or {}, 1, #(spec.flags or {}), #arguments + 1, arguments)
  local all <close> = fleet.new(arguments)
  local result = { fleet = all, sandbox = all.world.sandbox, rows = {}, begun = {}, most = 0 }
  for knob, value in pairs(spec.knobs or {}) do result.sandbox.knobs[knob] = value end
  for _, target in ipairs(spec.ids) do all:add(type(target) == "table" and target or { id = target }) end
  all.board = board(spec, result)
  if spec.prepare then spec.prepare(all) end
  if spec.faults then result.sandbox:inject(spec.faults) end
  result.code = all:run()
  for _, row in ipairs(result.state.runs) do result.rows[row.id] = row end
  return result
end
