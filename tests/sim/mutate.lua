--- Are the campaigns strong enough? Each seeded mistake must be found by them. A mistake is put into a module's text;
--- then everything is loaded anew, and cases are played until one fails.
---
---   trapheus tests/sim/mutate.lua [--shard I/N] [--plays N] [--only WORDS]
local core = require "trapheus.core"
local mutants = require "mutants"

local OWN = { "case", "play", "watch", "invariants", "ends", "topologies", "campaigns", "kinds" }

local function forget_modules()
  for name in pairs(package.loaded) do
    if name:find "^trapheus" and name ~= "trapheus.core" then package.loaded[name] = nil end
  end
  for _, name in ipairs(OWN) do package.loaded[name] = nil end
end

local function count(text, find)
  local found, at = 0, 1
  while true do
    local first, last = text:find(find, at, true)
    if not first then return found end
    found, at = found + 1, last + 1
  end
end

-- The module's text with the mistake in it. A mistake whose text is not there any more is itself one.
local function mistaken(mutant)
  local name = "trapheus/" .. mutant.module:gsub("%.", "/") .. ".lua"
  local text = assert(core.bundled(name), name)
  assert(count(text, mutant.find) == 1, ("%s: the text of '%s' is there %d times"):format(name, mutant.name,
    count(text, mutant.find)))
  local first, last = text:find(mutant.find, 1, true)
  return assert(load(text:sub(1, first - 1) .. mutant.put .. text:sub(last + 1), "@" .. name, "t"))
end

local function plant(mutant)
  forget_modules()
  for _, other in ipairs(mutants) do package.preload["trapheus." .. other.module] = nil end
  if mutant then package.preload["trapheus." .. mutant.module] = mistaken(mutant) end
end

-- Every kind of run without a fault, then random ones: the same for every mistake.
local function cases(plays)
  plant(nil)
  local case, campaigns = require "case", require "campaigns"
  local list = {}
  for _, preset in ipairs { "typical", "adversarial" } do
    for _, fields in ipairs(campaigns.CALM) do list[#list + 1] = case.with(case.new(fields), { preset = preset }) end
  end
  local single = coroutine.wrap(campaigns.mutations)
  local seed = 0
  while #list < plays do
    seed = seed + 1
    list[#list + 1] = campaigns.random(seed)
    list[#list + 1] = single()
  end
  return list
end

-- What finds it; nil: nothing.
local function killer(mutant, list)
  plant(mutant)
  local play = require "play"
  for i, made in ipairs(list) do
    local ok, result = pcall(play, made)
    local problem = ok and result.watch.problems[1]
    if not ok then return i, tostring(result):match "[^\n]*" end
    if problem then return i, problem.invariant .. ": " .. problem.message end
  end
end

return function(arguments)
  collectgarbage "generational" -- many small things that die young: a quarter faster
  local shard, shards, plays, only = 1, 1, 600, ""
  for i = 1, #arguments, 2 do
    local value = arguments[i + 1]
    if arguments[i] == "--shard" then shard, shards = value:match "(%d+)/(%d+)" end
    if arguments[i] == "--plays" then plays = tonumber(value) end
    if arguments[i] == "--only" then only = value end
  end
  local list, killed, survived = cases(plays), 0, 0
  for i, mutant in ipairs(mutants) do
    if i % tonumber(shards) == tonumber(shard) % tonumber(shards) and mutant.name:find(only, 1, true) then
      local at, why = killer(mutant, list)
      if at then killed = killed + 1 else survived = survived + 1 end
      print(("%-9s %-5s %s%s"):format(at and "killed" or "SURVIVED", mutant.row, mutant.name,
        at and (" (play %d, %s)"):format(at, why) or ""))
      io.stdout:flush()
    end
  end
  print(("%d passed, %d failed"):format(killed, survived))
  return survived == 0 and 0 or 1
end
