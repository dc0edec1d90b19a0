--- Every operation that the sandbox serves answers as the service model says, and every error has its status.
local calls = require "trapheus.sandbox.calls"
local cluster_world = require "cluster_world"
local errors = require "trapheus.sandbox.errors"
local honest = require "honest"
local model = require "trapheus.aws.model"
local sorted = require "trapheus.sorted"

local tests = {}

-- Each reply in these is held against the model: see tests/support/honest.lua.
local WALKS = { "model", "cluster_model", "around", "exports", "cluster_parts", "cluster_life", "create" }

-- What is in none of them.
local function walk_the_rest()
  local sb, pass = cluster_world.new()
  local arn = sb:add_instance({ DBInstanceIdentifier = "mydb" }).DBInstanceArn
  sb:add_event_subscription { CustSubscriptionId = "alarm", SnsTopicArn = "arn:aws:sns:us-east-1:123456789012:t",
    SourceType = "db-instance", SourceIdsList = {}, EventCategoriesList = {}, Enabled = true }
  cluster_world.call(sb, "AddSourceIdentifierToSubscription",
    { SubscriptionName = "alarm", SourceIdentifier = "mydb" })
  assert(sb:call("rds", "StartDBInstanceAutomatedBackupsReplication", { SourceDBInstanceArn = arn }, "eu-west-1"))
  cluster_world.call(sb, "StopDBInstance", { DBInstanceIdentifier = "mydb" })
  pass(100)
  cluster_world.call(sb, "StartDBInstance", { DBInstanceIdentifier = "mydb" })
  sb.names.mydb.fields.Engine = "sqlserver-ee"
  pass(100)
  cluster_world.call(sb, "StartActivityStream", { ResourceArn = arn, Mode = "async", KmsKeyId = "k" })
  pass(100)
  cluster_world.call(sb, "ModifyActivityStream", { ResourceArn = arn, AuditPolicyState = "locked" })
end

function tests.every_operation_is_held_against_the_model()
  for _, name in ipairs(WALKS) do
    local walk = assert(loadfile("tests/lua/test_sandbox_" .. name .. ".lua", "t"))()
    for _, step in ipairs(sorted.keys(walk)) do walk[step]() end
  end
  walk_the_rest()
  local missing = {}
  for _, operation in ipairs(sorted.keys(model.load("rds").operations)) do
    if calls.serves("rds", operation) and not honest.checked["rds " .. operation] then
      missing[#missing + 1] = operation
    end
  end
  if missing[1] then error("no reply was looked at of " .. table.concat(missing, ", ")) end
end

function tests.every_error_has_the_status_that_aws_documents()
  local count = 0
  for line in io.lines "tests/data/retention/errors.tsv" do
    local code, status = line:match "^(%w+)\t(%d+)$"
    if code then
      local given = errors.new(code, "").status
      if given ~= tonumber(status) then error(("%s: %d, not %s"):format(code, given, status)) end
      count = count + 1
    end
  end
  assert(count > 140, count)
end

return tests
