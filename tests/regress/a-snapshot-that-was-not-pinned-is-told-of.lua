--- A snapshot that a run has made stays when the run turns back, though it never came to be pinned: without its mark,
--- and named. One that is made by a lost call when the run has turned back already is none that nobody knows of.
local hosts = require "hosts"
local path = require "trapheus.path"
local recover = require "trapheus.recover"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local LATE_S = 890

local function snapshots(sandbox)
  local list = {}
  for _, snapshot in ipairs(sandbox.snapshots) do
    if not snapshot.gone and snapshot.status ~= "deleting" then list[#list + 1] = snapshot end
  end
  return list
end

local function is_told(result, name)
  for _, warning in ipairs(result.record.warnings) do
    if warning:find("the snapshot " .. name, 1, true) then return true end
  end
  return false
end

local function denied(operation, first, last)
  local faults = {}
  for i = first, last do faults[#faults + 1] = { operation = operation, occurrence = i, kind = "denied" } end
  return faults
end

-- In the end there are so many, and each is without a mark, and named if the run has made it.
local function settled(spec, count)
  spec.preset = "quick"
  local result = rehearse(spec)
  witness.equal(result.outcome, "failed")
  witness.pass(result.world, LATE_S + 60)
  local list = snapshots(result.sandbox)
  witness.equal(#list, count, "snapshots")
  for _, snapshot in ipairs(list) do
    assert(not witness.marked(snapshot.fields.TagList), snapshot.name .. " bears a mark")
    assert(spec.snapshot or is_told(result, snapshot.name), snapshot.name .. " is not told of")
  end
end

tests["when it could not be looked at"] = function()
  settled({ knobs = { snapshot_s = 600 }, faults = denied("DescribeDBSnapshots", 5, 9) }, 1)
end

tests["when the call that makes it comes late"] = function()
  settled({ faults = { { operation = "CreateDBSnapshot", occurrence = 1, kind = "zombie", delay_s = LATE_S },
    denied("CreateDBSnapshot", 2, 2)[1] } }, 1)
end

tests["when the call that makes the one in between comes late"] = function()
  settled({ snapshot = true, faults = {
    { operation = "CreateDBSnapshot", occurrence = 1, kind = "zombie", delay_s = LATE_S },
    denied("CreateDBSnapshot", 2, 2)[1] } }, 1)
end

-- The one in between is used in place of the one that was asked for, and has no mark any more when the machine is lost.
tests["by another host, when its mark is off already"] = function()
  local world = hosts.lost({ preset = "quick", snapshot = true, task = "create_snapshot_only", faults = {
    { operation = "CreateDBSnapshot", occurrence = 2, kind = "terminal", status = "failed" } } },
    function(kind, entry, when)
      return when == "before" and kind == "intent" and entry.operation == "RemoveTagsFromResource"
        and entry.target.kind == "instance"
    end)
  witness.pass(world, 1900)
  local other, pipeline = hosts.another(world), path.script "scripts/restore.lua" ()
  local run = recover.run(other, pipeline, "mydb", "restore")
  local told = table.concat(run.record.warnings, " ")
  assert(told:find("the snapshot mydb-s-" .. run.id, 1, true), told)
end

return tests
