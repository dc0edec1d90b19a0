--- What a campaign has seen, as numbers that can be added up.
local sometimes = require "sometimes"

local MOST_FAILURES = 3
local DAY_MS = 86400000

---@class trapheus.sim.Figures
---@field runs integer
---@field faults integer
---@field violations integer
---@field virtual_days number
---@field outcomes table<string, integer>
---@field sometimes table<string, integer>
---@field failed trapheus.sim.Case[]  The first.
---@field compared integer?        branches that were also played alone

local figures = {}

---@return trapheus.sim.Figures
function figures.new()
  return { runs = 0, faults = 0, violations = 0, virtual_days = 0, outcomes = {}, sometimes = {}, failed = {} }
end

local function faults(play)
  local count = #play.case.crashes
  for _, entry in ipairs(play.sandbox.audit) do count = count + (entry.fault and 1 or 0) end
  return count
end

--- A case that has been played.
---@param total trapheus.sim.Figures
---@param play trapheus.sim.Play
function figures.note(total, play)
  total.runs = total.runs + 1
  total.faults = total.faults + faults(play)
  total.virtual_days = total.virtual_days + (play.loop:now_ms() - play.began_ms) / DAY_MS
  local key = play.outcome or "none"
  total.outcomes[key] = (total.outcomes[key] or 0) + 1
  sometimes.note(total.sometimes, play)
  if #play.watch.problems == 0 then return end
  total.violations = total.violations + 1
  if #total.failed < MOST_FAILURES then table.insert(total.failed, play.case) end
end

--- Adds the numbers of a part, whatever they are.
---@param total table
---@param part table
function figures.sum(total, part)
  for key, value in pairs(part) do
    if type(value) == "table" then
      total[key] = total[key] or {}
      figures.sum(total[key], value)
    elseif type(value) == "number" then
      total[key] = (total[key] or 0) + value
    end
  end
end

--- Adds those of another process.
---@param total trapheus.sim.Figures
---@param part trapheus.sim.Figures
function figures.add(total, part)
  local failed = part.failed
  part.failed = nil
  figures.sum(total, part)
  for _, made in ipairs(failed) do
    if #total.failed < MOST_FAILURES then table.insert(total.failed, made) end
  end
end

return figures
