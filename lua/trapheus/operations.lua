--- What the door must know of each mutating operation that the pipeline uses. RDS has no
--- idempotency tokens, so what a second execution does decides what may be sent again.
---@class trapheus.Operation
---@field target string           Which kind of thing `database.trace` looks at: "database" or "snapshot".
---@field names (fun(parameters: table): string[])?  The names whose holder it changes; none: it changes no holder.
---@field repeatable boolean      Executed twice it does no more than executed once.
---@field sends integer           How often it may leave the process.

local function field(...)
  local fields = { ... }
  return function(parameters)
    local names = {}
    for _, name in ipairs(fields) do names[#names + 1] = parameters[name] end
    return names
  end
end

--- A rename changes who holds two names; any other modification changes none.
local function renamed(parameters)
  if not parameters.NewDBInstanceIdentifier then return {} end
  return { parameters.DBInstanceIdentifier, parameters.NewDBInstanceIdentifier }
end

---@type table<string, trapheus.Operation>
return {
  ModifyDBInstance = { target = "database", names = renamed, repeatable = true, sends = 2 },
  RebootDBInstance = { target = "database", names = field(), repeatable = false, sends = 2 },
  DeleteDBInstance = { target = "database", names = field "DBInstanceIdentifier", repeatable = false, sends = 3 },
  RestoreDBInstanceFromDBSnapshot = {
    target = "database", names = field "DBInstanceIdentifier", repeatable = true, sends = 3,
  },
  CreateDBSnapshot = { target = "snapshot", names = field "DBSnapshotIdentifier", repeatable = true, sends = 3 },
  DeleteDBSnapshot = { target = "snapshot", names = field "DBSnapshotIdentifier", repeatable = false, sends = 3 },
  RemoveTagsFromResource = { target = "database", names = field(), repeatable = true, sends = 3 },
}
