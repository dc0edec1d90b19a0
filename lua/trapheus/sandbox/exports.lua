--- Export tasks: a snapshot, or an Aurora cluster, into an S3 bucket. One has `data_version`, that of what it exports.

local cluster_snapshots = require "trapheus.sandbox.cluster_snapshots"
local clusters = require "trapheus.sandbox.clusters"
local describe = require "trapheus.sandbox.describe"
local errors = require "trapheus.sandbox.errors"
local filters = require "trapheus.sandbox.filters"
local instance_snapshots = require "trapheus.sandbox.instance_snapshots"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local resources = require "trapheus.sandbox.resources"
local snapshots = require "trapheus.sandbox.snapshots"
local tables = require "trapheus.sandbox.tables"
local validate = require "trapheus.sandbox.validate"

local exports = { operations = { rds = {} } }
local rds = exports.operations.rds

local function view(_, task)
  local shown = tables.copy(task.fields)
  shown.task_id, shown.ExportTaskIdentifier, shown.Status = nil, task.name, task.status
  return shown
end

---@type trapheus.sandbox.Kind
local KIND = {
  list = "exports", names = "export_names", reserved = "export_names", arn = "export", identifier =
    "ExportTaskIdentifier", resource_id = "task_id", prefix = "export", event = "db-snapshot",
  ready = { ["STARTING"] = true, ["IN_PROGRESS"] = true },
  codes = {
    absent = "ExportTaskNotFound", exists = "ExportTaskAlreadyExists", state = "InvalidExportTaskStateFault",
  },
  words = {
    absent = "Export task %s not found.", exists = "An export task with the identifier %s already exists.",
    state = "The export task %s can no longer be canceled.",
  },
  view = view, related = function() return {} end,
}

local function of_snapshot(kind)
  return function(sb, name)
    local snapshot = snapshots.find(sb, kind, name)
    return snapshot, snapshot.fields.SnapshotCreateTime, snapshot.data_version
  end
end

--- What an ARN names, as it calls it.
local SOURCES = {
  ["snapshot"] = { type = "SNAPSHOT", find = of_snapshot(instance_snapshots.KIND) },
  ["cluster-snapshot"] = { type = "SNAPSHOT", find = of_snapshot(cluster_snapshots.KIND) },
  ["cluster"] = { type = "CLUSTER", find = function(sb, name)
    local cluster = clusters.find(sb, name)
    if clusters.is_multi_az(cluster) then validate.refuse_combination "A Multi-AZ DB cluster cannot be exported." end
    return cluster, nil, cluster.data_version
  end },
}

local ENGINES = { ["postgres"] = true, ["mysql"] = true, ["mariadb"] = true, ["aurora-postgresql"] = true,
  ["aurora-mysql"] = true }

local function source_of(sb, arn)
  local resource, name = tostring(arn):match "^arn:[^:]*:rds:[^:]*:[^:]*:([%l-]+):(.+)$"
  local kind = SOURCES[resource]
  if not kind then validate.refuse_value("Invalid source ARN: %s", arn) end
  local object, time, data_version = kind.find(sb, name)
  local engine = object.fields.Engine
  if not ENGINES[engine] then
    validate.refuse_combination("The engine %s cannot be exported.", engine)
  elseif object.fields.StorageType == "standard" then
    validate.refuse_combination("A snapshot of magnetic storage cannot be exported.")
  elseif object.status ~= "available" then
    errors.refuse("InvalidExportSourceState", ("%s is %s, and cannot be exported."):format(arn, object.status))
  end
  return { type = kind.type, time = time, data_version = data_version, has_schemas = engine:find "postgres" ~= nil }
end

--- What the account lacks: see trapheus.Sandbox:lack.
local function check_target(sb, params)
  local bucket, role, key = params.S3BucketName, params.IamRoleArn, params.KmsKeyId
  if not bucket:find "^[%l%d][%l%d.-]+[%l%d]$" or #bucket > 63 or sb.lacking.bucket[bucket] then
    errors.refuse("InvalidS3BucketFault", ("The S3 bucket %s cannot be found or accessed."):format(bucket))
  end
  if not role:find("^arn:[^:]*:iam::" .. sb.account .. ":role/") or sb.lacking.role[role] then
    errors.refuse("IamRoleNotFound", ("The role %s cannot be found."):format(role))
  elseif sb.lacking.permission[role] then
    errors.refuse("IamRoleMissingPermissions", ("The role %s may not write to the S3 bucket."):format(role))
  end
  validate.key(sb, key)
end

--- "database", "database.schema" or "database.schema.table"; without schemas "database" or "database.table".
local function is_part(text, has_schemas)
  local _, dots = text:gsub("%.", "")
  return not text:find "[^%w$_.]" and not text:find "%.%." and not text:find "^%." and not text:find "%.$"
    and dots <= (has_schemas and 2 or 1)
end

local function check_parts(params, source)
  for _, part in ipairs(params.ExportOnly or {}) do
    if not is_part(part, source.has_schemas) then
      errors.refuse("InvalidExportOnly", ("%s is neither a database nor a schema or a table in one."):format(part))
    end
  end
end

local function check(sb, params)
  for _, name in ipairs { "SourceArn", "S3BucketName", "IamRoleArn", "KmsKeyId" } do validate.present(params, name) end
  if (params.S3Prefix or ""):find ":" then validate.refuse_value("Invalid S3 prefix: %s", params.S3Prefix) end
  check_target(sb, params)
end

--- One at a time of the same source.
local function require_idle(sb, arn)
  for _, task in ipairs(sb.exports) do
    if task.fields.SourceArn == arn and (KIND.ready[task.status] or task.status == "CANCELING") then
      errors.refuse("ExportTaskAlreadyExists", ("The export task %s of %s is running."):format(task.name, arn))
    end
  end
end

local function finish(sb, task, status, cause)
  task.fields.TaskEndTime, task.fields.FailureCause = sb:seconds(), cause
  if status == "COMPLETE" then task.fields.PercentProgress, task.fields.TotalExtractedDataInGB = 100, 12 end
  resources.become(sb, task, status)
end

local CAUSE = "The export could not write to the S3 bucket."

local function plan(sb, task, fault)
  local start, seconds = sb:draw "export_start_s", sb:draw "export_s"
  sb:later(start, function()
    task.fields.TaskStartTime = sb:seconds()
    resources.become(sb, task, "IN_PROGRESS")
  end, task)
  if fault.kind == "stuck" then return end
  for percent = 25, 75, 25 do
    sb:later(start + seconds * percent / 100, function()
      task.fields.PercentProgress = percent
      resources.commit(sb, task)
    end, task)
  end
  local failed = fault.kind == "background_failure" or fault.kind == "terminal"
  sb:later(start + seconds, function()
    finish(sb, task, failed and "FAILED" or "COMPLETE", failed and (fault.message or CAUSE) or nil)
  end, task)
end

function rds.StartExportTask(sb, params, fault)
  local name = names.check(params.ExportTaskIdentifier, "ExportTaskIdentifier", 60)
  resources.require_free(sb, KIND, name)
  check(sb, params)
  local source = source_of(sb, params.SourceArn)
  check_parts(params, source)
  require_idle(sb, params.SourceArn)
  local task = resources.create(sb, KIND, name, "STARTING", {
    SourceArn = params.SourceArn, SourceType = source.type, SnapshotTime = source.time, S3Bucket = params.S3BucketName,
    S3Prefix = params.S3Prefix or "", IamRoleArn = params.IamRoleArn, KmsKeyId = params.KmsKeyId,
    ExportOnly = params.ExportOnly, PercentProgress = 0, TotalExtractedDataInGB = 0,
  })
  task.data_version = source.data_version
  resources.commit(sb, task)
  plan(sb, task, fault)
  return view(sb, task)
end

function rds.CancelExportTask(sb, params, fault)
  local task = resources.find(sb, KIND, params.ExportTaskIdentifier)
  resources.require_ready(sb, task)
  resources.begin(task)
  resources.become(sb, task, "CANCELING")
  if fault.kind ~= "stuck" then
    sb:later(sb:draw "export_cancel_s", function() finish(sb, task, "CANCELED") end, task)
  end
  return view(sb, task)
end

local FILTERS = {
  ["export-task-identifier"] = "ExportTaskIdentifier", ["s3-bucket"] = "S3Bucket", ["source-arn"] = "SourceArn",
  ["status"] = "Status",
}

function rds.DescribeExportTasks(sb, params)
  local wanted = params.ExportTaskIdentifier
  local found = {}
  for _, shown in ipairs(describe.look(sb, sb.exports)) do
    local matches = (not wanted or shown.ExportTaskIdentifier == wanted:lower())
      and (not params.SourceArn or shown.SourceArn == params.SourceArn)
      and (not params.SourceType or shown.SourceType == params.SourceType)
    if matches and filters.accept(params, FILTERS, shown) then
      found[#found + 1] = { key = shown.ExportTaskIdentifier, value = shown }
    end
  end
  if wanted and #found == 0 then errors.refuse("ExportTaskNotFound", KIND.words.absent:format(wanted)) end
  return paging.page(sb, found, params, "ExportTasks")
end

--- The export task of that name, as it really is.
---@param sb table
---@param name string
---@return table|nil truth
function exports.truth(sb, name)
  local task = sb.export_names[name:lower()]
  local shown = task and view(sb, task)
  if shown then shown.data_version = task.data_version end
  return shown
end

return exports
