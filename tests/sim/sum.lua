--- Adds up the figures of the shards of a campaign, prints them, and says whether everything that sometimes happens
--- did: trapheus tests/sim/sum.lua [--all] FILE…     --all: what never happened is a failure
local json = require "trapheus.json"
local sometimes = require "sometimes"
local sorted = require "trapheus.sorted"

local function add(total, part)
  for key, value in pairs(part) do
    if type(value) == "table" then
      total[key] = total[key] or {}
      add(total[key], value)
    elseif type(value) == "number" then
      total[key] = key == "seconds" and math.max(total[key] or 0, value) or (total[key] or 0) + value
    end
  end
end

local function read(name)
  local file <close> = assert(io.open(name, "r"))
  return json.decode(file:read "a")
end

return function(arguments)
  local total, demand = {}, false
  for _, argument in ipairs(arguments) do
    if argument == "--all" then demand = true else add(total, read(argument)) end
  end
  local outcomes = {}
  for i, name in ipairs(sorted.keys(total.outcomes)) do
    outcomes[i] = ("%s %d"):format(name, total.outcomes[name])
  end
  print(("%d runs, %d faults, %.0f days of RDS, in %.0f s: %s"):format(total.runs, total.faults, total.virtual_days,
    total.seconds, table.concat(outcomes, ", ")))
  local missing = demand and sometimes.missing(total.sometimes) or {}
  for _, name in ipairs(missing) do print("FAILED never seen: " .. name) end
  local seen = #sometimes.LIST - #sometimes.missing(total.sometimes)
  print(("%d of %d things that must happen sometimes did"):format(seen, #sometimes.LIST))
  local failed = total.violations + #missing
  print(("%d passed, %d failed"):format(total.runs - total.violations, failed))
  return failed == 0 and total.runs > 0 and 0 or 1
end
