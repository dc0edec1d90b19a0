--- How a setting would travel to a replacement: for people who want to know before they restore.
local rules = require "trapheus.settings.rules"

local travel = {}

local CALLS = {
  instance = { restore = "RestoreDBInstanceFromDBSnapshot", modify = "ModifyDBInstance" },
  cluster = { restore = "RestoreDBClusterFromSnapshot", modify = "ModifyDBCluster" },
  member = { create = "CreateDBInstance", modify = "ModifyDBInstance" },
}

---@class trapheus.Journey
---@field by "restore"|"create"|"modify"|"call"|"snapshot"|"rds"|"impossible"
---@field operation string?
---@field parameter string?
---@field why string?       Of what is left to RDS, or impossible.

-- Would it be sent? A replacement that has just been restored is of the same engine and version.
local function sent(row, config, restored)
  local rule = row.when and rules[row.when]
  return not rule or rule.holds(config, restored and { Engine = config.Engine, EngineVersion = config.EngineVersion })
end

local function with_the_making(kind, row, config)
  local made = row.restore and "restore" or row.create and "create"
  if made and not row.with and (not config or sent(row, config)) then
    return { by = made, operation = CALLS[kind][made], parameter = row[made] }
  end
end

local function afterwards(kind, row, config)
  if row.modify and (not config or sent(row, config, true)) then
    return { by = "modify", operation = CALLS[kind].modify, parameter = row.modify }
  elseif row.call and (not row.compare or not config or rules[row.compare].holds(config)) then
    return { by = "call", operation = row.call }
  end
end

---@param kind "instance"|"cluster"|"member"
---@param row table       of its table
---@param config table?   as captured; nil: whatever it is
---@return trapheus.Journey
function travel.of(kind, row, config)
  if row.cannot then return { by = "impossible", why = row.cannot } end
  if row.inherited then return { by = "snapshot" } end
  return with_the_making(kind, row, config) or afterwards(kind, row, config)
    or { by = "rds", why = rules[row.when or row.compare].source }
end

local WORDS = { restore = "restore", create = "creation", modify = "modification", call = "own call" }

--- One line for people.
---@param journey trapheus.Journey
---@return string
function travel.text(journey)
  if journey.by == "impossible" then return "cannot: " .. journey.why end
  if journey.by == "snapshot" then return "with the snapshot" end
  if journey.by == "rds" then return "left to RDS: " .. journey.why end
  return ("%s: %s"):format(WORDS[journey.by], journey.parameter or journey.operation)
end

return travel
