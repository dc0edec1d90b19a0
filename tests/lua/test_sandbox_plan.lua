--- Plans of faults: the compact form, data, files, seeds; and what is wrong with one is said.
local fault_kinds = require "trapheus.sandbox.fault_kinds"
local fault_plan = require "trapheus.sandbox.fault_plan"
local json = require "trapheus.json"
local sandbox = require "trapheus.sandbox"
local sorted = require "trapheus.sorted"
local swarm = require "trapheus.sandbox.swarm"

local tests = {}

local function fields(fault)
  local list = {}
  for _, name in ipairs(sorted.keys(fault)) do list[#list + 1] = ("%s=%s"):format(name, fault[name]) end
  return table.concat(list, " ")
end

local READ = {
  ["RestoreDBInstanceFromDBSnapshot:1:lost"] = "kind=lost occurrence=1 operation=RestoreDBInstanceFromDBSnapshot",
  ["DescribeDBInstances:every:throttle:3"] = "count=3 kind=throttle occurrence=every operation=DescribeDBInstances",
  ["*:0.5%:500n"] = "kind=500n occurrence=0.5% operation=*",
  ["CreateDBCluster:2:zombie:10m"] = "delay_s=600.0 kind=zombie occurrence=2 operation=CreateDBCluster",
  ["CreateDBSnapshot:1:zombie"] = "kind=zombie occurrence=1 operation=CreateDBSnapshot",
  ["ModifyDBInstance:1:reset:request:100"] =
    "bytes=100 kind=reset occurrence=1 operation=ModifyDBInstance part=request",
  ["SendEmail:1:error:MessageRejected:400:who: you?"] =
    "code=MessageRejected kind=error message=who: you? occurrence=1 operation=SendEmail status=400",
  ["webhook:1:drop"] = "kind=drop occurrence=1 operation=webhook",
  ["GetCallerIdentity:1:skew:-1200"] = "kind=skew occurrence=1 offset_s=-1200 operation=GetCallerIdentity",
  ["10m:delete:mydb"] = "at_s=600.0 kind=delete name=mydb",
  ["90:rename:mydb:other"] = "at_s=90 kind=rename name=mydb new_name=other",
  ["2h:tag:mydb:owner:a:b"] = "at_s=7200.0 key=owner kind=tag name=mydb value=a:b",
  ["1h:expire"] = "at_s=3600.0 kind=expire",
  ["5s:deny:DeleteDBInstance"] = "at_s=5.0 kind=deny operation=DeleteDBInstance",
}

function tests.the_compact_form()
  for text, wanted in pairs(READ) do
    local fault, problem = fault_plan.parse(text)
    if not fault then error(text .. ": " .. problem) end
    local got = fields(fault):gsub("(%d)%.0", "%1")
    assert(got == wanted:gsub("(%d)%.0", "%1"), ("%s: %s"):format(text, got))
  end
end

local WRONG = {
  ["nonsense"] = "OPERATION:OCCURRENCE:KIND[:PARAMETER…] or TIME:ACTION[:PARAMETER…] is expected",
  ["RestoreDBInstance:1:lost"] = "there is no operation 'RestoreDBInstance'",
  ["DescribeDBInstance:1:lost"] = "there is no operation 'DescribeDBInstance'; did you mean DescribeDBInstances?",
  ["CreateDBSnapshot:1:lsot"] = "there is no kind of fault 'lsot'; did you mean lost?",
  ["CreateDBSnapshot:0:lost"] = "the occurrence is '0': a number from 1, 'every', or a chance such as '5%' is expected",
  ["CreateDBSnapshot:1.5:lost"] = "the occurrence is '1.5'",
  ["CreateDBSnapshot:200%:lost"] = "the occurrence is '200%'",
  ["CreateDBSnapshot:often:lost"] = "the occurrence is 'often'",
  ["CreateDBSnapshot:1:lost:5"] = "lost has no parameter, but '5' is given",
  ["CreateDBSnapshot:1:zombie:soon"] = "delay_s of zombie is 'soon': a duration (90s, 45m, 2h) is expected",
  ["CreateDBSnapshot:1:slow"] = "slow needs delay_s: a duration (90s, 45m, 2h)",
  ["CreateDBSnapshot:1:throttle:many"] = "count of throttle is 'many': a whole number from 1 is expected",
  ["CreateDBSnapshot:1:throttle:0"] = "count of throttle is '0'",
  ["CreateDBSnapshot:1:reset:reply:5"] = "part of reset is 'reply': request or response is expected",
  ["CreateDBSnapshot:1:garbage:xml"] = "form of garbage is 'xml': html or empty or type is expected",
  ["CreateDBSnapshot:1:trunc:-1"] = "bytes of trunc is '-1': a whole number of bytes is expected",
  ["CreateDBSnapshot:1:background_failure"] = "background_failure does nothing to CreateDBSnapshot, only to "
    .. "FailoverDBCluster, ModifyDBCluster, ModifyDBInstance, StartExportTask",
  ["*:5%:stuck"] = "stuck does nothing to *, only to CancelExportTask,",
  ["ModifyDBInstance:1:terminal:failed"] = "terminal does nothing to ModifyDBInstance, only to Copy",
  ["CreateDBSnapshot:1:terminal"] = "terminal needs status: a name",
  ["CreateDBSnapshot:1:error:Some Code"] = "code of error is 'Some Code': AWS's code of an error is expected",
  ["CreateDBSnapshot:1:error:Odd:200"] = "status of error is '200': an HTTP status from 400 to 599 is expected",
  ["10m:dleete:mydb"] = "there is no action 'dleete'; did you mean delete?",
  ["10m:delete"] = "delete needs name: a name",
  ["10y:delete:mydb"] = "'10y' is no time: 90s, 45m, 2h",
  ["10m:protect:mydb:maybe"] = "to of protect is 'maybe': on or off is expected",
  ["10m:deny:Nothing"] = "there is no operation 'Nothing'",
}

function tests.what_is_wrong_is_said()
  for text, wanted in pairs(WRONG) do
    local fault, problem = fault_plan.parse(text)
    assert(not fault and problem:find(wanted, 1, true), ("%s: %s"):format(text, problem))
    local list
    list, problem = fault_plan.check { "CreateDBSnapshot:1:lost", text }
    assert(not list and problem:find("'" .. text .. "': ", 1, true) == 1, problem)
  end
end

local WRONG_DATA = {
  ["fault 1: there is no kind of fault 'nil'"] = { { operation = "CreateDBSnapshot", occurrence = 1 } },
  ["fault 2: there is no operation 'nil'"] = { "CreateDBSnapshot:1:lost", { occurrence = 1, kind = "drop" } },
  ["fault 1: the occurrence is 'nil'"] = { { operation = "CreateDBSnapshot", kind = "drop" } },
  ["fault 1: there is no parameter of zombie 'delay'; did you mean delay_s?"] = {
    { operation = "CreateDBSnapshot", occurrence = 1, kind = "zombie", delay = 5 } },
  ["fault 1: delay_s of zombie is '10m': a duration"] = {
    { operation = "CreateDBSnapshot", occurrence = 1, kind = "zombie", delay_s = "10m" } },
  ["fault 1: at_s is 'soon': a number of seconds is expected"] = { { at_s = "soon", kind = "delete", name = "a" } },
  ["fault 1: there is no parameter of expire 'name'"] = { { at_s = 1, kind = "expire", name = "a" } },
  ["fault 1: a fault is text or a table, not a number"] = { 5 },
  ["a list of faults is expected; it has a key 'kind'"] = { kind = "drop" },
}

function tests.data_is_checked_as_well()
  for wanted, list in pairs(WRONG_DATA) do
    local plan, problem = fault_plan.check(list)
    assert(not plan and problem:find(wanted, 1, true) == 1, problem)
  end
  local _, problem = fault_plan.check "drop"
  assert(problem == "a list of faults is expected, not a string")
end

function tests.files_in_lua_or_json()
  for _, text in ipairs {
    '["CreateDBSnapshot:1:lost", {"at_s": 60, "kind": "stop", "name": "mydb"}]',
    '{ "CreateDBSnapshot:1:lost", { at_s = 60, kind = "stop", name = "mydb" } }',
    'return { "CreateDBSnapshot:1:lost", { at_s = 60, kind = "stop", name = "mydb" } } -- as one writes it',
  } do
    local plan, problem = fault_plan.read(text, "plan")
    assert(plan, problem)
    assert(#plan == 2 and plan[1].kind == "lost" and plan[2].at_s == 60)
  end
  for text, wanted in pairs {
    ["nonsense at all"] = "plan is a list of faults neither in JSON nor in Lua: ",
    ["{ os.exit() }"] = "plan is a list of faults neither in JSON nor in Lua: ",
    ['["CreateDBSnapshot:1:lsot"]'] = "plan: 'CreateDBSnapshot:1:lsot': there is no kind of fault",
    ["7"] = "plan: a list of faults is expected, not a number",
  } do
    local plan, problem = fault_plan.read(text, "plan")
    assert(not plan and problem:find(wanted, 1, true) == 1, problem)
  end
end

function tests.a_seed_is_a_plan()
  local kinds, plans = {}, {}
  for seed = 1, 200 do
    local plan = swarm(seed, "mydb")
    assert(fault_plan.check(plan), select(2, fault_plan.check(plan)))
    plans[json.encode(plan)] = true
    assert(json.encode(plan) == json.encode(swarm(seed, "mydb")), "the same seed, another plan")
    for _, fault in ipairs(plan) do kinds[fault.kind] = true end
  end
  assert(#sorted.keys(plans) > 180, "hardly any two plans differ")
  for _, kind in ipairs { "drop", "dup", "zombie", "trunc", "reset", "slow", "terminal", "stuck", "status", "tag" } do
    assert(kinds[kind], kind .. " is never in a plan")
  end
end

local function world(plan)
  local clock = { ms = 1700000000000 }
  local sb = sandbox.new { now_ms = function() return clock.ms end, knobs = { stale_s = 0 } }
  sb:add_instance { DBInstanceIdentifier = "mydb" }
  sb:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" }
  sb:inject(plan)
  return sb, function(seconds)
    clock.ms = clock.ms + seconds * 1000
    sb:advance()
  end
end

function tests.somebody_makes_a_snapshot()
  local sb, wait = world { "10s:snapshot:mydb:mine" }
  wait(15)
  assert(sb:snapshot "mine".Status == "creating" and sb:snapshot "mine".DBInstanceIdentifier == "mydb")
end

function tests.what_happens_at_a_time()
  local sb, wait = world { "10s:tag:mydb:owner:eve", "20s:untag:mydb:environment", "30s:write:mydb",
    "40s:protect:mydb:on", "50s:delete_snapshot:s", "60s:rename:mydb:other", "60s:delete:nobody" }
  wait(15)
  local function tag(key)
    for _, each in ipairs(sb:instance "mydb".TagList) do
      if each.Key == key then return each.Value end
    end
  end
  assert(tag "owner" == "eve" and tag "environment" == "production")
  wait(10)
  assert(not tag "environment")
  local version = sb:instance "mydb".data_version
  wait(10)
  assert(sb:instance "mydb".data_version == version + 1)
  assert(not sb:instance "mydb".DeletionProtection)
  wait(10)
  assert(sb:instance "mydb".DeletionProtection)
  wait(10)
  assert(sb:snapshot "s".Status == "deleting")
  wait(7200)
  assert(not sb:instance "mydb" and sb:instance "other" and not sb:snapshot "s")
end

local KEY = "inaccessible-encryption-credentials"

function tests.states_at_a_time()
  local sb, wait = world { "10s:status:mydb:maintenance:1m", "5m:failover:mydb", "1h:stop:mydb", "9d:key_disabled:mydb",
    "10d:key_enabled:mydb", "11d:key_disabled:mydb", "20d:start:nobody" }
  local function status() return sb:instance "mydb".DBInstanceStatus end
  local day = 86400
  for _, step in ipairs { { 30, "maintenance" }, { 60, "available" }, { 211, "rebooting" }, { 3600, "stopped" },
    { 7 * day - 3600, "stopped" }, { 3600, "available" }, { 2 * day, KEY .. "-recoverable" }, { day, "available" },
    { day, KEY .. "-recoverable" }, { 7 * day, KEY } } do
    wait(step[1])
    assert(status() == step[2], ("%s, not %s"):format(status(), step[2]))
  end
end

--- What a description of an instance answers with.
local function code(sb)
  local _, err = sb:call("rds", "DescribeDBInstances", {})
  return err and err.code or "ok"
end

function tests.credentials_and_policies_at_a_time()
  local sb, wait = world { "10s:expire", "20s:renew", "30s:revoke", "40s:renew", "50s:deny:DescribeDBInstances",
    "60s:allow:DescribeDBInstances" }
  wait(5)
  for _, wanted in ipairs { "ok", "ExpiredToken", "ok", "InvalidClientTokenId", "ok", "AccessDenied", "ok" } do
    assert(code(sb) == wanted, ("%s, not %s"):format(code(sb), wanted))
    wait(10)
  end
  assert(sb:webhook("https://hooks.example", "{}"), "no credentials are needed for a webhook")
end

function tests.each_action_is_carried_out()
  local done = {}
  local happenings = require "trapheus.sandbox.happenings"
  for name, kind in pairs(fault_kinds.at_times) do
    local fault = { at_s = 1, kind = name }
    for _, parameter in ipairs(kind.parameters) do
      fault[parameter.name] = parameter.choices and parameter.choices[1] or parameter.type == "operation"
        and "DeleteDBInstance" or parameter.type == "seconds" and 1 or parameter.type == "duration" and 60 or "mydb"
    end
    assert(fault_plan.check { fault })
    happenings.happen(world {}, fault)
    done[#done + 1] = name
  end
  assert(#done >= 18)
end

return tests
