--- D22: what hangs on a database, and was not handled: custom endpoints go to the replacement once it is verified;
--- replicas are refused unless they may stay behind.
local neighbours = require "trapheus.sandbox.neighbours"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

-- Three custom endpoints: of named members, of all but one, of every reader.
local ENDPOINTS = {
  { DBClusterEndpointIdentifier = "mydb-reports", EndpointType = "ANY", StaticMembers = { "mydb-2", "mydb-3" },
    Tags = { { Key = "owner", Value = "reports" } } },
  { DBClusterEndpointIdentifier = "mydb-fast", EndpointType = "READER", ExcludedMembers = { "mydb-3" } },
  { DBClusterEndpointIdentifier = "mydb-all", EndpointType = "READER" },
}

local function add_endpoints(sandbox)
  for _, endpoint in ipairs(ENDPOINTS) do
    local params = { DBClusterIdentifier = "mydb" }
    for field, value in pairs(endpoint) do params[field] = value end
    local _, err = sandbox:operator("CreateDBClusterEndpoint", params)
    if err then error(err.message) end
  end
  local cluster = sandbox.cluster_names.mydb
  for _, resource in ipairs { cluster, table.unpack(cluster.endpoints) } do -- no Describe is older
    resource.history = { resource.history[#resource.history] }
    resource.history[1].at_ms = math.mininteger
  end
end

local function text_of(endpoint)
  return ("%s %s %s %s %s"):format(endpoint.DBClusterEndpointIdentifier, endpoint.DBClusterIdentifier,
    endpoint.CustomEndpointType, table.concat(endpoint.StaticMembers, "+"), table.concat(endpoint.ExcludedMembers, "+"))
end

local function endpoints(sandbox)
  local list = {}
  for _, endpoint in ipairs(sandbox:operator("DescribeDBClusterEndpoints", {}).DBClusterEndpoints) do
    if endpoint.EndpointType == "CUSTOM" then list[#list + 1] = text_of(endpoint) end
  end
  table.sort(list)
  return table.concat(list, "\n")
end

local AS_THEY_WERE = "mydb-all mydb READER  \nmydb-fast mydb READER  mydb-3\nmydb-reports mydb ANY mydb-2+mydb-3 "

local function restore(spec)
  spec.cluster = {}
  local prepare = spec.prepare
  function spec.prepare(sandbox)
    add_endpoints(sandbox)
    if prepare then prepare(sandbox) end
  end
  return rehearse(spec)
end

local function moves(sandbox, operation) return witness.committed(sandbox, operation) end

tests["custom endpoints are the replacement's, with their members and tags"] = function()
  local result = restore {}
  witness.equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
  witness.equal(endpoints(result.sandbox), AS_THEY_WERE)
  local arn = result.sandbox.endpoint_names["mydb-reports"]
  witness.equal(arn.fields.TagList[1].Value, "reports", "its tag")
  witness.equal(moves(result.sandbox, "DeleteDBClusterEndpoint"), 3, "deletions")
  for _, warning in ipairs(result.record.warnings) do assert(not warning:find "endpoint .* not be moved", warning) end
end

tests["they are not touched before the replacement is verified"] = function()
  local result = restore {}
  local verified
  for _, entry in ipairs(result.sandbox.audit) do
    if entry.operation == "DeleteDBClusterEndpoint" then
      verified = verified or result.record.facts.verified.at * 1000
      assert(entry.at_ms >= verified, "an endpoint was deleted before that")
    end
  end
  assert(verified, "none was deleted")
end

tests["a rollback leaves them with the original"] = function()
  local result = restore { faults = { { operation = "RestoreDBClusterFromSnapshot", occurrence = 1, kind = "terminal",
    status = "failed" } } }
  witness.equal(result.outcome, "rolled_back")
  witness.equal(endpoints(result.sandbox), AS_THEY_WERE)
  witness.equal(moves(result.sandbox, "DeleteDBClusterEndpoint"), 0, "deletions")
end

tests["they move also when the original is kept"] = function()
  local result = restore { options = { keep_original = true } }
  witness.equal(result.outcome, "restored")
  witness.equal(endpoints(result.sandbox), AS_THEY_WERE)
end

tests["a reply that is lost, or a call that is throttled, changes nothing"] = function()
  for _, operation in ipairs { "DeleteDBClusterEndpoint", "CreateDBClusterEndpoint" } do
    for _, kind in ipairs { "lost", "drop", "throttle" } do
      local result = restore { faults = { { operation = operation, occurrence = 2, kind = kind } } }
      witness.equal(result.outcome, "restored", operation .. " " .. kind)
      witness.equal(endpoints(result.sandbox), AS_THEY_WERE, operation .. " " .. kind)
      witness.equal(witness.committed(result.sandbox, operation), 3, "how often")
    end
  end
end

tests["one that cannot be made is told, and the restore ends well"] = function()
  local result = restore { faults = { { operation = "CreateDBClusterEndpoint", occurrence = "every",
    kind = "denied" } } }
  witness.equal(result.outcome, "restored")
  local told = 0
  for _, warning in ipairs(result.record.warnings) do
    if warning:find "custom endpoint mydb%-%a+ could not be moved .*CreateDBClusterEndpoint" then told = told + 1 end
  end
  witness.equal(told, 3, "warnings")
end

tests["a crash in the middle is resumed"] = function()
  for nth = 1, 4 do
    local seen = 0
    local result = restore { crash = function(kind, entry)
      if kind == "intent" and entry.operation:find "DBClusterEndpoint$" then seen = seen + 1 end
      return seen == nth and kind == "intent" and entry.operation:find "DBClusterEndpoint$" ~= nil
    end }
    witness.equal(result.outcome, "restored")
    witness.equal(endpoints(result.sandbox), AS_THEY_WERE, "crash " .. nth)
  end
end

-- A subscription of the cluster and one of a member; somebody strikes the sources off while the names are given up.
local function subscribed(sandbox)
  for _, params in ipairs {
    { CustSubscriptionId = "of-cluster", SourceType = "db-cluster", SourceIdsList = { "mydb" } },
    { CustSubscriptionId = "of-members", SourceType = "db-instance", SourceIdsList = { "mydb-1", "mydb-2" } },
    { CustSubscriptionId = "of-all", SourceType = "db-instance", SourceIdsList = {} },
  } do
    neighbours.add_subscription(sandbox, params)
  end
end

local function struck_off(sandbox)
  sandbox.subscriptions["of-cluster"].SourceIdsList = {}
  sandbox.subscriptions["of-members"].SourceIdsList = { "mydb-1" }
end

local function sources(sandbox)
  local list = {}
  for _, row in ipairs(sandbox:operator("DescribeEventSubscriptions", {}).EventSubscriptionsList) do
    table.sort(row.SourceIdsList)
    list[#list + 1] = row.CustSubscriptionId .. " " .. table.concat(row.SourceIdsList, " ")
  end
  table.sort(list)
  return table.concat(list, "\n")
end

tests["event subscriptions name the replacement as they named the original"] = function()
  for _, strike in ipairs { false, true } do
    local result = rehearse { cluster = {}, prepare = subscribed, extend = function(pipeline)
      pipeline:before("configure", function(run) return strike and struck_off(run.world.sandbox) end)
    end }
    witness.equal(result.outcome, "restored")
    witness.equal(sources(result.sandbox), "of-all \nof-cluster mydb\nof-members mydb-1 mydb-2")
    witness.equal(#witness.changes(result.sandbox, "AddSourceIdentifierToSubscription"), strike and 2 or 0, "calls")
  end
end

tests["one that is gone is told, and who may not ask goes without"] = function()
  local result = rehearse { cluster = {}, prepare = subscribed, extend = function(pipeline)
    pipeline:before("configure", function(run)
      struck_off(run.world.sandbox)
      run.world.sandbox.subscriptions["of-cluster"] = nil
    end)
  end }
  witness.equal(result.outcome, "restored")
  local told = false
  for _, warning in ipairs(result.record.warnings) do told = told or warning:find "subscription of%-cluster" ~= nil end
  assert(told, "nobody is told")
  result = rehearse { cluster = {}, prepare = subscribed, faults = { { operation = "DescribeEventSubscriptions",
    occurrence = "every", kind = "denied" } } }
  witness.equal(result.outcome, "restored")
  told = false
  for _, warning in ipairs(result.record.warnings) do told = told or warning:find "not looked after" ~= nil end
  assert(told, "nobody is told that they could not be asked for")
end

tests["replicas may stay behind if that is asked for"] = function()
  local instance = { ReadReplicaDBInstanceIdentifiers = { "mydb-replica" } }
  witness.equal(rehearse { instance = instance }.outcome, "refused")
  local result = rehearse { instance = instance, options = { allow_replicas = true } }
  witness.equal(result.outcome, "restored")
  local told
  for _, row in ipairs(result.document.settings.impossible) do told = told or row.name == "ReadReplicas" end
  assert(told, "the report does not say that they stay with the old instance")
end

tests["a snapshot of another database may be restored from if that is asked for"] = function()
  local function run(options)
    return rehearse { task = "db_restore", options = options, prepare = function(sandbox)
      sandbox:add_instance { DBInstanceIdentifier = "other" }
      sandbox:add_snapshot { DBSnapshotIdentifier = "foreign", DBInstanceIdentifier = "other" }
    end }
  end
  witness.equal(run { snapshot = "foreign" }.outcome, "refused")
  witness.equal(run { snapshot = "foreign", allow_foreign_snapshot = true }.outcome, "restored")
end

return tests
