--- D21: an export is made where it is asked for, once a run, of what can be exported; one that fails never harms what
--- is restored, and its failure is told.
local command = require "trapheus.command"
local driver = require "trapheus.drivers.local"
local hosts = require "hosts"
local leftovers = require "trapheus.leftovers"
local options = require "trapheus.options"
local recover = require "trapheus.recover"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"

local tests = {}

local equal = witness.equal
local ORACLE = { Engine = "oracle-ee", EngineVersion = "19.0.0.0.ru-2025-01.rur-2025-01.r1", LicenseModel =
  "bring-your-own-license" }
local FAILS = { operation = "StartExportTask", occurrence = 1, kind = "background_failure" }

local function exporting(spec)
  spec.options = spec.options or {}
  spec.options.export = true
  return rehearse(spec)
end

local function started(result) return #witness.changes(result.sandbox, "StartExportTask") end

local function untouched(result)
  equal(#witness.renames(result.sandbox), 0, "renames")
  local holder = result.sandbox:instance "mydb"
  equal(holder and holder.DBInstanceStatus, "available", "the original")
  equal(holder.DeletionProtection, result.record.facts.original.protected, "its protection")
end

local function told(result, text)
  local all = report.text(result.run)
  assert(all:find(text, 1, true), ("%q is not in: %s"):format(text, all))
end

tests["nothing is exported that nobody has asked for"] = function()
  for _, task in ipairs { "create_snapshot", "create_snapshot_only" } do
    local result = rehearse { task = task }
    equal(started(result), 0, "exports")
    for _, step in ipairs(result.record.steps) do assert(step.name ~= "export", "there is an export step") end
  end
end

tests["the snapshot of this run is exported, named after the run, before anything is moved"] = function()
  for _, task in ipairs { "create_snapshot", "create_snapshot_only" } do
    local result = exporting { task = task, snapshot = true }
    equal(result.outcome, task == "create_snapshot" and "restored" or "snapshotted")
    equal(started(result), 1, "exports")
    local truth = result.sandbox:export_task("mydb-" .. result.run.id)
    equal(truth.SourceArn, result.record.facts.snapshot.arn, "what is exported")
    equal(truth.S3Bucket, "rds-snapshots-123456789012", "the bucket")
    equal(result.document.export.name, "mydb-" .. result.run.id, "the export that is told")
    told(result, "s3://rds-snapshots-123456789012/mydb-" .. result.run.id)
    for i, call in ipairs(result.calls) do
      if call:find "^StartExportTask" then
        assert(not table.concat(result.calls, " ", 1, i):find("mydb-temp", 1, true), "something was moved before")
      end
    end
  end
end

tests["an engine that cannot be exported: restored without an export, refused with one that is needed"] = function()
  equal(rehearse({ instance = ORACLE }).outcome, "restored", "without")
  local refused = exporting { instance = ORACLE }
  equal(refused.outcome, "refused", "with")
  equal(#witness.changes(refused.sandbox), 0, "changes")
  told(refused, "oracle-ee cannot be exported")
  local optional = exporting { instance = ORACLE, options = { export_optional = true } }
  equal(optional.outcome, "restored", "optional")
  equal(started(optional), 0, "exports")
  told(optional, "no export is made: the engine oracle-ee")
end

tests["an export that RDS does not start stops the run before anything is moved, or is a warning"] = function()
  for _, code in ipairs { "bucket", "permission" } do
    for _, optional in ipairs { false, true } do
      local result = exporting { options = { export_optional = optional or nil }, prepare = function(sandbox)
        sandbox:lack(code, code == "bucket" and "rds-snapshots-123456789012"
          or "arn:aws:iam::123456789012:role/trapheus-export-us-east-1")
      end }
      equal(result.outcome, optional and "restored" or "failed", code)
      told(result, code == "bucket" and "InvalidS3BucketFault" or "IamRoleMissingPermissions")
      told(result, "to s3://rds-snapshots-123456789012/mydb-" .. result.run.id .. "/: not begun")
      if not optional then untouched(result) end
    end
  end
end

tests["one that is awaited and fails stops the run before anything is moved, or is a warning"] = function()
  for _, task in ipairs { "create_snapshot", "create_snapshot_only" } do
    for _, optional in ipairs { false, true } do
      local result = exporting { task = task, faults = { FAILS },
        options = { export_wait = true, export_optional = optional or nil } }
      local reached = task == "create_snapshot" and "restored" or "snapshotted"
      equal(result.outcome, optional and reached or "failed", task)
      told(result, "has ended as FAILED: The export could not write to the S3 bucket.")
      if not optional then untouched(result) end
      equal(result.sandbox:snapshot("mydb-snapshot").Status, "available", "the snapshot")
    end
  end
end

tests["one that is not awaited delays nothing, and its failure is told"] = function()
  local result = exporting { faults = { FAILS }, knobs = { export_s = 120 } }
  equal(result.outcome, "restored")
  told(result, "has ended as FAILED")
  equal(result.document.export.status, "FAILED")
end

tests["one that takes long is awaited, and only where that is asked for"] = function()
  local knobs = { export_s = 10 * 3600, export_start_s = 3600 }
  local waited = exporting { knobs = knobs, options = { export_wait = true } }
  equal(waited.outcome, "restored")
  equal(waited.document.export.status, "COMPLETE")
  assert(waited.record.ended_at - waited.record.created_at > 11 * 3600, "it did not wait")
  local alone = exporting { knobs = knobs }
  equal(alone.outcome, "restored")
  equal(alone.document.export.status, "STARTING")
  assert(alone.record.ended_at - alone.record.created_at < 3 * 3600, "it waited")
end

tests["what goes on when its run has ended is found by cleanup, which leaves it alone"] = function()
  local result = exporting { task = "create_snapshot_only", knobs = { export_s = 7200 }, faults = { FAILS } }
  local found = leftovers.find(result.world)
  equal(#found, 1, "leftovers")
  equal(("%s %s"):format(found[1].what, found[1].name), "export mydb-" .. result.run.id)
  equal(found[1].remove, false)
  assert(found[1].why:find("goes on", 1, true), found[1].why)
  witness.pass(result.world, 2 * 7200)
  found = leftovers.find(result.world)
  assert(found[1].why:find("has ended as FAILED", 1, true), found[1].why)
  witness.pass(result.world, 8 * 86400)
  equal(#leftovers.find(result.world), 0, "leftovers, later")
end

tests["whenever the program dies, there is one export a run"] = function()
  local how, writes = { export_wait = true }, 0
  local function count_writes(_, _, when) writes = writes + (when == "after" and 1 or 0) end
  exporting { task = "create_snapshot_only", options = how, crash = count_writes }
  assert(writes > 10, writes)
  for nth = 1, writes do
    for _, moment in ipairs { "before", "after" } do
      local count = 0
      local result = exporting { task = "create_snapshot_only", options = how, crash = function(_, _, when)
        if when == moment then count = count + 1 end
        return when == moment and count == nth
      end }
      equal(result.outcome, "snapshotted", ("write %d, %s"):format(nth, moment))
      equal(#result.sandbox.exports, 1, ("exports, write %d, %s"):format(nth, moment))
    end
  end
end

tests["another machine that goes on without the journal begins no second export, and tells of the first"] = function()
  local result = exporting { knobs = { export_s = 50 * 3600 }, limit_s = 1200 }
  equal(result.outcome, nil, "the run that is cut off")
  equal(#result.sandbox.exports, 1, "exports")
  witness.pass(result.world, 3600) -- its lease ends
  local world = hosts.another(result.world)
  local run = recover.run(world, result.pipeline, "mydb", "restore")
  driver.run(result.pipeline, run)
  assert(run.record.outcome == "restored" or run.record.outcome == "failed", run.record.outcome)
  equal(#result.sandbox.exports, 1, "exports, then")
  equal(report.document(run).export.name, "mydb-" .. result.run.id, "the export that is told")
end

tests["an export of the snapshot that is replaced is told of, and goes on"] = function()
  for _, how in ipairs { "interim", "direct" } do
    local result = rehearse { snapshot = true, options = { replace_snapshot = how == "direct" and how or nil },
      knobs = { export_s = 20 * 3600 }, prepare = function(sandbox)
        assert(sandbox:operator("StartExportTask", { ExportTaskIdentifier = "theirs", S3BucketName = "theirs",
          SourceArn = sandbox:snapshot("mydb-snapshot").DBSnapshotArn, KmsKeyId = "alias/theirs",
          IamRoleArn = "arn:aws:iam::123456789012:role/theirs" }))
      end }
    equal(result.outcome, "restored", how)
    told(result, "mydb-snapshot is being exported (theirs, 0%) and is replaced meanwhile")
    equal(result.sandbox:export_task("theirs").Status, "IN_PROGRESS", "their export")
  end
end

tests["a rehearsal shows it, and a plan has its call"] = function()
  local given = options.restore { "--id", "mydb", "--task", "create_snapshot", "--sandbox", "--plan", "--export",
    "--export-prefix", "nightly", "--export-tables", "app.public" }
  local world = command.sandbox_world(given)
  local pipeline = require("trapheus").load "restore"
  world.gate = command.gate(pipeline, given)
  local run = command.new_run(world, given, "restore")
  driver.run(pipeline, run)
  equal(run.record.outcome, "planned")
  local found
  for _, call in ipairs(run.plan.calls) do
    if call.operation == "StartExportTask" then found = call.parameters end
  end
  equal(found.S3Prefix, "nightly")
  equal(found.ExportOnly[1], "app.public")
  equal(#world.sandbox.exports, 0, "exports")
end

return tests
