--- At the end the marks are taken off one thing after another, and a call for that which is lost is waited for until it
--- is certainly dead: a quarter of an hour each. The lease is renewed all the while: another run would begin beside it.
local marks = require "trapheus.marks"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function dropped(occurrence)
  return { operation = "RemoveTagsFromResource", occurrence = occurrence, kind = "drop" }
end

local function lease_left_s(sandbox)
  local truth = sandbox:cluster "mydb"
  for _, tag in ipairs(truth and truth.TagList or {}) do
    if tag.Key == marks.LEASE then return tonumber(tag.Value:match "%d+$") - sandbox:seconds() end
  end
end

tests["however many of them are lost"] = function()
  local least_s = math.huge
  local result = rehearse { cluster = {}, members = 3, faults = { dropped(1), dropped(3), dropped(5) },
    prepare = function(sandbox)
      sandbox.on_commit = function() least_s = math.min(least_s, lease_left_s(sandbox) or least_s) end
    end }
  witness.equal(result.outcome, "restored")
  assert(least_s > 120, ("%d s were left"):format(least_s // 1))
  assert(not witness.marked(result.sandbox:cluster "mydb".TagList), "a mark is left")
end

-- Tags can be put while RDS is at work on something else.
tests["while a snapshot takes two hours, and a renewal is lost"] = function()
  local least_s = math.huge
  local result = rehearse { knobs = { snapshot_s = 7200 }, cluster = {}, members = 1,
    faults = { { operation = "AddTagsToResource", occurrence = 3, kind = "drop" } },
    prepare = function(sandbox)
      for at_s = 300, 7000, 50 do
        sandbox:at(at_s, function(sb) least_s = math.min(least_s, lease_left_s(sb) or least_s) end)
      end
    end }
  witness.equal(result.outcome, "restored")
  assert(least_s > 600, ("%d s were left"):format(least_s // 1))
end

return tests
