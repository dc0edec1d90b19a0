--- One seed, one story: byte for byte, whenever, wherever and by whatever Lua it is told.
local core = require "trapheus.core"
local fault_plan = require "trapheus.sandbox.fault_plan"
local rehearse = require "rehearse"
local story = require "story"
local swarm = require "trapheus.sandbox.swarm"
local trace = require "trapheus.sandbox.trace"

local tests = {}

--- Of the trace of story 42. The same is looked for in a stock Lua (tests/lua/stock.lua). Whoever changes what the
--- sandbox does, and when, puts here what the failure shows.
local HASH = "6b1bf5bb10db2950a93be960a4d6c5a2823d57ca7a87eadbd21c71932fce4564"

function tests.it_is_the_story_that_is_known()
  local hash = core.sha256(story(42))
  if hash ~= HASH then error("the story is another one: " .. hash) end
end

function tests.told_twice_it_is_the_same()
  local first, results = story(42)
  collectgarbage()
  local second, again = story(42)
  assert(first == second and results == again)
  assert(first ~= story(43), "another seed tells the same")
end

function tests.much_happens_in_it()
  local text = story(42)
  for _, part in ipairs { "fault lost", "fault 500c", "fault zombie", "fault trunc", "late", "Throttling",
    "ExpiredToken", "InvalidDBInstanceState", "operator AddTagsToResource", "committed" } do
    assert(text:find(part, 1, true), "it has no " .. part)
  end
end

function tests.a_whole_restore_is_the_same_twice()
  for seed = 3, 4 do
    local spec = { seed = seed, preset = "adversarial", faults = swarm(seed, "mydb") }
    local first = trace.calls(rehearse(spec).sandbox)
    local second = trace.calls(rehearse(spec).sandbox)
    assert(fault_plan.check(spec.faults) and #first > 0)
    assert(first == second, "the two differ")
  end
end

return tests
