--- Makes a failing case smaller: fewer faults and crashes, kinder time, a simpler database, as long as it still fails
--- in the same invariant.
local case = require "case"
local play = require "play"

local MOST_PLAYS = 200

local function fails_alike(made, wanted, budget)
  if budget.left == 0 then return nil end
  budget.left = budget.left - 1
  local ok, result = pcall(play, made)
  if not ok then return nil end
  for _, problem in ipairs(result.watch.problems) do
    if problem.invariant == wanted then return result end
  end
end

local function without(list, index)
  local rest = {}
  for i, element in ipairs(list) do
    if i ~= index then rest[#rest + 1] = element end
  end
  return rest
end

-- Every simpler neighbour of a case.
local function simpler(made)
  local list = {}
  for _, field in ipairs { "faults", "crashes" } do
    for i = 1, #made[field] do list[#list + 1] = case.with(made, { [field] = without(made[field], i) }) end
  end
  for field, value in pairs { preset = "typical", topology = "instance", task = "create_snapshot" } do
    if made[field] ~= value then list[#list + 1] = case.with(made, { [field] = value }) end
  end
  for _, field in ipairs { "options", "elsewhere", "rival_s", "snapshot", "calm", "record" } do
    if made[field] then
      local smaller = case.with(made, {})
      smaller[field] = nil
      list[#list + 1] = smaller
    end
  end
  return list
end

---@param made trapheus.sim.Case  That fails.
---@return trapheus.sim.Case smallest
---@return trapheus.sim.Play result
return function(made)
  local result = play(made)
  assert(result.watch.problems[1], "it fails only where it branches off: " .. case.command(made))
  local wanted = result.watch.problems[1].invariant
  local budget = { left = MOST_PLAYS }
  local again = true
  while again do
    again = false
    for _, candidate in ipairs(simpler(made)) do
      local found = fails_alike(candidate, wanted, budget)
      if found then
        made, result, again = candidate, found, true
        break
      end
    end
  end
  return made, result
end
