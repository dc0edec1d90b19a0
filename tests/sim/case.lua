--- A case: everything that decides how a simulation goes, as plain data, so that one line of JSON reproduces it.
local json = require "trapheus.json"

---@class trapheus.sim.Case
---@field topology string          See sim.topologies.
---@field task string
---@field seed integer
---@field preset string?           default "typical"
---@field knobs table?
---@field options table?           the flags of the run
---@field snapshot boolean?        mydb-snapshot is there before
---@field faults table[]           the sandbox's plan of faults
---@field crashes trapheus.sim.Crash[]
---@field elsewhere boolean?       after a crash the journal is lost, and another host goes on
---@field rival_s number?          a second run of another host begins so many seconds after the first
---@field calm boolean?           the faults begin with the first write to the journal
---@field meanwhile table[]?     what others do when a step begins: a fault at a time, with `step` and `after_s`
---@field record number?           the database was restored before, and everything took so many times as long
---@field fidelity string?         "tables" (default) or "bytes"

---@class trapheus.sim.Crash
---@field site "journal"|"call"|"look"
---@field nth integer              the nth write, call or look of the whole case
---@field what string?             only those of this operation, or in this step, are counted
---@field when "before"|"after"|"refused"|"asleep"  of a look: the machine sleeps before it, and the process goes on
---@field away_s number?           how long nobody works then; default 60

local case = {}

---@param fields table
---@return trapheus.sim.Case
function case.new(fields)
  local made = { topology = "instance", task = "create_snapshot", seed = 1, faults = {}, crashes = {} }
  for field, value in pairs(fields) do made[field] = value end
  made.faults, made.crashes = json.list(made.faults), json.list(made.crashes)
  return made
end

---@param made trapheus.sim.Case
---@return string  The line that reproduces it.
function case.command(made)
  return "./dev sim --case '" .. json.encode(made) .. "'"
end

---@param text string
---@return trapheus.sim.Case
function case.read(text) return case.new(json.decode(text)) end

--- The same with other faults and crashes.
---@param made trapheus.sim.Case
---@param changes table
---@return trapheus.sim.Case
function case.with(made, changes)
  local fields = {}
  for field, value in pairs(made) do fields[field] = value end
  for field, value in pairs(changes) do fields[field] = value end
  return case.new(fields)
end

return case
