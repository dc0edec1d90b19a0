--- What the door must know of each mutating operation that the pipeline uses. RDS has no
--- idempotency tokens, so what a second execution does decides what may be sent again.
---@class trapheus.Operation
---@field names (fun(parameters: table): string[])?  The names whose holder it changes, each with its name space
---                               (names.held); none: it changes no holder.
---@field repeatable boolean      Executed twice it does no more than executed once.
---@field sends integer           How often it may leave the process, as long as the run can turn back instead.
---@field aspect (fun(parameters: table, target: trapheus.Target): string?)?  What else it changes, as text: to change
---                               it back while a call is lost would let that call have the last word.
---@field marks boolean?          It changes our own tags only.
---@field renews boolean?         What it makes may have been there before: to see it proves nothing of the call.
---@field echoes table<string, true>?  With what it may be refused when it is executed a second time, although the first
---                               has taken effect: no answer about that one.

local names = require "trapheus.names"

local function field(kind, name)
  return function(parameters) return { names.held(kind, parameters[name]) } end
end

local function none() return {} end

--- A rename changes who holds two names; any other modification changes none.
local function renamed(kind, from, to)
  return function(parameters)
    if not parameters[to] then return {} end
    return { names.held(kind, parameters[from]), names.held(kind, parameters[to]) }
  end
end

-- Of whoever has the name: a call that comes late is executed on that one.
local function protection(parameters, target)
  return parameters.DeletionProtection ~= nil and names.held("protection", target.name) or nil
end

local function tags(parameters) return names.held("tags", parameters.ResourceName) end

---@type table<string, trapheus.Operation>
return {
  ModifyDBInstance = { names = renamed("instance", "DBInstanceIdentifier", "NewDBInstanceIdentifier"),
    aspect = protection, repeatable = true, sends = 2,
    echoes = { DBInstanceAlreadyExists = true, DBInstanceNotFound = true } },
  ModifyDBCluster = { names = renamed("cluster", "DBClusterIdentifier", "NewDBClusterIdentifier"),
    aspect = protection, repeatable = true, sends = 2,
    echoes = { DBClusterAlreadyExistsFault = true, DBClusterNotFoundFault = true } },
  RebootDBInstance = { names = none, repeatable = false, sends = 2 },
  RebootDBCluster = { names = none, repeatable = false, sends = 2 },
  DeleteDBInstance = { names = field("instance", "DBInstanceIdentifier"), repeatable = false, sends = 3 },
  DeleteDBCluster = { names = field("cluster", "DBClusterIdentifier"), repeatable = false, sends = 3 },
  CreateDBInstance = { names = field("instance", "DBInstanceIdentifier"), repeatable = true, sends = 3 },
  RestoreDBInstanceFromDBSnapshot = { names = field("instance", "DBInstanceIdentifier"), repeatable = true,
    sends = 3 },
  RestoreDBClusterFromSnapshot = { names = field("cluster", "DBClusterIdentifier"), repeatable = true, sends = 3 },
  CreateDBSnapshot = { names = field("snapshot", "DBSnapshotIdentifier"), repeatable = true, sends = 3 },
  CreateDBClusterSnapshot = { names = field("cluster-snapshot", "DBClusterSnapshotIdentifier"), repeatable = true,
    sends = 3 },
  DeleteDBSnapshot = { names = field("snapshot", "DBSnapshotIdentifier"), repeatable = false, sends = 3 },
  DeleteDBClusterSnapshot = { names = field("cluster-snapshot", "DBClusterSnapshotIdentifier"), repeatable = false,
    sends = 3 },
  StartExportTask = { names = field("export", "ExportTaskIdentifier"), repeatable = true, sends = 3 },
  AddRoleToDBInstance = { names = none, repeatable = true, sends = 3 },
  AddRoleToDBCluster = { names = none, repeatable = true, sends = 3 },
  CreateDBClusterEndpoint = { names = field("cluster-endpoint", "DBClusterEndpointIdentifier"), repeatable = true,
    sends = 3 },
  DeleteDBClusterEndpoint = { names = field("cluster-endpoint", "DBClusterEndpointIdentifier"), repeatable = false,
    sends = 3 },
  AddSourceIdentifierToSubscription = { names = none, repeatable = true, sends = 3 },
  EnableHttpEndpoint = { names = none, repeatable = true, sends = 3 },
  StartActivityStream = { names = none, repeatable = true, sends = 3 },
  ModifyActivityStream = { names = none, repeatable = true, sends = 3 },
  StartDBInstanceAutomatedBackupsReplication = { names = none, repeatable = true, sends = 3 },
  AddTagsToResource = { names = none, aspect = tags, repeatable = true, sends = 3, marks = true, renews = true },
  -- not repeatable: a lost one that comes late would take off the tags of another run
  RemoveTagsFromResource = { names = none, aspect = tags, repeatable = false, sends = 3, marks = true },
}
