--- The rows of the failure matrix that are about an export: its start, and waiting for its end.
local hosts = require "hosts"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"

local tests = {}

local equal = witness.equal

local function export(fault, spec)
  spec = spec or {}
  spec.task = spec.task or "create_snapshot_only"
  spec.options = spec.options or {}
  spec.options.export = true
  spec.faults = fault and { fault } or nil
  return rehearse(spec)
end

local function at(operation, fault, occurrence)
  fault.operation, fault.occurrence = operation, occurrence or 1
  return fault
end

local function one_export(result, what)
  equal(#result.sandbox.exports, 1, "exports: " .. what)
  equal(result.sandbox.exports[1].name, "mydb-" .. result.run.id, "its name: " .. what)
end

local function stopped(result, what)
  equal(result.outcome, "failed", what)
  equal(#witness.renames(result.sandbox), 0, "renames: " .. what)
  equal(result.sandbox:instance("mydb").DeletionProtection, result.record.facts.original.protected, what)
  assert(not witness.marked(result.sandbox:instance("mydb").TagList), "marks are left: " .. what)
end

-- What becomes of a call that may or may not have arrived: one export in the end.
local LOST = { drop = {}, lost = {}, dup = {}, ["500n"] = {}, ["500c"] = {}, ["503"] = {}, throttle = { count = 4 },
  zombie = { delay_s = 30 }, ["zombie after ten minutes"] = { kind = "zombie", delay_s = 600 }, trunc = { bytes = 200 },
  garbage = { form = "empty" }, reset = { part = "response" }, slow = { delay_s = 90 } }

for name, fault in pairs(LOST) do
  fault.kind = fault.kind or name
  tests["start: " .. name] = function()
    for _, wait in ipairs { false, true } do
      local result = export(at("StartExportTask", fault), { options = { export_wait = wait or nil } })
      equal(result.outcome, "snapshotted", name)
      one_export(result, name)
    end
  end
end

for _, kind in ipairs { "denied", "expired", "revoked" } do
  for _, optional in ipairs { false, true } do
    tests[("start: %s%s"):format(kind, optional and ", and it may be left out" or "")] = function()
      local result = export(at("StartExportTask", { kind = kind }, "every"), { task = "create_snapshot",
        options = { export_optional = optional or nil } })
      equal(#result.sandbox.exports, 0, "exports")
      if optional then equal(result.outcome, "restored", kind) else stopped(result, kind) end
    end
  end
end

-- As somebody else, once the snapshot is there.
local function meanwhile(operation, parameters)
  return function(sandbox)
    witness.once(sandbox, function(sb)
      local snapshot = sb:snapshot "mydb-snapshot"
      return snapshot ~= nil and snapshot.Status == "available"
    end, function(sb)
      local _, err = sb:operator(operation, parameters(sb))
      if err then error(err.message) end
    end)
  end
end

local function task_of(source, name)
  return function(sb)
    return { ExportTaskIdentifier = name, SourceArn = sb:snapshot(source).DBSnapshotArn, S3BucketName = "theirs",
      IamRoleArn = "arn:aws:iam::123456789012:role/theirs", KmsKeyId = "alias/theirs" }
  end
end

tests["start: somebody exports the same snapshot, and is waited for"] = function()
  local result = export(nil, { prepare = meanwhile("StartExportTask", task_of("mydb-snapshot", "theirs")),
    knobs = { export_s = 600 } })
  equal(result.outcome, "snapshotted")
  equal(#result.sandbox.exports, 2, "exports")
end

tests["start: somebody exports the same snapshot, and goes on for ever"] = function()
  for _, optional in ipairs { false, true } do
    local result = export(nil, { prepare = meanwhile("StartExportTask", task_of("mydb-snapshot", "theirs")),
      knobs = { export_s = 30 * 86400 }, task = "create_snapshot", options = { export_optional = optional or nil } })
    equal(#result.sandbox.exports, 1, "exports")
    if optional then equal(result.outcome, "restored") else stopped(result, "another export") end
    local warnings = table.concat(result.record.warnings, "\n") .. (result.record.failure or { message = "" }).message
    assert(warnings:find("not there within an hour", 1, true), warnings)
  end
end

tests["start: what has its name and is of another snapshot is not taken for it"] = function()
  local result = export(nil, { task = "create_snapshot",
    prepare = function(sandbox)
      sandbox:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "another" }
    end,
    extend = function(pipeline)
      pipeline:before("export", function(run)
        local sandbox = run.world.sandbox
        assert(sandbox:operator("StartExportTask", task_of("another", run.facts.export.name)(sandbox)))
      end)
    end })
  equal(#result.sandbox.exports, 1, "exports")
  equal(result.sandbox.exports[1].fields.S3Bucket, "theirs", "whose")
  stopped(result, "its name is taken")
end

-- Waiting ---------------------------------------------------------------------------------------------

local UNANSWERED = { drop = {}, throttle = { count = 9 }, ["500n"] = {}, denied = {}, garbage = { form = "empty" } }

for name, fault in pairs(UNANSWERED) do
  fault.kind = name
  tests["wait: a look that is not answered is had again: " .. name] = function()
    for occurrence = 1, 4 do
      local result = export(at("DescribeExportTasks", fault, occurrence), { options = { export_wait = true } })
      equal(result.outcome, "snapshotted", name)
      one_export(result, name)
      equal(result.document.export.status, "COMPLETE")
    end
  end
end

tests["wait: looks that are never allowed stop the run, or are a warning"] = function()
  for _, optional in ipairs { false, true } do
    local result = export(at("DescribeExportTasks", { kind = "denied" }, "every"), { task = "create_snapshot",
      options = { export_wait = true, export_optional = optional or nil } })
    if optional then equal(result.outcome, "restored") else stopped(result, "denied") end
  end
end

tests["wait: the task fails, is cancelled by somebody, or never ends"] = function()
  local cases = {
    failed = { fault = { kind = "background_failure" }, told = "has ended as FAILED" },
    ["never ends"] = { fault = { kind = "stuck" }, told = "is IN_PROGRESS after a day" },
    cancelled = { told = "has ended as CANCELED", prepare = function(sandbox)
      witness.once(sandbox, function(sb) return sb.exports[1] ~= nil and sb.exports[1].status == "IN_PROGRESS" end,
        function(sb) sb:operator("CancelExportTask", { ExportTaskIdentifier = sb.exports[1].name }) end)
    end },
  }
  for what, case in pairs(cases) do
    for _, optional in ipairs { false, true } do
      local result = export(case.fault and at("StartExportTask", case.fault), { task = "create_snapshot",
        prepare = case.prepare, options = { export_wait = true, export_optional = optional or nil } })
      one_export(result, what)
      if optional then equal(result.outcome, "restored", what) else stopped(result, what) end
      local text = report.text(result.run)
      assert(text:find(case.told, 1, true), text)
    end
  end
end

tests["a run that has lost its lease begins no export"] = function()
  local result = rehearse { task = "create_snapshot_only", options = { export = true }, extend = function(pipeline)
    pipeline:before("export", function(run)
      run.world.sandbox:operator("AddTagsToResource", { ResourceName = run.facts.original.arn,
        Tags = { { Key = "trapheus:lease", Value = ("zzzzzzzz:%d"):format(run:now_s() // 1 + 90000) } } })
      witness.pass(run.world, 300)
    end)
  end }
  equal(#result.sandbox.exports, 0, "exports")
  equal(result.outcome, "failed")
end

tests["two machines: one of them exports"] = function()
  local base = rehearse { task = "create_snapshot_only", limit_s = 0 }
  local input = { task = "create_snapshot_only", options = { export = true } }
  local first, second = hosts.run(hosts.another(base.world), input), hosts.run(hosts.another(base.world), input)
  hosts.race { { run = first, after_s = 0 }, { run = second, after_s = 2 } }
  equal(#base.sandbox.exports, 1, "exports")
end

return tests
