--- Activity streams, of instances and of clusters: off after a restore, as they belong to the old one.

local clusters = require "trapheus.sandbox.clusters"
local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"
local resources = require "trapheus.sandbox.resources"

local streams = { operations = { rds = {} } }
local rds = streams.operations.rds

local INSTANCE = {
  find = instances.find, engines = { "^oracle", "^sqlserver" }, modes = { async = true },
  started = { ActivityStreamStatus = "started", ActivityStreamPolicyStatus = "locked" },
  fields = { "ActivityStreamKmsKeyId", "ActivityStreamMode", "ActivityStreamKinesisStreamName",
    "ActivityStreamEngineNativeAuditFieldsIncluded", "ActivityStreamPolicyStatus" },
}

local CLUSTER = {
  find = clusters.find, engines = { "^aurora" }, modes = { sync = true, async = true },
  started = { ActivityStreamStatus = "started" },
  fields = { "ActivityStreamKmsKeyId", "ActivityStreamMode", "ActivityStreamKinesisStreamName" },
}

local function supported(kind, engine)
  for _, pattern in ipairs(kind.engines) do
    if engine:find(pattern) then return true end
  end
end

local function find(sb, arn)
  local kind = tostring(arn):find ":cluster:" and CLUSTER or INSTANCE
  local resource = kind.find(sb, arn)
  if not supported(kind, resource.fields.Engine) then
    errors.refuse("InvalidParameterCombination", ("Activity streams are not supported for the engine %s."):format(
      resource.fields.Engine))
  end
  resources.require_ready(sb, resource)
  return resource, kind
end

local function require_status(resource, status, message)
  if (resource.fields.ActivityStreamStatus or "stopped") ~= status then
    errors.refuse(resource.kind.codes.state, message)
  end
end

local function become(sb, resource, fields)
  for field, value in pairs(fields) do resource.fields[field] = value end
  resources.touch(sb, resource)
end

local function later(sb, resource, fields)
  sb:later(sb:draw "stream_s", function() become(sb, resource, fields) end)
end

function rds.StartActivityStream(sb, params)
  local resource, kind = find(sb, params.ResourceArn)
  require_status(resource, "stopped", "An activity stream is started already.")
  if not kind.modes[params.Mode] then
    errors.refuse("InvalidParameterValue", ("An activity stream of this database cannot be %s."):format(params.Mode))
  end
  local stream = "aws-rds-das-" .. resource.rid:lower()
  become(sb, resource, {
    ActivityStreamStatus = "starting", ActivityStreamKmsKeyId = params.KmsKeyId, ActivityStreamMode = params.Mode,
    ActivityStreamKinesisStreamName = stream,
  })
  if kind == INSTANCE then
    resource.fields.ActivityStreamEngineNativeAuditFieldsIncluded = params.EngineNativeAuditFieldsIncluded or false
    resources.touch(sb, resource)
  end
  later(sb, resource, kind.started)
  return { KmsKeyId = params.KmsKeyId, KinesisStreamName = stream, Status = "starting", Mode = params.Mode,
    ApplyImmediately = params.ApplyImmediately }
end

function rds.StopActivityStream(sb, params)
  local resource, kind = find(sb, params.ResourceArn)
  require_status(resource, "started", "No activity stream is started.")
  local fields = resource.fields
  local reply = { KmsKeyId = fields.ActivityStreamKmsKeyId, KinesisStreamName = fields.ActivityStreamKinesisStreamName,
    Status = "stopping" }
  become(sb, resource, { ActivityStreamStatus = "stopping" })
  sb:later(sb:draw "stream_s", function()
    for _, field in ipairs(kind.fields) do fields[field] = nil end
    become(sb, resource, { ActivityStreamStatus = "stopped" })
  end)
  return reply
end

local ON_THE_WAY = { locked = "locking-policy", unlocked = "unlocking-policy" }

function rds.ModifyActivityStream(sb, params)
  local instance, kind = find(sb, params.ResourceArn)
  local under_way = ON_THE_WAY[params.AuditPolicyState]
  if not under_way or kind == CLUSTER then
    errors.refuse("InvalidParameterValue", "AuditPolicyState is locked or unlocked, of a DB instance.")
  end
  require_status(instance, "started", "No activity stream is started.")
  become(sb, instance, { ActivityStreamPolicyStatus = under_way })
  later(sb, instance, { ActivityStreamPolicyStatus = params.AuditPolicyState })
  return { Status = "started", PolicyStatus = under_way }
end

return streams
