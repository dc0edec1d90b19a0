local client = require "trapheus.aws.client"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local tasks = require "trapheus.tasks"
local waiter = require "trapheus.waiter"

local tests = {}

local function instance(status)
  return function() return { DBInstances = { { DBInstanceStatus = status } } } end
end

local function failing(code)
  return function() error(errors.new { code = code }, 0) end
end

--- Waits over a client that answers from a list (the last answer again and again), on a virtual clock.
---@return boolean ok, any result, integer looks, integer elapsed_ms
local function wait(name, answers, options)
  local looks = 0
  local transport = { send = function()
    looks = looks + 1
    return answers[math.min(looks, #answers)]()
  end }
  local loop <close> = core.loop { virtual = true, start_ms = 0 }
  local previous = tasks.use(loop)
  local rds = client.new("rds", { transport = transport })
  options = options or {}
  options.random = function() return 0.5 end
  local ok, result = pcall(function() return waiter.new(name):wait(rds, {}, options) end)
  tasks.use(previous)
  return ok, result, looks, loop:now_ms()
end

function tests.it_waits_until_the_state_is_there()
  local ok, reply, looks, elapsed_ms = wait("db_instance_available",
    { instance "creating", instance "backing-up", instance "available" })
  assert(ok and reply.DBInstances[1].DBInstanceStatus == "available" and looks == 3)
  assert(elapsed_ms >= 10000 and elapsed_ms <= 60000, elapsed_ms)
end

function tests.a_state_that_will_not_end_well_fails()
  for _, status in ipairs { "failed", "incompatible-restore", "restore-error", "incompatible-create" } do
    local ok, err, looks = wait("db_instance_available", { instance(status) })
    assert(not ok and errors.is(err, "WaiterFailed") and tostring(err):find(status, 1, true) and looks == 1)
  end
end

function tests.the_time_ends()
  local ok, err, looks, elapsed_ms = wait("db_instance_available", { instance "creating" }, { timeout_s = 600 })
  assert(not ok and errors.is(err, "WaiterTimeout") and elapsed_ms == 600000, elapsed_ms)
  assert(looks > 20 and looks < 130 and tostring(err):find "600 s: creating")
end

function tests.not_found_is_what_a_deletion_waits_for()
  local ok, reply, looks = wait("db_instance_deleted", { instance "deleting", failing "DBInstanceNotFound" })
  assert(ok and reply == nil and looks == 2)
  ok = wait("db_instance_deleted", { function() return { DBInstances = {} } end })
  assert(ok)
end

function tests.errors_that_pass_are_waited_out_and_others_raised()
  local ok = wait("db_instance_available", { failing "Throttling", failing "ServiceUnavailable", instance "available" })
  assert(ok)
  local err
  ok, err = wait("db_instance_available", { failing "DBInstanceNotFound" })
  assert(not ok and errors.is(err, "DBInstanceNotFound"))
end

function tests.each_look_is_told()
  local told = {}
  wait("db_snapshot_available", {
    function() return { DBSnapshots = { { Status = "creating" } } } end,
    function() return { DBSnapshots = { { Status = "available" } } } end,
  }, { on_look = function(states, elapsed_s) told[#told + 1] = ("%s %s"):format(states, elapsed_s > 0) end })
  assert(table.concat(told, ", ") == "creating false, available true")
end

function tests.an_unknown_name_gets_the_nearest()
  local ok, err = pcall(function() return (waiter.new "db_instance_avialable") end)
  assert(not ok and err:find "did you mean db_instance_available?" and err:find "test_waiter.lua")
end

function tests.every_waiter_of_aws_is_there()
  for _, name in ipairs { "db_cluster_available", "db_cluster_deleted", "db_cluster_snapshot_available",
    "db_cluster_snapshot_deleted", "db_instance_available", "db_instance_deleted", "db_snapshot_available",
    "db_snapshot_completed", "db_snapshot_deleted", "tenant_database_available", "tenant_database_deleted" } do
    assert(waiter.new(name).name == name)
  end
end

return tests
