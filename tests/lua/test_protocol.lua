--- AWS's query protocol against botocore's own protocol cases, recorded replies of RDS, and what boto3 sends.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local protocol = require "trapheus.aws.protocol"
local query = require "trapheus.aws.query"
local timestamp = require "trapheus.aws.timestamp"
local assert_same = require "same_json"

local DATA = "tests/data/"
local tests = {}

local function read(path)
  local file <close> = assert(io.open(DATA .. path, "rb"))
  return file:read "a"
end

local function sorted_pairs(body)
  local list = {}
  for i, pair in ipairs(assert(core.form.decode(body))) do list[i] = pair[1] .. "=" .. pair[2] end
  table.sort(list)
  return json.list(list)
end

local function assert_same_pairs(body, expected, what)
  assert_same(sorted_pairs(body), sorted_pairs(expected), what)
end

-- botocore's cases. Of those that botocore itself skips, only the two of PutWithContentEncoding are not compared here:
-- they are about compressing a body, and give none to compare with.

local function service_of(suite, case)
  return { metadata = suite.metadata, shapes = suite.shapes, operations = { [case.given.name] = case.given } }
end

local function each_case(file, check)
  local count = 0
  for _, suite in ipairs(json.decode(read(file))) do
    for _, case in ipairs(suite.cases) do
      check(service_of(suite, case), case)
      count = count + 1
    end
  end
  return count
end

local function zeros(count) return ("\0"):rep(count) end

function tests.botocore_input_cases()
  local compared = 0
  local count = each_case("protocols/input/query.json", function(service, case)
    local body = protocol.encode(service, case.given.name, case.params, { random_bytes = zeros })
    assert(query.fits(service, case.given.name, case.params), case.id)
    if not case.serialized.body then return end
    assert_same_pairs(body, case.serialized.body, case.id)
    compared = compared + 1
  end)
  assert(count == 38 and compared == 36, compared)
end

function tests.botocore_host_prefixes()
  local seen = 0
  each_case("protocols/input/query.json", function(service, case)
    if not case.given.endpoint then return end
    local prefix = model.host_prefix(service.operations[case.given.name], case.params)
    assert(prefix .. "example.com" == case.serialized.host, case.id)
    seen = seen + 1
  end)
  assert(seen == 2)
end

local function check_error(service, case)
  local ok, err = pcall(protocol.decode, service, case.given.name, case.response.body)
  assert(not ok and errors.is(err, case.errorCode), case.id)
  assert(err.message == (case.errorMessage or err.code) and err.request_id == "foo-id", case.id)
  assert_same(err.details, case.error, case.id)
end

function tests.botocore_output_cases()
  local count = each_case("protocols/output/query.json", function(service, case)
    if case.errorCode then return check_error(service, case) end
    local body = case.response.body
    assert_same(protocol.decode(service, case.given.name, body == json.null and "" or body or ""), case.result, case.id)
  end)
  assert(count == 38, count)
end

-- Recorded replies of RDS; older than the model, so that members may be missing, but what is there must be right.

local function assert_within(got, expected, path)
  if type(got) ~= "table" then
    return assert(got == expected or got == timestamp.parse(tostring(expected)), path)
  end
  assert(type(expected) == "table" and #got == #expected, path)
  for key, value in pairs(got) do assert_within(value, expected[key], path .. "." .. key) end
end

local RECORDED = {
  DescribeDBEngineVersions = "db-engine-versions", DescribeDBInstances = "db-instances",
  DescribeDBParameterGroups = "db-parameter-groups", DescribeDBSecurityGroups = "db-security-groups",
  DescribeDBSnapshots = "db-snapshots", DescribeDBSubnetGroups = "db-subnet-groups",
  DescribeEventCategories = "event-categories", DescribeEventSubscriptions = "event-subscriptions",
  DescribeEvents = "events", DescribeOptionGroups = "option-groups",
  DescribeReservedDBInstances = "reserved-db-instances",
  DescribeReservedDBInstancesOfferings = "reserved-db-instances-offerings",
}

for operation, name in pairs(RECORDED) do
  tests["recorded_" .. operation] = function()
    local path = "protocols/responses/rds-describe-" .. name
    local expected = json.decode(read(path .. ".json"))
    local ok, result, request_id = pcall(protocol.decode, "rds", operation, read(path .. ".xml"))
    if not expected.Error then
      assert(request_id == expected.ResponseMetadata.RequestId)
      for key in pairs(expected) do assert(result[key] or key == "ResponseMetadata", key) end
      return assert_within(result, expected, operation)
    end
    assert(not ok and errors.is(result, expected.Error.Code) and result.message == expected.Error.Message)
    assert(result.request_id == expected.ResponseMetadata.RequestId)
  end
end

-- What boto3 sends for the same parameters, and what moto answers.

local function sample(name)
  return read("samples/" .. name .. ".http"):match "\r?\n\r?\n(.*)$"
end

local MAIL = {
  Source = "from@example.com",
  Destination = { ToAddresses = { "to@example.com" } },
  Message = { Subject = { Data = "restore failed" }, Body = { Text = { Data = "a & b\nline é" } } },
}

local REQUESTS = {
  ["001-rds-CreateDBParameterGroup-200"] = {
    DBParameterGroupName = "pg1", DBParameterGroupFamily = "mysql8.0", Description = "d",
  },
  ["003-rds-CreateDBInstance-200"] = {
    DBInstanceIdentifier = "orders", DBInstanceClass = "db.r6g.large", Engine = "mysql", EngineVersion = "8.0.36",
    MasterUsername = "admin", MasterUserPassword = "s3cretpassw0rd", DBName = "orders", AllocatedStorage = 200,
    MaxAllocatedStorage = 1000, StorageType = "gp3", Iops = 12000, StorageThroughput = 500, StorageEncrypted = true,
    MultiAZ = true, DBParameterGroupName = "pg1", OptionGroupName = "og1", BackupRetentionPeriod = 14, Port = 3307,
    CopyTagsToSnapshot = true, DeletionProtection = true, EnableIAMDatabaseAuthentication = true,
    EnableCloudwatchLogsExports = { "error", "slowquery" },
    Tags = { { Key = "env", Value = "prod" }, { Key = "note", Value = 'a&b <x> "q" é ✓' } },
  },
  ["004-rds-DescribeDBInstances-200"] = { DBInstanceIdentifier = "orders" },
  ["005-rds-CreateDBSnapshot-200"] = {
    DBInstanceIdentifier = "orders", DBSnapshotIdentifier = "orders-snapshot",
    Tags = { { Key = "by", Value = "trapheus" } },
  },
  ["010-rds-ModifyDBInstance-200"] = {
    DBInstanceIdentifier = "orders", NewDBInstanceIdentifier = "orders-temp", ApplyImmediately = true,
  },
  ["012-rds-RestoreDBInstanceFromDBSnapshot-200"] = {
    DBInstanceIdentifier = "orders", DBSnapshotIdentifier = "orders-snapshot", DBInstanceClass = "db.r6g.large",
    MultiAZ = true, DBParameterGroupName = "pg1", OptionGroupName = "og1", VpcSecurityGroupIds = { "sg-1" },
    Tags = { { Key = "env", Value = "prod" } }, DeletionProtection = true,
  },
  ["016-rds-DeleteDBInstance-200"] = { DBInstanceIdentifier = "orders-temp", SkipFinalSnapshot = true },
  ["034-sts-GetCallerIdentity-200"] = {},
  ["036-ses-SendEmail-400"] = MAIL,
  ["038-ses-SendEmail-200"] = MAIL,
  ["039-sns-CreateTopic-200"] = { Name = "t" },
  ["040-sns-Publish-200"] = {
    TopicArn = "arn:aws:sns:us-east-1:123456789012:t", Subject = "s", Message = "m & <n>",
  },
}

function tests.requests_are_those_of_boto3()
  for name, params in pairs(REQUESTS) do
    local service, operation = name:match "^%d+%-(%w+)%-(%w+)"
    assert_same_pairs(protocol.encode(service, operation, params), sample(name .. ".request"), name)
  end
end

function tests.sns_answers()
  local reply = protocol.decode("sns", "CreateTopic", sample "039-sns-CreateTopic-200.response")
  assert(reply.TopicArn == "arn:aws:sns:us-east-1:123456789012:t", reply.TopicArn)
  assert(protocol.decode("sns", "Publish", sample "040-sns-Publish-200.response").MessageId)
end

function tests.a_reply_has_typed_members()
  local reply, request_id = protocol.decode("rds", "RestoreDBInstanceFromDBSnapshot",
    sample "012-rds-RestoreDBInstanceFromDBSnapshot-200.response")
  local instance = reply.DBInstance
  assert(request_id == "btW88PUkPFXlJJ3IMiwNA18T3BI4PnZB4k8W4y3QuCGAkiCBJ7r6")
  assert(math.type(instance.AllocatedStorage) == "integer" and instance.Endpoint.Port == 3307)
  assert(instance.MultiAZ == true and instance.InstanceCreateTime == 1795347565.059990)
  assert(json.is_list(instance.ReadReplicaDBInstanceIdentifiers) and #instance.ReadReplicaDBInstanceIdentifiers == 0)
  assert_same(instance.TagList, { { Key = "env", Value = "prod" } }, "TagList")
end

local function failure(service, operation, body)
  local ok, err = pcall(protocol.decode, service, operation, body)
  assert(not ok and errors.is(err), tostring(err))
  assert(err.operation == operation)
  return err
end

function tests.error_replies_raise_their_code()
  local err = failure("rds", "DescribeDBInstances", sample "011-rds-DescribeDBInstances-404.response")
  assert(err.code == "DBInstanceNotFound" and err.ambiguous == false)
  err = failure("rds", "DescribeDBInstances", sample "045-rds-DescribeDBInstances-403.response")
  assert(err.code == "SignatureDoesNotMatch")
  assert(failure("ses", "SendEmail", sample "036-ses-SendEmail-400.response").code == "MessageRejected")
end

function tests.what_is_no_reply_is_malformed()
  local cut = sample("012-rds-RestoreDBInstanceFromDBSnapshot-200.response"):sub(1, 700)
  local bad = {
    sample "032-rds-DescribeDBEngineVersions-500.response", "", "ok", cut, "<html><body>hello</body></html>",
    "<RestoreDBInstanceFromDBSnapshotResponse/>",
  }
  for _, body in ipairs(bad) do
    local err = failure("rds", "RestoreDBInstanceFromDBSnapshot", body)
    assert(err.code == "MalformedReply" and err.ambiguous == true and err.retryable == false)
    err = failure("rds", "DescribeDBInstances", body)
    assert(err.code == "MalformedReply" and err.ambiguous == false and err.retryable == true)
  end
end

function tests.a_wrong_number_is_malformed()
  local xml = "<R><RestoreDBInstanceFromDBSnapshotResult><DBInstance><Iops>many</Iops></DBInstance>"
    .. "</RestoreDBInstanceFromDBSnapshotResult></R>"
  local err = failure("rds", "RestoreDBInstanceFromDBSnapshot",
    (xml:gsub("R>", "RestoreDBInstanceFromDBSnapshotResponse>")))
  assert(err.code == "MalformedReply" and err.message:find "Iops is no integer")
end

-- Misuse.

local MISUSE = {
  { "rds", "DescribeDBInstances", { DBInstanceIdentifer = "x" },
    "unknown parameter DBInstanceIdentifer of DescribeDBInstances; did you mean DBInstanceIdentifier?" },
  { "rds", "DescribeDBInstances", { Filters = { { Name = "a", Valuse = { "b" } } } },
    "unknown parameter Filters[1].Valuse of DescribeDBInstances; did you mean Values?" },
  { "rds", "DescribeDBInstances", { Zzzzzzzzzz = 1 }, "unknown parameter Zzzzzzzzzz of DescribeDBInstances" },
  { "rds", "DescribeDBInstance", {}, "unknown operation DescribeDBInstance; did you mean DescribeDBInstances?" },
  { "rds", "DeleteDBInstance", {}, "missing parameter DBInstanceIdentifier of DeleteDBInstance" },
  { "rds", "DescribeDBInstances", { Filters = { { Name = "a" } } },
    "missing parameter Filters[1].Values of DescribeDBInstances" },
  { "rds", "DescribeDBInstances", { MaxRecords = "20" },
    "MaxRecords of DescribeDBInstances must be an integer, got string" },
  { "rds", "DescribeDBInstances", { MaxRecords = 1.5 },
    "MaxRecords of DescribeDBInstances must be an integer, got 1.5" },
  { "rds", "DescribeDBInstances", { Filters = { Name = "a" } }, "Filters of DescribeDBInstances must be a list" },
  { "rds", "ModifyDBInstance", { DBInstanceIdentifier = "a", ApplyImmediately = "true" },
    "ApplyImmediately of ModifyDBInstance must be a boolean, got string" },
  { "rds", "DescribeEvents", { StartTime = "yesterday" }, "StartTime of DescribeEvents must be a timestamp" },
  { "rds", "DescribeDBInstances", { "orders" }, "the parameters of DescribeDBInstances has a key that is no string" },
  { "rds", "DescribeDBInstances", 5, "the parameters of DescribeDBInstances must be a table, got number" },
  { "ec2", "DescribeInstances", {}, "no model of the service ec2" },
}

function tests.misuse_names_what_was_meant_and_blames_the_caller()
  for _, case in ipairs(MISUSE) do
    for _, refuse in ipairs { protocol.encode, protocol.check } do
      local ok, err = pcall(function() return (refuse(case[1], case[2], case[3], { level = 1 })) end)
      assert(not ok and err:find(case[4], 1, true), err)
      assert(err:find "test_protocol.lua:%d+:", err)
    end
  end
end

function tests.timestamps_go_in_as_numbers_and_as_text()
  for _, time in ipairs { 1422172800, 1422172800.0, "2015-01-25T08:00:00Z", "2015-01-25T09:00:00+01:00",
    "Sun, 25 Jan 2015 08:00:00 GMT" } do
    local body = protocol.encode("rds", "DescribeEvents", { StartTime = time })
    assert(body:find("StartTime=2015-01-25T08%3A00%3A00Z", 1, true), body)
  end
  assert(protocol.encode("rds", "DescribeEvents", { StartTime = 0.25 }):find "1970%-01%-01T00%%3A00%%3A00.250000Z")
end

function tests.timestamps_are_read_in_each_format()
  for text_, seconds in pairs {
    ["2000-02-29T12:00:00Z"] = 951825600, ["1969-12-31T23:59:59Z"] = -1, ["2000-01-02T20:34:56.123Z"] = 946845296.123,
    ["Tue, 29 Apr 2014 18:30:38 GMT"] = 1398796238, ["1398796238"] = 1398796238, ["1.5"] = 1.5,
    ["2026-11-22T11:39:25.000Z"] = 1795347565, ["0000-01-01T00:00:00Z"] = -62167219200,
    ["2000-02-29T12:00:00.25+01:30"] = 951820200.25, ["2000-02-29T12:00:00-0100"] = 951829200,
    ["2000-02-29T12:00:00"] = 951825600, ["Tue, 29 Apr 2014 18:30:38.5 GMT"] = 1398796238.5, ["-2."] = -2,
  } do
    assert(timestamp.parse(text_) == seconds and math.type(timestamp.parse(text_)) == math.type(seconds), text_)
  end
  for _, bad in ipairs { "", "2000-13-01T00:00:00Z", "2000-01-01", "2000-01-01T00:00:00Q",
    "Tue, 29 Foo 2014 18:30:38 GMT", "Tue, 29 Apr 2014 18:30:38", "2000-01-01T00:00:00.Z", "2000-01-01T00:00:00+1",
    "2000-01-01T00:00:00ZZ", "2000-01-01T25:00:00Z", ", 29 Apr 2014 18:30:38 GMT", "-", "1.5.", "0x10" } do
    assert(timestamp.parse(bad) == nil, bad)
  end
end

return tests
