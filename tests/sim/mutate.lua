--- Are the campaigns strong enough? Each seeded mistake must be found by them. A mistake is put into a module's text;
--- then everything is loaded anew, and cases are played until one fails: first the one that should, then those that
--- have a name, then random ones and single faults.
---
---   trapheus tests/sim/mutate.lua [--shard I/N] [--plays N] [--only WORDS] [--defects]
---
--- --defects: only those of the original (T1 to T17, D1 to D31), each in the one case that is named for it; what was
--- found is not told.
local mutants = require "mutants"

local LOADED_BEFORE = {}
for name in pairs(package.loaded) do LOADED_BEFORE[name] = true end

-- Planting --------------------------------------------------------------------------------------

local function forget_modules()
  for name in pairs(package.loaded) do
    local own = name:find "^trapheus" and name ~= "trapheus.core"
    if own or not LOADED_BEFORE[name] then package.loaded[name] = nil end
  end
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
local function mistaken(edit)
  local name = "trapheus/" .. edit.module:gsub("%.", "/") .. ".lua"
  local file <close> = assert(io.open("lua/" .. name))
  local text = file:read "a"
  local times = count(text, edit.find)
  if times ~= 1 then error(("the text of %s that it stands for is there %d times"):format(name, times), 0) end
  local first, last = text:find(edit.find, 1, true)
  return assert(load(text:sub(1, first - 1) .. edit.put .. text:sub(last + 1), "@" .. name, "t"))
end

local function plant(mutant)
  forget_modules()
  for _, other in ipairs(mutants.LIST) do
    for _, edit in ipairs(other.edits) do package.preload["trapheus." .. edit.module] = nil end
  end
  for _, edit in ipairs(mutant and mutant.edits or {}) do
    package.preload["trapheus." .. edit.module] = mistaken(edit)
  end
end

-- Looking for it --------------------------------------------------------------------------------

-- Where every mistake is looked for that the case which is named for it has not found: the same for each.
local function common(plays)
  local list = {}
  plant(nil)
  local case, cases, campaigns = require "case", require "cases", require "campaigns"
  table.move(cases.LIST, 1, #cases.LIST, 1, list)
  for _, made in ipairs(cases.LIST) do
    if #made.faults == 0 then list[#list + 1] = case.with(made, { preset = "adversarial" }) end
  end
  local single, seed = coroutine.wrap(campaigns.mutations), 0
  while #list < plays do
    seed = seed + 1
    list[#list + 1] = campaigns.random(seed)
    list[#list + 1] = single()
  end
  return list
end

local function first_line(text) return tostring(text):match "[^\n]*" end

-- What finds it; nil: nothing.
local function play_all(list)
  local play = require "play"
  for i, made in ipairs(list) do
    local ok, result = pcall(play, made)
    local problem = ok and result.watch.problems[1]
    if not ok then return ("play %d"):format(i), first_line(result) end
    if problem then return ("play %d"):format(i), problem.invariant .. ": " .. problem.message end
  end
end

-- Of what no simulation comes to.
local function test(file)
  require "honest"
  for name, f in pairs(assert(loadfile(file, "t"))()) do
    local ok, err = pcall(f)
    if not ok then return file, name .. ": " .. first_line(err) end
  end
end

-- `rest` gives the cases that are played when the one that is named finds nothing.
local function killer(mutant, rest)
  plant(mutant)
  if mutant.by:find "%.lua$" then return test(mutant.by) end
  local named = require "cases".NAMED[mutant.by] or error("there is no case " .. mutant.by)
  local at, why = play_all { named }
  if at or not rest then return at and mutant.by, why end
  local list = rest()
  plant(mutant)
  return play_all(list)
end

-- What is looked for ----------------------------------------------------------------------------

local DEFECTS = { T = 17, D = 31 }

local function is_defect(rows)
  for row in rows:gsub("rds .*", ""):gmatch "%S+" do
    if row:find "^[TD]%d+$" then return true end
  end
  return false
end

-- Every defect of the original has its mistake, or a reason why not.
local function check_rows()
  local covered = {}
  for _, row in ipairs(mutants.NOT_COUNTED) do covered[row.defect] = true end
  for _, mutant in ipairs(mutants.LIST) do
    for row in mutant.rows:gsub("rds .*", ""):gmatch "%S+" do covered[row] = true end
  end
  for letter, most in pairs(DEFECTS) do
    for i = 1, most do assert(covered[letter .. i], "no mistake stands for " .. letter .. i) end
  end
end

local function options(arguments)
  local given = { plays = 600, only = "", shard = "1/1" }
  for i, argument in ipairs(arguments) do
    local name = argument:match "^%-%-(%a+)$"
    if name then given[name] = name == "defects" or arguments[i + 1] end
  end
  given.index, given.shards = given.shard:match "^(%d+)/(%d+)$"
  given.index, given.shards = tonumber(given.index), tonumber(given.shards)
  return given
end

local function wanted(given, i, mutant)
  return i % given.shards == given.index % given.shards and mutant.name:find(given.only, 1, true)
    and (not given.defects or is_defect(mutant.rows))
end

local function report(mutant, at, why)
  print(("%-9s %-8s %s%s"):format(at and "killed" or "SURVIVED", mutant.rows, mutant.name,
    why and (" (%s%s)"):format(at and at .. "; " or "", why) or ""))
  io.stdout:flush()
end

local function look_for_all(given, rest)
  local killed, survived = 0, 0
  for i, mutant in ipairs(mutants.LIST) do
    if wanted(given, i, mutant) then
      local ok, at, why = pcall(killer, mutant, rest)
      local found = ok and at
      if found then killed = killed + 1 else survived = survived + 1 end
      if not (given.defects and found) then report(mutant, found, ok and why or at) end
    end
  end
  return killed, survived
end

return function(arguments)
  collectgarbage "generational" -- many small things that die young: a quarter faster
  check_rows()
  local given, list = options(arguments), nil
  local killed, survived = look_for_all(given, not given.defects and function()
    list = list or common(tonumber(given.plays))
    return list
  end)
  for _, row in ipairs(given.index == 1 and mutants.NOT_COUNTED or {}) do
    print(("not counted %s: %s"):format(row.defect, row.why))
  end
  print(("%d passed, %d failed"):format(killed, survived))
  return survived == 0 and 0 or 1
end
