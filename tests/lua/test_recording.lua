--- What a recording holds and does not hold, and what the sandbox answers to it.
local constant = require "trapheus.constant"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local recording = require "trapheus.recording"
local redacted = require "trapheus.redacted"
local replay = require "trapheus.sandbox.replay"
local usage = require "trapheus.usage"
local world_module = require "trapheus.world"

local tests = {}

local function with_name(f)
  local name = os.tmpname()
  os.remove(name)
  local ok, err = pcall(f, name)
  os.remove(name)
  if not ok then error(err, 0) end
end

local function read(name)
  local file <close> = assert(io.open(name))
  return file:read "a"
end

local function write(name, text)
  local file <close> = assert(io.open(name, "w"))
  file:write(text)
end

local function refused(part, f, ...)
  local ok, err = pcall(f, ...)
  assert(not ok and usage.is(err), "no usage error: " .. tostring(err))
  assert(tostring(err):find(part, 1, true), tostring(err))
end

-- What is left out ------------------------------------------------------------------------------

function tests.what_aws_calls_sensitive_is_left_out()
  local copy = redacted.new() { MasterUserPassword = "tiger", TdeCredentialPassword = "tiger", InitQuery = "tiger" }
  for name, value in pairs(copy) do assert(value == redacted.WORD, name) end
end

function tests.what_is_nobody_elses_business_is_left_out()
  local copy = redacted.new() {
    MasterUsername = "scott", MasterUserPassword = "tiger", DBName = "payroll", ManageMasterUserPassword = true,
    TagList = { { Key = "owner", Value = "scott" } },
    DomainMemberships = { { FQDN = "corp.example", DnsIps = { "10.1.1.1" } } },
    Endpoint = { Address = "orders.c9akciq32rgd.eu-west-1.rds.amazonaws.com", Port = 5432 },
    ReaderEndpoint = "orders.cluster-ro-c9akciq32rgd.eu-west-1.rds.amazonaws.com",
    DBInstanceArn = "arn:aws:rds:eu-west-1:999988887777:db:orders",
    DBSnapshotArn = "arn:aws:rds:eu-west-1:111122223333:snapshot:x",
  }
  local text = json.encode(copy)
  for _, word in ipairs { "scott", "tiger", "payroll", "corp.example", "10.1.1.1", "c9akciq32rgd", "999988887777",
    "111122223333" } do
    assert(not text:find(word, 1, true), word .. " is in " .. text)
  end
  assert(copy.ManageMasterUserPassword == true and copy.TagList[1].Key == "owner")
  assert(copy.Endpoint.Address == "orders.redacted0000.eu-west-1.rds.amazonaws.com" and copy.Endpoint.Port == 5432)
  assert(copy.ReaderEndpoint == "orders.cluster-ro-redacted0000.eu-west-1.rds.amazonaws.com")
end

function tests.an_account_is_the_same_everywhere_and_another_one_is_not()
  local redact = redacted.new()
  local first = redact { "arn:aws:rds:eu-west-1:999988887777:db:a" }[1]
  assert(first == "arn:aws:rds:eu-west-1:123456789012:db:a")
  assert(redact "arn:aws:kms:eu-west-1:111122223333:key/k" == "arn:aws:kms:eu-west-1:000000000001:key/k")
  assert(redact "arn:aws:rds:eu-west-1:999988887777:db:b" == "arn:aws:rds:eu-west-1:123456789012:db:b")
  assert(redact "db-20260131120000" == "db-20260131120000")
end

-- Writing ---------------------------------------------------------------------------------------

local LOOP = { now_ms = function() return 1000.5 end }

local function fake(answer) return { region = "eu-west-1", send = function(_, call) return answer(call) end } end

local function call(service, operation, params) return { service = service, operation = operation, params = params } end

local function lines(name)
  local list = {}
  for line in read(name):gmatch "[^\n]+" do list[#list + 1] = json.decode(line) end
  return list
end

function tests.a_call_and_its_reply_are_a_line_and_go_on_as_they_were()
  with_name(function(name)
    local transport = recording.new(name):around(fake(function() return { DBSnapshot = { Status = "creating" } },
      { attempts = 2 } end), LOOP)
    local params = { DBSnapshotIdentifier = "s", Tags = { { Key = "k", Value = "v" } } }
    local result, info = transport:send(call("rds", "CreateDBSnapshot", params))
    assert(result.DBSnapshot.Status == "creating" and info.attempts == 2 and transport.region == "eu-west-1")
    assert(params.Tags[1].Value == "v", "the request itself was changed")
    local list = lines(name)
    assert(#list == 2 and list[1].recording == 1 and list[2].at_ms == 1000)
    assert(list[2].parameters.Tags[1].Value == redacted.WORD and list[2].result.DBSnapshot.Status == "creating")
  end)
end

function tests.of_an_error_only_the_code_is_kept()
  with_name(function(name)
    local transport = recording.new(name):around(fake(function()
      error(errors.new { code = "AccessDenied", status = 403, message = "User: arn:aws:iam::1:user/scott is not" }, 0)
    end), LOOP)
    local ok, err = pcall(transport.send, transport, call("rds", "DeleteDBInstance", { DBInstanceIdentifier = "x" }))
    assert(not ok and err.code == "AccessDenied" and err.message:find "scott")
    local line = lines(name)[2]
    assert(line.code == "AccessDenied" and line.status == 403 and not read(name):find "scott")
  end)
end

function tests.of_other_services_only_the_operation_is_kept()
  with_name(function(name)
    local transport = recording.new(name):around(fake(function() return { UserId = "scott" } end), LOOP)
    transport:send(call("sts", "GetCallerIdentity", { Name = "scott" }))
    assert(lines(name)[2].operation == "GetCallerIdentity" and not read(name):find "scott")
  end)
end

function tests.a_file_that_is_there_or_cannot_be_written_is_refused_before_anything_is_asked()
  with_name(function(name)
    refused("No such file or directory", recording.new, name .. "/x")
    recording.new(name)
    assert(not core.system.stat(name), "what asked nothing has left a file")
    write(name, "")
    refused("is there already", recording.new, name)
  end)
end

function tests.a_disk_that_is_full_changes_nothing_else()
  with_name(function(name)
    local made = recording.new(name)
    local transport = made:around(fake(function() return { TagList = {} } end), LOOP)
    made.file = assert(io.open("/dev/full", "w"))
    for _ = 1, 2 do
      assert(transport:send(call("rds", "ListTagsForResource", { ResourceName = "x" })).TagList)
    end
    assert(made.file == false)
  end)
end

-- Playing ---------------------------------------------------------------------------------------

-- A few calls of a database's life, recorded; `seed` is of the RDS that answers.
local function record(name, seed)
  local world = world_module.sandbox { seed = seed, recording = recording.new(name) }
  world.sandbox:add_instance { DBInstanceIdentifier = "mydb", TagList = { { Key = "owner", Value = "scott" } } }
  local rds = world.rds
  rds:DescribeDBInstances { DBInstanceIdentifier = "mydb" }
  rds:CreateDBSnapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  local function sleep(seconds)
    local timer <close> = world.loop:timer(seconds * 1000)
    while not timer:done() do world.loop:step() end
  end
  for _ = 1, 60 do
    sleep(10)
    rds:DescribeDBSnapshots { DBSnapshotIdentifier = "s" }
  end
  rds:RestoreDBInstanceFromDBSnapshot { DBInstanceIdentifier = "other", DBSnapshotIdentifier = "s" }
  for _ = 1, 200 do
    sleep(10)
    local id = rds:DescribeDBInstances { DBInstanceIdentifier = "other" }.DBInstances[1].DbiResourceId
    rds:DescribeDBInstances { Filters = { { Name = "dbi-resource-id", Values = { id } } } }
  end
end

local function play(name, behave) return replay.play(replay.read(name), name, behave) end

function tests.the_same_sandbox_answers_the_same()
  with_name(function(name)
    record(name, 1)
    local found = play(name)
    assert(found.calls == 463 and found.compared == 463, found.compared)
    assert(#found.differences == 0, json.encode(found.differences))
  end)
end

function tests.a_database_with_another_resource_id_is_the_same_one()
  with_name(function(name)
    record(name, 2)
    for _, each in ipairs(play(name).differences) do
      assert(each.operation ~= "DescribeDBInstances" or each.path ~= "DbiResourceId", "the id is compared")
      assert(each.path ~= "" or each.name ~= "other", "it was not found by its id")
    end
  end)
end

function tests.what_rds_answers_otherwise_is_told_once_with_how_often()
  with_name(function(name)
    record(name, 1)
    write(name, (read(name):gsub('"DBInstanceClass":"db.r6g.xlarge","DBInstanceIdentifier":"other"',
      '"DBInstanceClass":"db.t3.micro","DBInstanceIdentifier":"other"')))
    local list = {}
    for _, each in ipairs(play(name).differences) do
      if each.operation == "DescribeDBInstances" then list[#list + 1] = each end
    end
    assert(#list == 1 and list[1].name == "other" and list[1].path == "DBInstanceClass" and list[1].count == 400)
    assert(list[1].recorded == "db.t3.micro" and list[1].sandbox == "db.r6g.xlarge")
  end)
end

function tests.a_change_waits_until_the_sandbox_takes_it()
  with_name(function(name)
    record(name, 1)
    local found = play(name, function(made) made.knobs = { snapshot_s = 3600 } end)
    assert(found.late_ms > 2400 * 1000, found.late_ms)
    local told = false
    for _, each in ipairs(found.differences) do
      told = told or each.operation == "RestoreDBInstanceFromDBSnapshot" and each.sandbox == "only later"
      assert(each.sandbox ~= "DBInstanceNotFound", "what follows was asked too early")
    end
    assert(told)
  end)
end

function tests.an_outcome_that_differs_is_told()
  with_name(function(name)
    record(name, 1)
    local added = json.encode { at_ms = 1767325600000, service = "rds", operation = "DescribeDBInstances",
      parameters = { DBInstanceIdentifier = "mydb" }, code = "DBInstanceNotFound", status = 404 }
    write(name, read(name) .. added .. "\n")
    local found = play(name).differences
    assert(#found == 1 and found[1].recorded == "DBInstanceNotFound" and found[1].sandbox == "ok")
  end)
end

local HEADER = '{"recording":1}\n'
local LOOK = HEADER .. '{"at_ms":1,"service":"rds","operation":"DescribeDBInstances","parameters":'
local WRONG = {
  { "", "there is no call in it" },
  { HEADER, "there is no call in it" },
  { "{}\n", "this is no recording" },
  { '{"recording":2}\n', "another version" },
  { HEADER .. "[]\n", "line 2: this is no line of a recording" },
  { HEADER .. "{\n", "line 2: this is no line of a recording" },
  { HEADER .. "{}\n", "is expected" },
  { HEADER .. '{"at_ms":1,"service":"rds","operation":"DescribeDBInstance"}\n', "did you mean DescribeDBInstances" },
  { LOOK .. "{}}\n", "a result or a code" },
  { LOOK .. '{"MaxRecords":"x"},"code":"x"}\n', "MaxRecords" },
  { HEADER .. '{"at_ms":1,"service":"sts","operation":"GetCallerIdentity"}\n', "it shows no database" },
  { LOOK .. '{},"result":{"DBInstances":1}}\n', "line 2: result.DBInstances: a list is expected, not 1" },
  { LOOK .. '{},"result":{"DBInstances":[{"DBInstanceIdentifier":"x"}]}}\n',
    "DBInstances[0]: DBInstanceStatus is missing" },
}

function tests.what_is_no_recording_is_refused_with_its_place()
  for _, row in ipairs(WRONG) do
    with_name(function(name)
      write(name, row[1])
      refused(row[2], play, name)
    end)
  end
  refused("No such file", play, "no/such.jsonl")
end

tests["what is constant is handed on like anything else"] = function()
  local copy = redacted.new()(constant { Filters = constant { { Name = "tag:x", Values = { "y" } } } })
  assert(copy.Filters[1].Name == "tag:x")
end

return tests
