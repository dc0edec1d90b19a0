--- What can go wrong with one call, for the campaigns: the sandbox's kinds with the parameters that differ.
local kinds = {}

local function call(kind, more)
  local fault = more or {}
  fault.kind = kind
  return fault
end

--- What meets a read, one of each way in which a client can see it fail after its own attempts: it changes nothing, so
--- that nothing else matters.
kinds.reads = { call("drop", { count = 3 }), call("throttle", { count = 3 }), call "denied", call "expired" }

--- What meets a mutation.
kinds.mutations = { call "drop", call "lost", call "dup", call("zombie", { delay_s = 30 }),
  call("zombie", { delay_s = 600 }), call("zombie", { delay_s = 890 }), call("throttle", { count = 4 }), call "500n",
  call "500c", call "503", call("trunc", { bytes = 300 }), call("garbage", { form = "empty" }),
  call("slow", { delay_s = 90 }), call("reset", { part = "request" }), call("reset", { part = "response" }),
  call "dns", call "tls", call "expired", call "revoked", call "denied" }

local function ends_as(...)
  local list = {}
  for i, status in ipairs { ... } do list[i] = call("terminal", { status = status }) end
  return list
end

local RESTORES = ends_as("failed", "incompatible-restore", "incompatible-network", "insufficient-capacity",
  "incompatible-parameters", "storage-full")
table.insert(RESTORES, call "stuck")
local CREATES = { table.unpack(RESTORES) }

--- What an operation begins can end otherwise.
kinds.shapes = {
  RestoreDBInstanceFromDBSnapshot = RESTORES,
  RestoreDBClusterFromSnapshot = ends_as("restore-failed", "migration-failed", "cloning-failed"),
  CreateDBInstance = CREATES,
  CreateDBSnapshot = ends_as "failed",
  CreateDBClusterSnapshot = ends_as "failed",
  StartExportTask = { call "background_failure", call "stuck" },
  ModifyDBInstance = { call "background_failure", call "stuck" },
  ModifyDBCluster = { call "background_failure", call "stuck" },
}

--- The restore does not succeed: the other half of every campaign goes through rollback.
kinds.no_restore = {
  instance = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = "every", kind = "terminal",
    status = "incompatible-restore" },
  cluster = { operation = "RestoreDBClusterFromSnapshot", occurrence = "every", kind = "terminal",
    status = "restore-failed" },
}

---@param fault table    of this list
---@param operation string
---@param occurrence integer
---@return table  of a plan
function kinds.at(fault, operation, occurrence)
  local placed = { operation = operation, occurrence = occurrence }
  for field, value in pairs(fault) do placed[field] = value end
  return placed
end

return kinds
