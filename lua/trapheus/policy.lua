--- The IAM policy that a run needs: what it was seen to call, on what it was seen to call it.
local endpoints = require "trapheus.aws.endpoints"
local json = require "trapheus.json"
local marks = require "trapheus.marks"
local model = require "trapheus.aws.model"
local names = require "trapheus.names"
local sorted = require "trapheus.sorted"

local policy = {}

---@class trapheus.Permissions        What a run was seen to do; see trapheus.permissions.
---@field account string
---@field region string
---@field identifier string
---@field run_id string               Stands in names of snapshots: another run has another.
---@field used table<string, true>    "rds:DescribeDBInstances"
---@field calls { operation: string, parameters: table }[]  What it changes.
---@field original table              The instance or cluster, as Describe gives it.
---@field restores boolean
---@field subscriptions trapheus.SubscriptionFacts[]  Which may have to name the replacement.
---@field mail_from string[]          Who mail is sent from,
---@field topics string[]             and what is published to.

--- Parameters that name a resource, and the type in its ARN.
local TYPES = {
  DBInstanceIdentifier = "db", NewDBInstanceIdentifier = "db", DBClusterIdentifier = "cluster",
  NewDBClusterIdentifier = "cluster", DBClusterEndpointIdentifier = "cluster-endpoint",
  DBSnapshotIdentifier = "snapshot", FinalDBSnapshotIdentifier = "snapshot",
  DBClusterSnapshotIdentifier = "cluster-snapshot", SnapshotIdentifier = "cluster-snapshot",
  FinalDBClusterSnapshotIdentifier = "cluster-snapshot", DBSubnetGroupName = "subgrp", OptionGroupName = "og",
  DBParameterGroupName = "pg", DBInstanceParameterGroupName = "pg", DBClusterParameterGroupName = "cluster-pg",
}

--- Parameters that are an ARN.
local ARNS = { "ResourceName", "ResourceArn", "SourceDBInstanceArn", "SourceArn" }

--- Who takes a role, by the parameter that names it; any other is RDS's own.
local TAKERS = { MonitoringRoleArn = "monitoring.rds.amazonaws.com", IamRoleArn = "export.rds.amazonaws.com" }

--- What is made with tags on it.
local TAGGED = { db = true, cluster = true, snapshot = true, ["cluster-snapshot"] = true }

--- What RDS asks of others in the caller's name.
local EC2 = { "ec2:DescribeAvailabilityZones", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs" }
local KMS = { "kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*" }
local MANAGED_PASSWORD = { "secretsmanager:CreateSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource" }

--- What a run may have to do although the rehearsal had no need to: by the type of what it is done to.
local TAGS = { "AddTagsToResource", "RemoveTagsFromResource" }
local PERHAPS = { DBInstanceIdentifier = { "RebootDBInstance", "ModifyDBInstance", table.unpack(TAGS) },
  DBClusterIdentifier = { "RebootDBCluster", "ModifyDBCluster", table.unpack(TAGS) } }
PERHAPS.NewDBInstanceIdentifier, PERHAPS.NewDBClusterIdentifier = TAGS, TAGS

--- For each action the resources that it is needed on.
local function add(needs, action, resource)
  needs[action] = needs[action] or {}
  needs[action][resource] = true
end

local function arn(about, service, rest)
  local partition = endpoints.partition(about.region).name
  return ("arn:%s:%s:%s:%s:%s"):format(partition, service, about.region, about.account, rest)
end

--- A name that this run has made of its id is another one in the next run.
local function of_any_run(about, text)
  local from, to = text:find(about.run_id, 1, true)
  return from and text:sub(1, from - 1) .. "*" .. text:sub(to + 1) or text
end

local function resource_arn(about, kind, name)
  return of_any_run(about, name:find "^arn:" and name or arn(about, "rds", kind .. ":" .. name:lower()))
end

--- The resources that a call names, by their parameters.
local function resources_of(about, parameters)
  local found = {}
  for field, kind in pairs(TYPES) do
    if type(parameters[field]) == "string" then found[field] = resource_arn(about, kind, parameters[field]) end
  end
  for _, field in ipairs(ARNS) do
    if parameters[field] then found[field] = of_any_run(about, parameters[field]) end
  end
  return found
end

--- Roles that RDS is to take, and who takes each.
local function add_roles(needs, parameters)
  for field, value in pairs(parameters) do
    if type(field) == "string" and field:find "RoleArn$" and type(value) == "string" then
      add(needs, "iam:PassRole " .. (TAKERS[field] or "rds.amazonaws.com"), value)
    end
  end
end

--- Snapshots that are made, and deleted again, only where another has failed or is replaced.
local SPARE = { CreateDBSnapshot = { "snapshot", "DeleteDBSnapshot" },
  CreateDBClusterSnapshot = { "cluster-snapshot", "DeleteDBClusterSnapshot" } }

--- The export that it asks for.
local function export_of(about)
  for _, call in ipairs(about.calls) do
    if call.operation == "StartExportTask" then return call.parameters end
  end
end

--- The one that is made now is the one that the next run replaces, and looks at before it does.
local function add_spare(about, needs, call)
  local spare = SPARE[call.operation]
  if not spare then return end
  about.used["rds:DescribeExportTasks"] = true
  local made = call.parameters.DBSnapshotIdentifier or call.parameters.DBClusterSnapshotIdentifier
  for _, name in ipairs { made, names.again(about.identifier, "*"), names.interim(about.identifier, "*") } do
    local resource = resource_arn(about, spare[1], name)
    add(needs, "rds:" .. call.operation, resource)
    add(needs, "rds:" .. spare[2], resource)
    if export_of(about) then add(needs, "rds:StartExportTask", resource) end
  end
end

--- The last snapshot of a cluster is named by the same parameter as that of an instance.
local function plain(operation, parameters)
  if not operation:find "DBCluster" or not parameters.FinalDBSnapshotIdentifier then return parameters end
  local copy = {}
  for field, value in pairs(parameters) do copy[field] = value end
  copy.FinalDBSnapshotIdentifier, copy.FinalDBClusterSnapshotIdentifier = nil, parameters.FinalDBSnapshotIdentifier
  return copy
end

--- What IAM asks about although the call names none: groups that RDS takes by itself, a last snapshot there may be.
local UNNAMED = {
  RestoreDBInstanceFromDBSnapshot = { og = "default:*", pg = "default.*", subgrp = "default" },
  RestoreDBClusterFromSnapshot = { og = "default:*", ["cluster-pg"] = "default.*", subgrp = "default" },
  DeleteDBCluster = { ["cluster-snapshot"] = names.final("%s", "*") },
}

local function add_unnamed(about, needs, operation, resources)
  local named = {}
  for field in pairs(resources) do named[TYPES[field] or field] = true end
  for kind, name in pairs(UNNAMED[operation] or {}) do
    if not named[kind] then
      add(needs, "rds:" .. operation, resource_arn(about, kind, name:format(about.identifier)))
    end
  end
end

local function add_call(about, needs, call)
  local parameters = plain(call.operation, call.parameters or {})
  local resources = resources_of(about, parameters)
  add_spare(about, needs, call)
  for field, resource in pairs(resources) do
    add(needs, "rds:" .. call.operation, resource)
    for _, operation in ipairs(about.restores and PERHAPS[field] or {}) do add(needs, "rds:" .. operation, resource) end
    if parameters.Tags and TAGGED[TYPES[field]] then add(needs, "rds:AddTagsToResource", resource) end
  end
  add_unnamed(about, needs, call.operation, resources)
  add_roles(needs, parameters)
  if parameters.ManageMasterUserPassword then
    for _, action in ipairs(MANAGED_PASSWORD) do add(needs, action, arn(about, "secretsmanager", "secret:rds!*")) end
  end
end

--- Statements of one effect, one for each set of resources.
local function group(needs)
  local statements, by_resources = {}, {}
  for _, action in ipairs(sorted.keys(needs)) do
    local resources = sorted.keys(needs[action])
    local key = table.concat(resources, " ")
    if not by_resources[key] then
      by_resources[key] = { Sid = "Change" .. #statements + 1, Effect = "Allow", Action = json.list {},
        Resource = json.list(resources) }
      statements[#statements + 1] = by_resources[key]
    end
    table.insert(by_resources[key].Action, action)
  end
  return statements
end

local function statement(sid, actions, resources, condition)
  return { Sid = sid, Effect = "Allow", Action = json.list(actions), Resource = resources, Condition = condition }
end

local function reads(about)
  local actions = { table.unpack(about.restores and EC2 or {}) }
  for action in pairs(about.used) do
    local service, operation = action:match "^([^:]+):(.*)$"
    if model.is_read_only(operation) and service ~= "ses" then actions[#actions + 1] = action end
  end
  table.sort(actions)
  return statement("Look", actions, "*")
end

--- Roles stand apart: each may only be given to the service that takes it.
local function take_roles(needs)
  local statements = {}
  for _, key in ipairs(sorted.keys(needs)) do
    local taker = key:match "^iam:PassRole (.*)$"
    if taker then
      statements[#statements + 1] = statement("Role" .. #statements + 1, { "iam:PassRole" },
        json.list(sorted.keys(needs[key])), { StringEquals = { ["iam:PassedToService"] = taker } })
      needs[key] = nil
    end
  end
  return statements
end

--- A second fence: nothing is deleted but what was moved aside, and what a run has made.
local function guard(about)
  return {
    Sid = "Guard", Effect = "Deny", Action = json.list { "rds:DeleteDBCluster", "rds:DeleteDBInstance" },
    NotResource = json.list { arn(about, "rds", "cluster:" .. names.aside "*"),
      arn(about, "rds", "db:" .. names.aside "*") },
    Condition = { Null = { ["aws:ResourceTag/" .. marks.RUN] = "true" } },
  }
end

local function keys(about)
  local list = {}
  for _, field in ipairs { "KmsKeyId", "PerformanceInsightsKMSKeyId" } do
    if about.original[field] then list[#list + 1] = about.original[field] end
  end
  local secret = about.original.MasterUserSecret
  if secret and secret.KmsKeyId then list[#list + 1] = secret.KmsKeyId end
  return list
end

--- A key by its ARN; one that is known by an alias is found by that, as policies of identities take no ARN of an alias.
local function export_key(about, key)
  local actions = { "kms:CreateGrant", "kms:DescribeKey" }
  local alias = key:match "alias/.+$"
  if not alias then
    return statement("ExportKey", actions, json.list { key:find "^arn:" and key or arn(about, "kms", "key/" .. key) })
  end
  return statement("ExportKey", actions, json.list { arn(about, "kms", "key/*") },
    { ["ForAnyValue:StringEquals"] = { ["kms:ResourceAliases"] = alias } })
end

local function one_or_list(list) return list[2] and json.list(list) or list[1] end

-- What it takes to tell people.
local function tell(about)
  local statements = {}
  if about.mail_from[1] then
    statements[1] = statement("Mail", { "ses:SendEmail" }, "*",
      { StringEquals = { ["ses:FromAddress"] = one_or_list(about.mail_from) } })
  end
  if about.topics[1] then
    statements[#statements + 1] = statement("Topics", { "sns:Publish" }, json.list(about.topics))
  end
  return statements
end

--- The policy as IAM takes it.
---@param about trapheus.Permissions
---@return table document
function policy.build(about)
  local needs = {}
  for _, call in ipairs(about.calls) do add_call(about, needs, call) end
  for _, known in ipairs(about.subscriptions) do
    add(needs, "rds:AddSourceIdentifierToSubscription", resource_arn(about, "es", known.name))
  end
  local statements = take_roles(needs)
  table.insert(statements, 1, reads(about))
  for _, made in ipairs(group(needs)) do statements[#statements + 1] = made end
  local key_arns = keys(about)
  if #key_arns > 0 then
    local via = ("rds.%s.%s"):format(about.region, endpoints.partition(about.region).dnsSuffix)
    statements[#statements + 1] = statement("Keys", KMS, json.list(key_arns),
      { StringEquals = { ["kms:ViaService"] = via } })
  end
  local export = export_of(about)
  if export then statements[#statements + 1] = export_key(about, export.KmsKeyId) end
  for _, told in ipairs(tell(about)) do statements[#statements + 1] = told end
  if needs["rds:DeleteDBInstance"] or needs["rds:DeleteDBCluster"] then
    statements[#statements + 1] = guard(about)
  end
  return { Version = "2012-10-17", Statement = json.list(statements) }
end

return policy
