--- Runs campaigns: trapheus tests/sim/run.lua CAMPAIGN [--runs N] [--seed S] [--shard I/N] [--share K] [--alone K]
---                                             [--out FILE]
---                 trapheus tests/sim/run.lua --case JSON
---
--- --share K plays every Kth case, another one in each shard; --alone K plays every Kth of those that branch off from
--- another once more, alone, and compares; --out writes the figures for sim/sum.lua.
local campaigns = require "campaigns"
local case = require "case"
local core = require "trapheus.core"
local figures = require "figures"
local json = require "trapheus.json"
local play = require "play"
local shrink = require "shrink"
local timeline = require "timeline"

local function options(arguments)
  local given = { runs = 1000, seed = 1, share = 1, shard = { 1, 1 } }
  local i = 1
  while arguments[i] do
    local name, value = arguments[i]:match "^%-%-(%a+)$", arguments[i + 1]
    if not name then
      given.campaign, i = arguments[i], i + 1
    else
      if name == "shard" then value = { value:match "(%d+)/(%d+)" } end
      given[name], i = tonumber(value) or value, i + 2
    end
  end
  return given
end

local function explain(made)
  local smallest, result = shrink(made)
  print(timeline(result))
  for _, problem in ipairs(result.watch.problems) do print(("%s: %s"):format(problem.invariant, problem.message)) end
  print("again: " .. case.command(smallest))
end

local function mine(given, index)
  local shard, shards = tonumber(given.shard[1]), tonumber(given.shard[2])
  return index % (given.share * shards) == (shard - 1) * given.share
end

-- Gives the cases of this shard.
local function all_mine(given)
  local campaign = campaigns[given.campaign] or error("no such campaign: " .. tostring(given.campaign))
  local index, each = 0, coroutine.wrap(function() campaign(given.seed, given.runs) end)
  return function()
    local made, base, strikes
    repeat
      made, base, strikes = each()
      index = index + 1
    until not made or mine(given, index)
    return made, base, strikes
  end
end

-- Tells of those that have failed since: at once, as a long campaign may be cut off.
local function tell(total)
  for i = (total.told or 0) + 1, #total.failed do explain(total.failed[i]) end
  total.told = #total.failed
end

-- Plays the cases of a campaign: each alone, or, where they grow from a base, all of that base at once.
local function play_all(given, total)
  local tree = require "tree" -- in C, partly, which one case does without
  local growing
  local function grow()
    if growing then figures.add(total, tree.play(growing, given.alone)) end
    tell(total)
  end
  for made, base, strikes in all_mine(given) do
    if base and not (growing and growing.base == base) then
      grow()
      growing = tree.new(base)
    end
    if base then tree.add(growing, strikes) else figures.note(total, play(made)) end
    tell(total)
  end
  grow()
end

local function run(given)
  local total, began_ms = figures.new(), core.clock.monotonic_ms()
  play_all(given, total)
  total.failed, total.told = nil, nil
  total.campaign, total.seconds = given.campaign, (core.clock.monotonic_ms() - began_ms) / 1000
  return total
end

local function one(text)
  local made = case.read(text)
  local result = play(made)
  print(timeline(result))
  for _, problem in ipairs(result.watch.problems) do print(("%s: %s"):format(problem.invariant, problem.message)) end
  print(("the outcome is %s"):format(result.outcome or "none"))
  return #result.watch.problems == 0 and 0 or 1
end

return function(arguments)
  io.stdout:setvbuf "line"
  collectgarbage "generational" -- many small things that die young: a quarter faster
  local given = options(arguments)
  if given.case then return one(given.case) end
  local total = run(given)
  local text = json.encode(total)
  if given.out then
    local file <close> = assert(io.open(given.out, "w"))
    file:write(text, "\n")
  else
    print(text)
  end
  return total.violations == 0 and 0 or 1
end
