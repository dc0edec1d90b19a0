--- --set and --ignore-diff: names that exist, values of the model's type, and what a run makes of them.
local overrides = require "trapheus.overrides"
local json = require "trapheus.json"
local rehearse = require "rehearse"
local witness = require "witness"

local tests = {}

local function set(...)
  local list = {}
  for i, text in ipairs { ... } do
    local override, why = overrides.parse(text)
    list[i] = override or error(why, 2)
  end
  return list
end

-- What is read ----------------------------------------------------------------------------------

local function row(kind, name)
  for _, each in ipairs(require("trapheus.settings." .. kind)) do
    if each.name == name then return each end
  end
end

local VALUES = {
  { "instance", "Port", "6432", "6432" },
  { "instance", "MultiAZ", "false", "false" },
  { "instance", "DBInstanceClass", "db.r6g.large", '"db.r6g.large"' },
  { "instance", "VpcSecurityGroupIds", "sg-2,sg-1", '["sg-1","sg-2"]' },
  { "instance", "DomainDnsIps", "10.0.0.1,10.0.0.2", '["10.0.0.1","10.0.0.2"]' },
  { "instance", "EnableCloudwatchLogsExports", "postgresql", '["postgresql"]' },
  { "instance", "Tags", '[{"Key":"a","Value":"b"}]', '[{"Key":"a","Value":"b"}]' },
  { "cluster", "BacktrackWindow", "3600", "3600" },
  { "cluster", "HttpEndpoint", "true", "true" },
  { "cluster", "EnableLocalWriteForwarding", "true", "true" },
  { "cluster", "ServerlessV2ScalingConfiguration", '{"MinCapacity":0.5,"MaxCapacity":8}',
    '{"MaxCapacity":8,"MinCapacity":0.5}' },
  { "member", "PromotionTier", "3", "3" },
}

for _, case in ipairs(VALUES) do
  tests[("%s %s is read"):format(case[1], case[2])] = function()
    local value, why = overrides.value(case[1], row(case[1], case[2]), case[3])
    assert(value ~= nil, why)
    witness.equal(json.encode { value }, "[" .. case[4] .. "]")
  end
end

local MISTAKES = {
  { "DBInstanceClas=db.r6g.large", "did you mean DBInstanceClass" },
  { "Port", "Key=Value is expected" },
  { "Port=", "a whole number is expected" },
  { "Port=5432.5", "a whole number is expected" },
  { "MultiAZ=yes", "true or false is expected" },
  { "DBInstanceClass=", "a value is expected" },
  { "VpcSecurityGroupIds=,", "a list with commas is expected" },
  { "Tags={\"Key\":\"a\"}", "JSON is expected: a list of objects" },
  { "Tags=[{\"Kay\":\"a\"}]", "unknown field Kay: Key, Value are known" },
  { "KmsKeyId=x", "nothing sets it" },
  { "DbiResourceId=x", "cannot be set: the replacement is another instance" },
  { "orders-2.Port=1", "there is no setting 'Port'" },
}

for _, case in ipairs(MISTAKES) do
  tests[case[1] .. " is refused"] = function()
    local override, why = overrides.parse(case[1], case[1]:find "^KmsKeyId" and "instance" or nil)
    assert(not override, "it is taken")
    assert(why:find(case[2], 1, true), why)
  end
end

-- What becomes of it --------------------------------------------------------------------------------

function tests.a_setting_that_is_set_goes_with_the_restore_or_the_modification()
  local result = rehearse { options = { set = set("Port=6432", "BackupRetentionPeriod=3",
    "PreferredMaintenanceWindow=sat:01:00-sat:01:30", "DeletionProtection=true") } }
  witness.equal(result.outcome, "restored")
  local after = result.sandbox:instance "mydb"
  witness.equal(after.Endpoint.Port, 6432)
  witness.equal(after.BackupRetentionPeriod, 3)
  witness.equal(after.PreferredMaintenanceWindow, "sat:01:00-sat:01:30")
  witness.equal(after.DeletionProtection, true)
  witness.equal(#result.document.settings.differing, 0, "differing")
  local told = result.document.settings.set
  witness.equal(told[1].name .. " " .. told[1].value .. " " .. told[1].was, "Port 6432 5432")
end

function tests.a_plan_knows_what_is_named()
  local plan
  local result = rehearse { options = { set = set("DBParameterGroupName=tuned", "VpcSecurityGroupIds=sg-new") },
    prepare = function(sandbox)
      sandbox:learn("DBParameterGroupName", "tuned")
      sandbox:learn("VpcSecurityGroupIds", { "sg-new" })
    end,
    extend = function(pipeline)
      pipeline:after("preflight", function(run)
        plan = require("trapheus.plan").make(pipeline, run, require("trapheus.world").sandbox {
          start_ms = run.world:now_ms(), account = run.record.account })
      end)
    end }
  witness.equal(result.outcome, "restored")
  witness.equal(plan.trouble, nil)
  witness.equal(plan.overridden[1].name, "DBParameterGroupName")
end

function tests.a_rollback_gives_the_original_its_own_protection()
  local result = rehearse { options = { set = set "DeletionProtection=true" },
    faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal",
      status = "failed" } } }
  witness.equal(result.outcome, "rolled_back")
  witness.equal(result.sandbox:instance "mydb".DeletionProtection, false)
end

function tests.what_would_not_be_sent_is_refused()
  local result = rehearse { options = { set = set "AvailabilityZone=us-east-1c" } }
  witness.equal(result.outcome, "refused")
  assert(result.record.failure.message:find "AvailabilityZone: it would not be sent: .*MultiAZ",
    result.record.failure.message)
  result = rehearse { options = { set = set("AvailabilityZone=us-east-1c", "MultiAZ=false") } }
  witness.equal(result.outcome, "restored")
  witness.equal(result.sandbox:instance "mydb".AvailabilityZone, "us-east-1c")
end

function tests.a_setting_of_a_cluster_and_a_member_that_is_not_there_are_refused()
  local result = rehearse { options = { set = set("BacktrackWindow=60", "orders-2.PromotionTier=1") } }
  witness.equal(result.outcome, "refused")
  witness.equal(#witness.changes(result.sandbox), 0, "changes")
  assert(result.record.failure.message:find "no setting 'BacktrackWindow'.*no member orders%-2",
    result.record.failure.message)
end

function tests.a_setting_of_the_members_and_a_difference_that_is_nowhere_are_refused()
  local function why(options)
    local result = rehearse { cluster = {}, members = 2, options = options }
    witness.equal(result.outcome, "refused")
    witness.equal(#witness.changes(result.sandbox), 0, "changes")
    return result.record.failure.message
  end
  local message = why { set = set("DBInstanceClass=db.r6g.large", "other-1.PromotionTier=1") }
  assert(message:find("--set DBInstanceClass: it is a setting of each member: MEMBER.DBInstanceClass", 1, true)
    and message:find("--set other-1.PromotionTier: mydb has no member other-1: its members are mydb-1, mydb-2", 1,
      true), message)
  message = why { ignore_diff = { "other-1.Tags", "StorageThroughput", "Tags", "DBInstanceClass" } }
  assert(message:find("--ignore-diff other-1.Tags: mydb has no member other-1", 1, true)
    and message:find("--ignore-diff StorageThroughput: there is no setting 'StorageThroughput'", 1, true)
    and not message:find("diff Tags", 1, true) and not message:find("DBInstanceClass", 1, true), message)
end

-- Makes the replacement public after all was configured.
local function open(pipeline)
  pipeline:before("verify", function(run) witness.amend(run.world.sandbox, "mydb", { PubliclyAccessible = true }) end)
end

function tests.a_difference_of_security_turns_it_back_unless_it_is_accepted()
  witness.equal(rehearse { extend = open }.outcome, "rolled_back")
  local result = rehearse { extend = open, options = { ignore_diff = { "PubliclyAccessible" } } }
  witness.equal(result.outcome, "restored")
  local difference = result.document.settings.differing[1]
  witness.equal(difference.name, "PubliclyAccessible")
  witness.equal(difference.accepted, true)
  for _, warning in ipairs(result.record.warnings) do assert(not warning:find "PubliclyAccessible", warning) end
end

return tests
