--- Cases that are played as a tree go as they do alone: trapheus tests/lua/run.lua tests/sim/test_tree.lua
local cases = require "cases"
local figures = require "figures"
local play = require "play"
local strikes = require "strikes"
local transcript = require "transcript"
local tree = require "tree"

local tests = {}

local BASE = cases.NAMED.unretained

local function fault(operation, occurrence, kind, more)
  local made = { operation = operation, occurrence = occurrence, kind = kind }
  for field, value in pairs(more or {}) do made[field] = value end
  return { fault = made }
end

local LOST = fault("ModifyDBInstance", 1, "lost")
local LATE = fault("DeleteDBInstance", 1, "zombie", { delay_s = 600 })
local DIES = { crash = { site = "journal", nth = 9, when = "after" } }
local NEVER = fault("DeleteDBInstance", 9, "lost")

local LISTS = { { LOST }, { LATE }, { DIES }, { LOST, LATE }, { LOST, NEVER }, { DIES, LATE } }

local function planted()
  local root = tree.new(BASE)
  for _, list in ipairs(LISTS) do tree.add(root, list) end
  return root
end

local function equal(seen, wanted, what)
  if seen ~= wanted then error(("%s: %s rather than %s"):format(what, seen, wanted), 2) end
end

function tests.every_branch_goes_as_it_does_alone()
  equal(tree.play(planted(), 1).compared, #LISTS - 1, "compared") -- whatever never strikes is its first's play
end

function tests.the_figures_are_those_of_each_alone()
  local alone = figures.new()
  for _, list in ipairs(LISTS) do figures.note(alone, play(strikes.on(BASE, list))) end
  local together = tree.play(planted())
  for _, name in ipairs { "runs", "faults", "violations" } do equal(together[name], alone[name], name) end
  for _, name in ipairs { "outcomes", "sometimes" } do
    for key, count in pairs(alone[name]) do equal(together[name][key], count, key) end
  end
  equal(("%.6f"):format(together.virtual_days), ("%.6f"):format(alone.virtual_days), "days")
end

-- What is said of a tree when a branch does something else as it is struck.
local function said(instead, alone)
  local add = strikes.add
  function strikes.add(fields, strike)
    add(fields, strike)
    if fields.topology then instead(fields) end -- of a play that is under way
  end
  io.stdout:flush()
  local ok, err = pcall(tree.play, planted(), alone)
  strikes.add = add
  return ok and "nothing" or err
end

-- As if a branch were another case than the one that it says it is.
function tests.a_branch_that_goes_otherwise_is_told()
  local err = said(function(fields) fields.seed = 2 end, 1)
  equal(err:find("it goes otherwise when it is played alone", 1, true) ~= nil, true, "said " .. err)
end

function tests.a_branch_that_dies_is_told()
  local err = said(function() os.exit(3) end)
  equal(err:find("a branch ended with status", 1, true) ~= nil, true, "said " .. err)
end

function tests.what_does_not_strike_in_the_base_is_a_mistake()
  local root = tree.new(BASE)
  tree.add(root, { NEVER })
  equal(pcall(tree.play, root), false, "whether it is played")
end

function tests.a_transcript_tells_where_two_part()
  local one, other = transcript.of(play(BASE)), transcript.of(play(strikes.on(BASE, { LOST })))
  equal(transcript.difference(one, one), nil, "the same")
  equal(transcript.difference(one, other) ~= nil, true, "whether others part")
end

return tests
