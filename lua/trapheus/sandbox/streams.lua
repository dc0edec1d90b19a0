--- Activity streams of instances: off after a restore, as they belong to the old one.

local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"

local streams = { operations = { rds = {} } }
local rds = streams.operations.rds

local function find(sb, params)
  local instance = instances.find(sb, params.ResourceArn)
  if not instance.fields.Engine:find "^oracle" and not instance.fields.Engine:find "^sqlserver" then
    errors.refuse("InvalidParameterCombination", ("Activity streams are not supported for the engine %s."):format(
      instance.fields.Engine))
  end
  instances.require_ready(sb, instance)
  return instance
end

local function become(sb, instance, fields)
  for field, value in pairs(fields) do instance.fields[field] = value end
  instances.commit(sb, instance, instance.hidden and {} or nil)
end

local function later(sb, instance, fields)
  sb:later(sb:draw "stream_s", function()
    if not instance.gone then become(sb, instance, fields) end
  end)
end

function rds.StartActivityStream(sb, params)
  local instance = find(sb, params)
  if instance.fields.ActivityStreamStatus ~= "stopped" then
    errors.refuse("InvalidDBInstanceState", "An activity stream is started already.")
  elseif params.Mode ~= "async" then
    errors.refuse("InvalidParameterValue", "Activity streams of DB instances are asynchronous.")
  end
  local stream = "aws-rds-das-" .. instance.rid:lower()
  become(sb, instance, {
    ActivityStreamStatus = "starting", ActivityStreamKmsKeyId = params.KmsKeyId, ActivityStreamMode = params.Mode,
    ActivityStreamKinesisStreamName = stream,
    ActivityStreamEngineNativeAuditFieldsIncluded = params.EngineNativeAuditFieldsIncluded or false,
  })
  later(sb, instance, { ActivityStreamStatus = "started", ActivityStreamPolicyStatus = "locked" })
  return { KmsKeyId = params.KmsKeyId, KinesisStreamName = stream, Status = "starting", Mode = params.Mode,
    ApplyImmediately = params.ApplyImmediately }
end

local ON_THE_WAY = { locked = "locking-policy", unlocked = "unlocking-policy" }

function rds.ModifyActivityStream(sb, params)
  local instance = find(sb, params)
  local under_way = ON_THE_WAY[params.AuditPolicyState]
  if not under_way then
    errors.refuse("InvalidParameterValue", "AuditPolicyState is locked or unlocked.")
  elseif instance.fields.ActivityStreamStatus ~= "started" then
    errors.refuse("InvalidDBInstanceState", "No activity stream is started.")
  end
  become(sb, instance, { ActivityStreamPolicyStatus = under_way })
  later(sb, instance, { ActivityStreamPolicyStatus = params.AuditPolicyState })
  return { Status = "started", PolicyStatus = under_way }
end

return streams
