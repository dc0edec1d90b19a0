--- What a new instance goes through, whether it is created or restored.

local errors = require "trapheus.sandbox.errors"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local settings = require "trapheus.sandbox.settings"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"
local validate = require "trapheus.sandbox.validate"

local creation = {}

--- What a new instance begins with.
---@param sb table
---@return table fields
function creation.blank(sb)
  return {
    DbiResourceId = names.resource_id(sb, "db"), InstanceCreateTime = sb:seconds(), DbInstancePort = 0,
    DBSecurityGroups = {}, ReadReplicaDBInstanceIdentifiers = {}, ReadReplicaDBClusterIdentifiers = {},
    StatusInfos = {}, DomainMemberships = {}, ProcessorFeatures = {}, AssociatedRoles = {},
    ActivityStreamStatus = "stopped", IsStorageConfigUpgradeAvailable = false,
    DBInstanceAutomatedBackupsReplications = {},
  }
end

local function value_of(sb, setting, source, params, call)
  local given = params[settings.parameter(setting, call) or false]
  if given ~= nil then
    return setting.restore_shape and setting.restore_shape(given) or given
  end
  local omitted = setting.omitted
  if type(omitted) == "function" then omitted = omitted(source, setting, sb, params) end
  return tables.copy(omitted)
end

--- Writes every setting: as it was asked for, or else as it is without that parameter.
---@param sb table
---@param fields table
---@param source table What there is to start from: the snapshot's instance, or the engine.
---@param params table
---@param call "create"|"restore"
---@param rows trapheus.sandbox.Setting[]|nil An instance's, unless given.
function creation.configure(sb, fields, source, params, call, rows)
  fields.Engine, fields.EngineVersion = source.Engine, source.EngineVersion
  for _, setting in ipairs(rows or settings.rows) do
    local value = value_of(sb, setting, source, params, call)
    if value ~= nil then settings.write(sb, fields, setting, value) end
  end
  template.storage_baseline(fields)
  validate.family(sb, fields, params)
end

---@param sb table
---@param more_gib integer Of the new instance.
function creation.check_quota(sb, more_gib)
  local count, gib = 0, more_gib
  for _, instance in ipairs(sb.instances) do
    if not instance.gone then
      count, gib = count + 1, gib + (instance.cluster and 0 or instance.fields.AllocatedStorage)
    end
  end
  if count >= sb.knobs.instance_quota then
    errors.refuse("InstanceQuotaExceeded", "DB Instance quota exceeded")
  end
  if gib > sb.knobs.storage_quota then
    errors.refuse("StorageQuotaExceeded", "Allocated storage quota exceeded")
  end
end

--- Changes of status on the way to `available`.
---@param sb table
---@param resource table
---@param labels string[] What it may show.
---@param count number How many; rounded.
---@param done fun()
function creation.flap(sb, resource, labels, count, done)
  local left = math.floor(count + 0.5)
  if left <= 0 then return done() end
  resources.become(sb, resource, sb:stream("flap"):pick(labels))
  sb:later(sb:draw "restore_flap_s", function() creation.flap(sb, resource, labels, left - 1, done) end, resource)
end

return creation
