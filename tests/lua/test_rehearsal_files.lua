--- Files that a rehearsal begins with, of scenarios and of described databases: a mistake is named by its place.
local described = require "trapheus.sandbox.described"
local json = require "trapheus.json"
local report = require "trapheus.report"
local rules = require "trapheus.sandbox.scenario_rules"
local scenario = require "trapheus.sandbox.scenario"
local usage = require "trapheus.usage"

local tests = {}

local function with_file(text, ending, f)
  local base = os.tmpname()
  local name = base .. ending
  local handle <close> = assert(io.open(name, "w"))
  handle:write(text)
  handle:close()
  local ok, result = pcall(f, name)
  os.remove(base)
  os.remove(name)
  return ok, result, name
end

local function refused(text, ending, f, part)
  local ok, err, name = with_file(text, ending, f)
  assert(not ok, "it was taken")
  assert(usage.is(err), "no usage error: " .. tostring(err))
  err = tostring(err)
  assert(err:find(name, 1, true) or err:find(name:match "[^/]+$", 1, true), "the file is not named: " .. err)
  assert(err:find(part, 1, true), err)
end

-- Scenarios ------------------------------------------------------------------------------------

local HEAD = 'title = "t", expected = "restored", '

-- What the table has beside a title and an expectation, and a part of what is answered.
local WRONG = {
  { 'titel = "x"', "titel: there is no such key; did you mean title?" },
  { "shows = 1", "shows: a text is expected, not 1" },
  { 'task = "db_restor"', 'task: "db_restor" is not known; did you mean db_restore?' },
  { 'task = "create_snapshot_only"', "expected: the task create_snapshot_only never ends as restored" },
  { 'preset = "quik"', "did you mean quick?" },
  { "seed = 1.5", "seed: a whole number is expected" },
  { "knobs = { renme_s = 1 }", "knobs.renme_s: there is no such key; did you mean rename_s?" },
  { 'knobs = { rename_s = "60" }', "knobs.rename_s: a number, or { LOW, HIGH }" },
  { "knobs = { rename_s = { 60, 20 } }", "knobs.rename_s: 60 is more than 20" },
  { "knobs = { rename_s = -1 }", "knobs.rename_s: a number" },
  { 'clusters = { { Engine = "postgres", members = 2 } }', "clusters[1].members: a Multi-AZ DB cluster has 3 of them" },
  { 'instances = { { DBClusterIdentifier = "orders" } }',
    "instances[1].DBClusterIdentifier: a member is given with its cluster" },
  { "knobs = { rename_event = 2 }", "knobs.rename_event: 0 or 1 is expected, not 2" },
  { "knobs = { rename_event = { 0, 1 } }", "knobs.rename_event: one number is expected" },
  { "knobs = { snapshot_quota = { 1, 2 } }", "knobs.snapshot_quota: one number is expected" },
  { "knobs = { rename_fails_percent = 101 }", "knobs.rename_fails_percent: at most 100 is expected, not 101" },
  { "instances = { DBInstanceIdentifier = 'a' }", "instances.DBInstanceIdentifier: a list is expected here" },
  { "instances = { { AllocatedStorge = 20 } }",
    "instances[1].AllocatedStorge: RDS has no such member; did you mean AllocatedStorage?" },
  { "instances = { { AllocatedStorage = '20GB' } }",
    'instances[1].AllocatedStorage: a number is expected, not "20GB"' },
  { "instances = { { MultiAZ = 'yes' } }", 'instances[1].MultiAZ: true or false is expected, not "yes"' },
  { "instances = { { TagList = { { Key = 'a', Valu = 'b' } } } }", "instances[1].TagList[1].Valu: RDS has no such" },
  { "instances = { { TagList = { Key = 'a' } } }", "instances[1].TagList: a list is expected" },
  { "instances = { { DBInstanceStatus = 'availabel' } }", '"availabel" is no status of RDS; did you mean available?' },
  { "instances = { { Engine = 'oracle-se2' } }", "instances[1].Engine: the sandbox makes up no" },
  { "instances = { {}, {} }", "instances[2]: DBInstanceIdentifier is missing" },
  { "instances = { {}, { DBInstanceIdentifier = 'MyDB' } }", "instances[2]: there are two instances mydb" },
  { "snapshots = { { DBSnapshotIdentifier = 's' } }", "snapshots[1]: DBInstanceIdentifier is missing" },
  { "snapshots = { { DBSnapshotIdentifier = 's', DBInstanceIdentifier = 'mydc' } }",
    'no such database is there: "mydc"; did you mean mydb?' },
  { "snapshots = { { DBSnapshotIdentifier = 's', DBInstanceIdentifier = 'mydb', Status = 'ready' } }",
    'snapshots[1].Status: "ready" is no status of RDS' },
  { "clusters = { { members = 17 } }", "clusters[1].members: a number up to 16" },
  { "clusters = { { members = { {} } } }", "clusters[1].members[1]: DBInstanceIdentifier is missing" },
  { "clusters = { { members = { { DBInstanceIdentifier = 'a', IsClusterWriter = 1 } } } }",
    "IsClusterWriter: true or" },
  { "clusters = { { Engine = 'aurora' } }", 'clusters[1].Engine: the sandbox makes up no "aurora"' },
  { "clusters = { { Status = 'failing_over' } }", "did you mean failing-over?" },
  { "clusters = { {}, { DBClusterIdentifier = 'mydb' } }", "clusters[2]: there are two clusters mydb" },
  { "clusters = { {} }, cluster_snapshots = { { DBClusterSnapshotIdentifier = 's', DBClusterIdentifier = 'mydc' } }",
    'no such database is there: "mydc"; did you mean mydb?' },
  { "actions = { { at_s = 1, status = 'renaming', cluster = 'a', instance = 'a' } }", "either instance or cluster" },
  { "actions = { { at_s = 1, status = 'storage-full', cluster = 'a' } }", 'status: "storage-full" is no status' },
  { "faults = { { operation = 'ModifyDBInstance', occurrence = 1, kind = 'losst' } }", "faults: fault 1" },
  { "faults = { 'ModifyDBInstanc:1:lost' }", "did you mean ModifyDBInstance?" },
  { "faults = { 'RestoreDBInstanceFromDBSnapshot:1:terminal:faild' }", 'faults[1].status: "faild" is no status' },
  { "faults = 'x'", "faults: a list" },
  { "actions = { { operation = 'DeleteDBInstance' } }", "actions[1]: either at_s or after is expected" },
  { "actions = { { at_s = 1, after = 'DeleteDBInstance', status = 'failed' } }", "either at_s or after" },
  { "actions = { { at_s = 1 } }", "actions[1]: either operation or status is expected" },
  { "actions = { { at_s = 1, nth = 2, operation = 'DeleteDBInstance' } }", "actions[1].nth: this needs after" },
  { "actions = { { at_s = 1, status = 'failed' } }", "actions[1]: either instance or cluster" },
  { "actions = { { at_s = -1, status = 'failed', instance = 'x' } }", "actions[1].at_s: a number of seconds" },
  { "actions = { { at_s = 1, operation = 'DeletDBInstance' } }", "did you mean DeleteDBInstance?" },
  { "actions = { { at_s = 1, operation = 'DeleteDBInstance', parameters = { SkipFinalSnapshots = true } } }",
    "actions[1].parameters.SkipFinalSnapshots: RDS has no such member; did you mean SkipFinalSnapshot?" },
}

for i, row in ipairs(WRONG) do
  tests[("scenario %02d: %s"):format(i, row[1]:sub(1, 60))] = function()
    refused(("return { %s%s }"):format(HEAD, row[1]), ".lua", scenario.load, row[2])
  end
end

-- Whole files.
local NO_SCENARIO = {
  { "return { title = 't' }", "expected is missing" },
  { "return { expected = 'restored' }", "title is missing" },
  { "return { title = 'a\\nb', expected = 'restored' }", "title: a line" },
  { "return { title = 't', expected = 'restord' }", "did you mean restored?" },
  { "return 7", "a scenario is a table" },
  { "title = 't'", "a scenario is a table" },
  { "return {", "expected" },
  { "return { title = os.time() }", "os" },
  { "return { title = io.open('/etc/passwd') }", "io" },
  { "return { title = require 'trapheus.core' }", "require" },
  { "while true do end", "computes for too long" },
  { "local t = {} t[1] = t return t", "nested too deeply" },
  { "return { [true] = 1, title = 't', expected = 'restored' }", "names are expected" },
  { "\27LuaT", "binary" },
}

for i, row in ipairs(NO_SCENARIO) do
  tests[("no scenario %02d: %s"):format(i, row[1]:gsub("%c", "?"):sub(1, 60))] = function()
    refused(row[1], ".lua", scenario.load, row[2])
  end
end

function tests.a_scenario_that_is_not_there_is_named_with_the_nearest()
  local ok, err = pcall(scenario.load, "slow-renmae")
  assert(not ok and usage.is(err) and tostring(err):find("did you mean slow-rename?", 1, true), tostring(err))
  ok, err = pcall(scenario.load, "./no/such.lua")
  assert(not ok and usage.is(err) and tostring(err):find("no/such.lua", 1, true), tostring(err))
end

function tests.the_identifier_takes_the_place_of_its_sign_everywhere()
  local read = scenario.load("name-taken", "orders")
  assert(read.actions[1].parameters.DBInstanceIdentifier == "orders")
  assert(scenario.load("leftover-temp", "orders").instances[2].DBInstanceIdentifier == "orders-temp")
end

function tests.a_scenario_may_expect_every_outcome_of_a_run_that_has_ended()
  local known = { planned = true, interrupted = true, partial = true }
  for _, outcome in ipairs(rules.OUTCOMES) do known[outcome] = true end
  for outcome in pairs(report.EXIT) do assert(known[outcome], outcome) end
  for _, outcome in ipairs(rules.OUTCOMES) do assert(report.EXIT[outcome], outcome) end
end

-- Described databases --------------------------------------------------------------------------

-- A document with one instance, as AWS prints it, changed.
local function document(change)
  local fields = { DBInstanceIdentifier = "mydb", DBInstanceStatus = "available", DBInstanceClass = "db.m5.large",
    Engine = "oracle-ee", EngineVersion = "19.0.0.0", AllocatedStorage = 100, MultiAZ = false,
    InstanceCreateTime = "2024-05-06T07:08:09.123000+00:00", DBInstanceArn = "arn:aws:rds:eu-west-1:1234:db:mydb" }
  local list = json.list { fields }
  change(fields, list)
  return json.encode { DBInstances = list }
end

local function read(name) return described.read { name } end

local CHANGES = {
  { function(fields) fields.AllocatedStorage = "20GB" end,
    'DBInstances[0].AllocatedStorage: a number is expected, not "20GB"' },
  { function(fields) fields.AllocatedStorge = 20 end,
    "DBInstances[0].AllocatedStorge: RDS has no such member; did you mean AllocatedStorage?" },
  { function(fields) fields.InstanceCreateTime = "yesterday" end, "DBInstances[0].InstanceCreateTime: a time as" },
  { function(fields) fields.Engine = nil end, "DBInstances[0]: Engine is missing" },
  { function(fields) fields.DBInstanceStatus = "avilable" end, "did you mean available?" },
  { function(fields) fields.VpcSecurityGroups = { a = 1 } end, "DBInstances[0].VpcSecurityGroups: a list is expected" },
  { function(fields) fields.Endpoint = "x" end, "DBInstances[0].Endpoint: a table is expected" },
  { function(fields) fields.DBInstanceArn = "mydb" end, "DBInstances[0].DBInstanceArn: an ARN is expected" },
  { function(fields, list) list[2] = fields end, "DBInstances[1]: mydb is described twice" },
  { function(fields, list)
    list[2] = json.decode(json.encode(fields))
    list[2].DBInstanceIdentifier, list[2].DBInstanceArn = "other", "arn:aws:rds:us-east-1:1234:db:other"
  end, "DBInstances[1].DBInstanceArn: this is in us-east-1" },
  { function(_, list) list[1] = 7 end, "DBInstances[0]: a table is expected, not 7" },
}

for i, row in ipairs(CHANGES) do
  tests[("described %02d: %s"):format(i, row[2]:sub(1, 60))] = function()
    refused(document(row[1]), ".json", read, row[2])
  end
end

local NO_DOCUMENT = {
  { "", "it is not JSON" }, { "DBINSTANCES\tmydb", "it is not JSON" }, { "[]", "an object with DBInstances" },
  { "{}", "an object with DBInstances" }, { '{"DBInstances":7}', "DBInstances: a list is expected" },
  { '{"DBInstance":[]}', "DBInstance: this is no list of databases; did you mean DBInstances?" },
  { '{"DBInstances":[]}', "describes no database" },
}

for i, row in ipairs(NO_DOCUMENT) do
  tests[("no document %02d: %s"):format(i, row[1])] = function() refused(row[1], ".json", read, row[2]) end
end

function tests.what_is_described_is_kept_whatever_the_engine()
  local ok, result = with_file(document(function() end), ".json", read)
  assert(ok, tostring(result))
  assert(result.region == "eu-west-1" and result.account == "1234")
  assert(result.DBInstances[1].Engine == "oracle-ee" and result.DBInstances[1].InstanceCreateTime == 1714979289.123)
  ok, result = pcall(described.require, result, "mydc")
  assert(not ok and tostring(result):find("did you mean mydb?", 1, true), tostring(result))
end

-- A cluster with a member, of which the parts can be left out.
local function cluster_document(lists)
  local cluster = { DBClusterIdentifier = "shop", Status = "available", Engine = "aurora-mysql", EngineVersion = "8.0",
    DBClusterMembers = json.list { { DBInstanceIdentifier = "shop-1" } } }
  local member = { DBInstanceIdentifier = "shop-1", DBInstanceStatus = "available", DBInstanceClass = "db.r6g.large",
    Engine = "aurora-mysql", EngineVersion = "8.0", AllocatedStorage = 1, DBClusterIdentifier = "shop" }
  local whole, part = { DBClusters = json.list { cluster }, DBInstances = json.list { member } }, {}
  for _, name in ipairs(lists) do part[name] = whole[name] end
  return json.encode(part)
end

function tests.a_cluster_needs_its_members()
  refused(cluster_document { "DBClusters" }, ".json", read,
    "DBClusters[0].DBClusterMembers[0]: the member shop-1 is not described: give what aws rds describe-db-instances")
  assert(with_file(cluster_document { "DBClusters", "DBInstances" }, ".json", read))
end

function tests.a_cluster_that_is_known_by_a_member_only_is_asked_for()
  local ok, result = with_file(cluster_document { "DBInstances" }, ".json", read)
  assert(ok, tostring(result))
  ok, result = pcall(described.require, result, "shop")
  assert(not ok and usage.is(result) and tostring(result):find "describe%-db%-clusters", tostring(result))
end

return tests
