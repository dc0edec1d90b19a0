local client = require "trapheus.aws.client"
local constant = require "trapheus.constant"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local tasks = require "trapheus.tasks"

local tests = {}

--- A transport that answers from a list, and keeps the calls.
local function recorded(answers)
  local transport = { calls = {} }
  function transport:send(call)
    self.calls[#self.calls + 1] = call
    local answer = table.remove(answers, 1)
    if type(answer) == "function" then return answer(call) end
    return answer, { status = 200, request_id = "r" .. #self.calls, attempts = 1 }
  end
  return transport
end

local function new(answers, options)
  options = options or {}
  options.transport = recorded(answers)
  return client.new("rds", options), options.transport.calls
end

local function fails(expected, ...)
  local ok, err = pcall(...)
  assert(not ok and tostring(err):find(expected, 1, true), tostring(err))
  return err
end

function tests.a_method_sends_a_call()
  local rds, calls = new { { DBInstances = {} }, {} }
  local params = { DBInstanceIdentifier = "orders" }
  assert(#rds:DescribeDBInstances(params).DBInstances == 0)
  rds:DeleteDBInstance(params)
  assert(calls[1].service == "rds" and calls[1].operation == "DescribeDBInstances" and calls[1].read_only == true)
  assert(calls[1].body:find("DBInstanceIdentifier=orders", 1, true) and calls[1].params == params)
  assert(calls[2].read_only == false)
end

function tests.a_method_needs_no_parameters()
  local rds, calls = new { {} }
  rds:DescribeDBClusters()
  assert(calls[1].body == "Action=DescribeDBClusters&Version=2014-10-31")
end

function tests.misuse_blames_the_caller()
  local rds, calls = new {}
  local err = fails("unknown parameter Foo of DescribeDBInstances", function()
    return (rds:DescribeDBInstances { Foo = 1 })
  end)
  assert(err:find "test_client.lua")
  err = fails("unknown operation DescribeDBInstancez; did you mean DescribeDBInstances?", function()
    return rds.DescribeDBInstancez
  end)
  assert(err:find "test_client.lua" and #calls == 0)
  fails("no model of the service ec2", client.new, "ec2", { transport = {} })
end

function tests.every_call_is_told()
  local told = {}
  local rds = new({
    {},
    function() error(errors.new { code = "DBInstanceNotFound", status = 404, request_id = "q", attempts = 2 }, 0) end,
  }, { on_call = function(call) told[#told + 1] = call end })
  rds:DeleteDBSnapshot { DBSnapshotIdentifier = "s" }
  pcall(rds.DescribeDBInstances, rds, { DBInstanceIdentifier = "orders" })
  assert(json.encode(told) == json.encode {
    { service = "rds", operation = "DeleteDBSnapshot", target = "s", read_only = false, status = 200, request_id = "r1",
      attempts = 1 },
    { service = "rds", operation = "DescribeDBInstances", target = "orders", read_only = true, status = 404,
      request_id = "q", attempts = 2, code = "DBInstanceNotFound" },
  }, json.encode(told))
end

function tests.a_failed_call_raises_its_error_with_the_operation()
  local rds = new { function() error(errors.new { code = "Throttling", message = "Rate exceeded" }, 0) end }
  local ok, err = pcall(rds.DescribeDBInstances, rds)
  assert(not ok and errors.is(err, "Throttling") and err.service == "rds")
  assert(tostring(err) == "DescribeDBInstances: Throttling: Rate exceeded")
end

function tests.a_limiter_paces_the_calls()
  local loop <close> = core.loop { virtual = true, start_ms = 0 }
  local previous = tasks.use(loop)
  local next_ms = 0
  local limiter = { take = function(_, now_ms)
    if now_ms < next_ms then return next_ms - now_ms end
    next_ms = now_ms + 500
    return 0
  end }
  local rds = new({ {}, {}, {} }, { limiter = limiter })
  for _ = 1, 3 do rds:DescribeDBInstances() end
  tasks.use(previous)
  assert(loop:now_ms() == 1000)
end

function tests.paginate_goes_through_the_pages()
  local rds, calls = new {
    { DBSnapshots = { { n = 1 }, { n = 2 } }, Marker = "m1" }, { DBSnapshots = {}, Marker = "m2" },
    { DBSnapshots = { { n = 3 } } },
  }
  local params, seen = { MaxRecords = 20 }, {}
  for snapshot in rds:paginate("DescribeDBSnapshots", params, "DBSnapshots") do seen[#seen + 1] = snapshot.n end
  assert(table.concat(seen) == "123" and #calls == 3 and params.Marker == nil)
  assert(calls[1].body:find "MaxRecords=20" and not calls[1].body:find "Marker" and calls[3].body:find "Marker=m2")
end

function tests.paginate_goes_through_the_pages_of_what_is_constant()
  local rds, calls = new { { DBInstances = { {} }, Marker = "m1" }, { DBInstances = { {} } } }
  local params = constant { MaxRecords = 20 }
  local count = 0
  for _ in rds:paginate("DescribeDBInstances", params) do count = count + 1 end
  assert(count == 2 and #calls == 2 and params.Marker == nil)
end

function tests.what_is_constant_fits_the_operation_that_it_was_checked_for()
  local rds = client.new("rds", { transport = { takes_tables = true, send = function() return {} end } })
  local params = constant { DBSnapshotIdentifier = "s" }
  for _ = 1, 2 do rds:DescribeDBSnapshots(params) end
  fails("DBSnapshotIdentifier", function() rds:DescribeDBInstances(params) end)
end

function tests.paginate_stops_at_a_repeated_marker()
  local page = { DBSnapshots = { {} }, Marker = "m1" }
  local rds = new { page, page, page }
  fails("a page comes a second time", function()
    for _ in rds:paginate("DescribeDBSnapshots", {}, "DBSnapshots") do end -- luacheck: ignore
  end)
end

function tests.a_model_of_ones_own_is_a_service()
  local model = {
    metadata = { apiVersion = "2020-01-01", endpointPrefix = "mine" },
    operations = { ListThings = { name = "ListThings" } }, shapes = {},
  }
  local transport = recorded { {} }
  client.new(model, { transport = transport }):ListThings()
  assert(transport.calls[1].service == "mine" and transport.calls[1].read_only)
end

return tests
