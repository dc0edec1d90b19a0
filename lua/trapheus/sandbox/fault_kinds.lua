--- The vocabulary of faults, as data: what can happen to a call, and what can happen at a time.

local includes = require "trapheus.includes"

---@class trapheus.sandbox.Parameter
---@field name string       Its field in a fault.
---@field type "duration"|"seconds"|"count"|"bytes"|"name"|"text"|"word"|"code"|"status"|"operation"
---@field optional boolean?
---@field choices string[]? Of a word.

---@class trapheus.sandbox.FaultKind
---@field about string
---@field parameters trapheus.sandbox.Parameter[]  In the order of the compact form.
---@field of string[]?        The operations that read the fault themselves, and end differently; nothing to the others.

local function parameter(name, kind, more)
  local row = more or {}
  row.name, row.type = name, kind
  return row
end

local NAME = parameter("name", "name")

local function optional(name, kind) return parameter(name, kind, { optional = true }) end

local function row(about, ...) return { about = about, parameters = { ... } } end

local function shapes(about, operations, ...) return { about = about, parameters = { ... }, of = operations } end

local CREATE = { "CopyDBClusterSnapshot", "CopyDBSnapshot", "CreateDBCluster", "CreateDBClusterSnapshot",
  "CreateDBInstance", "CreateDBSnapshot", "RestoreDBClusterFromSnapshot", "RestoreDBInstanceFromDBSnapshot",
  "StartExportTask" }
local CHANGE = { "FailoverDBCluster", "ModifyDBCluster", "ModifyDBInstance", "StartExportTask" }
local TAKE_TIME = { "CancelExportTask", "CopyDBClusterSnapshot", "CopyDBSnapshot", "CreateDBCluster",
  "CreateDBClusterSnapshot", "CreateDBInstance", "CreateDBSnapshot", "DeleteDBCluster", "DeleteDBClusterSnapshot",
  "DeleteDBInstance", "DeleteDBSnapshot", "FailoverDBCluster", "ModifyDBCluster", "ModifyDBInstance",
  "RebootDBCluster", "RebootDBInstance", "RestoreDBClusterFromSnapshot", "RestoreDBInstanceFromDBSnapshot",
  "StartExportTask" }

local kinds = {}

--- What happens to a call.
---@type table<string, trapheus.sandbox.FaultKind>
kinds.of_calls = {
  drop = row("so many requests in a row never arrive", optional("count", "count")),
  lost = row "it is executed, and the reply is lost",
  dup = row "it is executed twice, and the second reply arrives",
  zombie = row("the client gives up; it is executed that much later", optional("delay_s", "duration")),
  throttle = row("so many calls in a row are refused", optional("count", "count")),
  ["500n"] = row "InternalFailure, and it was not executed",
  ["500c"] = row "InternalFailure, though it was executed",
  ["503"] = row "ServiceUnavailable",
  trunc = row("it is executed, and the reply ends at that byte", optional("bytes", "bytes")),
  garbage = row("it is executed, and a page of some proxy, nothing, or the wrong content type arrives",
    parameter("form", "word", { optional = true, choices = { "html", "empty", "type" } })),
  odd = row("it is executed, and the reply says so as no other does: elements that nobody knows, every text with a "
    .. "character reference, or 10 MiB of it", parameter("form", "word",
    { optional = true, choices = { "unknown", "entities", "huge" } })),
  slow = row("the reply takes that long; if it is too long, the client gives up", parameter("delay_s", "duration")),
  reset = row("the connection is reset at that byte of the request (which is then not executed) or of the reply",
    parameter("part", "word", { choices = { "request", "response" } }), optional("bytes", "bytes")),
  dns = row "the endpoint's name is not resolved: nothing is sent",
  tls = row "the server's certificate is not trusted: nothing is sent",
  skew = row("the server's clock is that much further ahead from now on", parameter("offset_s", "seconds")),
  expired = row "ExpiredToken",
  revoked = row "InvalidClientTokenId",
  denied = row "AccessDenied",
  error = row("that error", parameter("code", "code"), optional("status", "status"), optional("message", "text")),
  terminal = shapes("what it begins ends in that status", CREATE, parameter("status", "name")),
  background_failure = shapes("what it begins fails, and the database is as before", CHANGE),
  stuck = shapes("what it begins never ends", TAKE_TIME),
}

--- What happens at a time, whoever calls: operators, RDS itself, clocks, credentials.
---@type table<string, trapheus.sandbox.FaultKind>
kinds.at_times = {
  delete = row("somebody deletes the instance", NAME),
  snapshot = row("somebody makes a snapshot of it", NAME, parameter("snapshot", "name")),
  delete_snapshot = row("somebody deletes the snapshot", NAME),
  rename = row("somebody renames the instance", NAME, parameter("new_name", "name")),
  protect = row("somebody turns its deletion protection on or off", NAME,
    parameter("to", "word", { choices = { "on", "off" } })),
  tag = row("somebody sets a tag of it", NAME, parameter("key", "name"), optional("value", "text")),
  untag = row("somebody removes a tag of it", NAME, parameter("key", "name")),
  write = row("the application writes to it", NAME),
  stop = row("somebody stops it; RDS starts it again after seven days", NAME),
  start = row("somebody starts it", NAME),
  failover = row("it fails over", NAME),
  status = row("it shows that status, for that long or for good", NAME, parameter("status", "name"),
    optional("for_s", "duration")),
  key_disabled = row("its KMS key is disabled; after seven days that cannot be undone", NAME),
  key_enabled = row("its KMS key is enabled again", NAME),
  skew = row("the server's clock is that much further ahead", parameter("offset_s", "seconds")),
  expire = row "the credentials expire",
  revoke = row "the access key is made inactive",
  renew = row "there are new credentials",
  deny = row("a policy denies that operation", parameter("operation", "operation")),
  allow = row("the policy is taken back", parameter("operation", "operation")),
}

--- Does it do anything to a call of that operation?
---@param kind string  Of a call.
---@param operation string
---@return boolean
function kinds.suits(kind, operation)
  local of = kinds.of_calls[kind].of
  return not of or includes(of, operation)
end

return kinds
