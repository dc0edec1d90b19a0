--- What the door must know of each mutating operation that the pipeline uses. RDS has no
--- idempotency tokens, so what a second execution does decides what may be sent again.
---@class trapheus.Operation
---@field names (fun(parameters: table): string[])?  The names whose holder it changes; none: it changes no holder.
---@field repeatable boolean      Executed twice it does no more than executed once.
---@field sends integer           How often it may leave the process.

local function field(name)
  return function(parameters) return { parameters[name] } end
end

local function none() return {} end

--- A rename changes who holds two names; any other modification changes none.
local function renamed(parameters)
  if not parameters.NewDBInstanceIdentifier then return {} end
  return { parameters.DBInstanceIdentifier, parameters.NewDBInstanceIdentifier }
end

---@type table<string, trapheus.Operation>
return {
  ModifyDBInstance = { names = renamed, repeatable = true, sends = 2 },
  RebootDBInstance = { names = none, repeatable = false, sends = 2 },
  DeleteDBInstance = { names = field "DBInstanceIdentifier", repeatable = false, sends = 3 },
  RestoreDBInstanceFromDBSnapshot = { names = field "DBInstanceIdentifier", repeatable = true, sends = 3 },
  CreateDBSnapshot = { names = field "DBSnapshotIdentifier", repeatable = true, sends = 3 },
  DeleteDBSnapshot = { names = field "DBSnapshotIdentifier", repeatable = false, sends = 3 },
  RemoveTagsFromResource = { names = none, repeatable = true, sends = 3 },
}
