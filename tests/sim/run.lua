--- Runs campaigns: trapheus tests/sim/run.lua CAMPAIGN [--runs N] [--seed S] [--shard I/N] [--share K] [--out FILE]
---                 trapheus tests/sim/run.lua --case JSON
---
--- --share K plays every Kth case, another one in each shard; --out writes the figures for sim/sum.lua.
local campaigns = require "campaigns"
local case = require "case"
local core = require "trapheus.core"
local json = require "trapheus.json"
local play = require "play"
local shrink = require "shrink"
local sometimes = require "sometimes"
local timeline = require "timeline"

local MOST_FAILURES = 3

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

local function count(figures, made, result)
  figures.runs = figures.runs + 1
  figures.faults = figures.faults + #made.crashes
  for _, entry in ipairs(result.sandbox.audit) do figures.faults = figures.faults + (entry.fault and 1 or 0) end
  figures.virtual_days = figures.virtual_days + (result.loop:now_ms() - result.began_ms) / 86400000
  local key = result.outcome or "none"
  figures.outcomes[key] = (figures.outcomes[key] or 0) + 1
  sometimes.note(figures.sometimes, result)
  if #result.watch.problems == 0 then return end
  figures.violations = figures.violations + 1
  if figures.violations <= MOST_FAILURES then explain(made) end
end

local function mine(given, index)
  local shard, shards = tonumber(given.shard[1]), tonumber(given.shard[2])
  return index % (given.share * shards) == (shard - 1) * given.share
end

local function run(given)
  local figures = { campaign = given.campaign, runs = 0, faults = 0, violations = 0, virtual_days = 0, outcomes = {},
    sometimes = {} }
  local began_ms = core.clock.monotonic_ms()
  local campaign = campaigns[given.campaign] or error("no such campaign: " .. tostring(given.campaign))
  local index = 0
  for made in coroutine.wrap(function() campaign(given.seed, given.runs) end) do
    index = index + 1
    if mine(given, index) then count(figures, made, play(made)) end
  end
  figures.seconds = (core.clock.monotonic_ms() - began_ms) / 1000
  return figures
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
  collectgarbage "generational" -- many small things that die young: a quarter faster
  local given = options(arguments)
  if given.case then return one(given.case) end
  local figures = run(given)
  local text = json.encode(figures)
  if given.out then
    local file <close> = assert(io.open(given.out, "w"))
    file:write(text, "\n")
  else
    print(text)
  end
  return figures.violations == 0 and 0 or 1
end
