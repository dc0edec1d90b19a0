--- While a run is away, before it has moved anything, somebody else may move the original: another run, which has
--- restored the database since. Then it is not this run's any more; it is left as it is, under the name that it has.
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local function rename(sandbox)
  assert(sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb", NewDBInstanceIdentifier = "mydb-temp",
    ApplyImmediately = true }))
end

local function left_alone(step, outcome, task)
  local original
  local result = rehearse { knobs = { stale_s = 0 }, task = task, snapshot = task == "db_restore" or nil,
    instance = { DeletionProtection = false },
    extend = function(pipeline)
      pipeline:before(step, function(run)
        original = run.world.sandbox:instance("mydb").DbiResourceId
        rename(run.world.sandbox)
        witness.pass(run.world, 3600)
      end)
    end }
  witness.equal(result.outcome, outcome)
  local truth = result.sandbox:instance "mydb-temp"
  witness.equal(truth.DbiResourceId, original, "who is mydb-temp")
  witness.equal(truth.DeletionProtection, false, "its protection")
  assert(not witness.marked(truth.TagList), "a mark is left")
  witness.equal(#witness.renames(result.sandbox), 0, "renames of the run")
end

tests["before the lock"] = function() left_alone("lock", "refused") end

tests["before the fence"] = function() left_alone("fence", "failed") end

tests["before the snapshot"] = function() left_alone("snapshot", "failed") end

tests["before the rename"] = function() left_alone("rename", "failed", "db_restore") end

-- A run of another machine, that has put up its own fence; it is away as well, for longer than its lease is good.
local function of_another_run(sandbox)
  local arn = sandbox:instance("mydb").DBInstanceArn
  assert(sandbox:operator("RemoveTagsFromResource", { ResourceName = arn,
    TagKeys = { "trapheus:lease", "trapheus:state", "trapheus:snapshot" } }))
  assert(sandbox:operator("AddTagsToResource", { ResourceName = arn,
    Tags = { { Key = "trapheus:lease", Value = "pyhidmfy:" .. sandbox.now // 1000 },
      { Key = "trapheus:state", Value = "run=pyhidmfy of=" .. sandbox:instance("mydb").DbiResourceId } } }))
  assert(sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb", DeletionProtection = true }))
  rename(sandbox)
end

local function still_theirs(sandbox)
  local aside = sandbox:instance "mydb-temp"
  if not aside then return nil end
  local state
  for _, tag in ipairs(aside.TagList) do state = tag.Key == "trapheus:state" and tag.Value or state end
  if not aside.DeletionProtection then return "its fence is down" end
  if not (state or ""):find "^run=pyhidmfy" then return "its marks are " .. tostring(state) end
end

for _, step in ipairs { "fence", "snapshot" } do
  tests["with its fence and its marks, if another run has moved it: before the " .. step] = function()
    local problems
    local result = rehearse { knobs = { stale_s = 0 }, instance = { DeletionProtection = false },
      prepare = function(sandbox) problems = witness.always(sandbox, still_theirs) end,
      extend = function(pipeline)
        pipeline:before(step, function(run)
          of_another_run(run.world.sandbox)
          witness.pass(run.world, 3600)
        end)
      end }
    witness.equal(result.outcome, "failed")
    witness.none(problems)
  end
end

local THEIRS = "pyhidmfy:" .. 1767225600 + 7200

local function delete(sandbox)
  assert(sandbox:operator("ModifyDBInstance", { DBInstanceIdentifier = "mydb-temp", DeletionProtection = false }))
  assert(sandbox:operator("DeleteDBInstance", { DBInstanceIdentifier = "mydb-temp", SkipFinalSnapshot = true }))
end

-- The call that was to mark the original is lost, and goes to whoever has its name when it comes: that mark is its own.
local function takes_its_late_mark_off(becomes_of_it)
  local result = rehearse { knobs = { stale_s = 0, delete_s = 20 }, snapshot = true, task = "db_restore",
    faults = { { operation = "AddTagsToResource", occurrence = 1, kind = "zombie", delay_s = 800 } },
    prepare = function(sandbox)
      local arn = sandbox:instance("mydb").DBInstanceArn
      sandbox:at(65, function(sb)
        assert(sb:operator("AddTagsToResource", { ResourceName = arn,
          Tags = { { Key = "trapheus:lease", Value = THEIRS } } }))
      end)
      sandbox:at(90, rename)
      sandbox:at(700, function(sb)
        assert(sb:operator("RestoreDBInstanceFromDBSnapshot", { DBInstanceIdentifier = "mydb",
          DBSnapshotIdentifier = "mydb-snapshot" }))
      end)
      if becomes_of_it then sandbox:at(720, becomes_of_it) end
    end }
  witness.equal(result.outcome, "refused")
  witness.pass(result.world, 900)
  assert(not witness.marked(result.sandbox:instance "mydb".TagList), "its mark is left")
end

tests["but not its own mark, which comes when another database has the name"] = function()
  takes_its_late_mark_off()
end

tests["nor when the original is gone by then"] = function() takes_its_late_mark_off(delete) end

return tests
