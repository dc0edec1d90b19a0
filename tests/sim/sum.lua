--- Adds up the figures of the shards of a campaign, prints them, and says whether everything that sometimes happens
--- did: trapheus tests/sim/sum.lua [--all] FILE…     --all: what never happened is a failure
local figures = require "figures"
local json = require "trapheus.json"
local sometimes = require "sometimes"
local sorted = require "trapheus.sorted"

local function read(name)
  local file <close> = assert(io.open(name, "r"))
  return json.decode(file:read "a")
end

-- Shards work side by side, campaigns one after the other.
local function total_s(slowest)
  local sum = 0
  for _, seconds in pairs(slowest) do sum = sum + seconds end
  return sum
end

return function(arguments)
  local total, slowest, demand = {}, {}, false
  for _, argument in ipairs(arguments) do
    if argument == "--all" then
      demand = true
    else
      local part = read(argument)
      slowest[part.campaign] = math.max(slowest[part.campaign] or 0, part.seconds)
      figures.sum(total, part)
    end
  end
  local outcomes = {}
  for i, name in ipairs(sorted.keys(total.outcomes)) do
    outcomes[i] = ("%s %d"):format(name, total.outcomes[name])
  end
  print(("%d runs, %d faults, %d violations, %.0f days of RDS, in %.0f s: %s"):format(total.runs, total.faults,
    total.violations, total.virtual_days, total_s(slowest), table.concat(outcomes, ", ")))
  if total.compared then print(("%d branches went as they do alone"):format(total.compared)) end
  local missing = demand and sometimes.missing(total.sometimes) or {}
  for _, name in ipairs(missing) do print("FAILED never seen: " .. name) end
  local seen = #sometimes.LIST - #sometimes.missing(total.sometimes)
  print(("%d of %d things that must happen sometimes did"):format(seen, #sometimes.LIST))
  local failed = total.violations + #missing
  print(("%d passed, %d failed"):format(total.runs - total.violations, failed))
  return failed == 0 and total.runs > 0 and 0 or 1
end
