--- What an earlier run of the same database has recorded, as long as it took then or not: the waits of a run learn from
--- that, and it may mislead them.
local case = require "case"
local json = require "trapheus.json"

local known = {} -- the records of earlier runs, by what decides how long they took

local function undisturbed(made)
  return case.new { topology = made.topology, task = made.task, preset = made.preset, knobs = made.knobs }
end

local function earlier(made, play)
  local before = undisturbed(made)
  local key = case.command(before)
  known[key] = known[key] or play(before).hosts[1].run.record
  return json.decode(json.encode(known[key]))
end

--- The record of a run of the same kind, in another world, that nothing went wrong with.
---@param made trapheus.sim.Case   Its `record`: how many times longer everything has taken then.
---@param play fun(made: trapheus.sim.Case): trapheus.sim.Play
---@return table
return function(made, play)
  local record = earlier(made, play)
  record.run_id, record.outcome = "earlier", record.outcome or "failed"
  for words, length_s in pairs(record.phases or {}) do record.phases[words] = length_s * made.record end
  return record
end
