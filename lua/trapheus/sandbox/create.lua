--- CreateDBInstance: a new, empty instance. Its password is checked and forgotten: nothing here has one.

local creation = require "trapheus.sandbox.creation"
local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"
local master_user = require "trapheus.sandbox.master_user"
local member_create = require "trapheus.sandbox.member_create"
local names = require "trapheus.sandbox.names"
local secrets = require "trapheus.sandbox.secrets"
local settings = require "trapheus.sandbox.settings"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"
local template = require "trapheus.sandbox.template"
local validate = require "trapheus.sandbox.validate"

local create = { operations = { rds = {} } }

local OTHERS = {
  DBInstanceIdentifier = true, MasterUsername = true, MasterUserPassword = true, StorageEncrypted = true,
  KmsKeyId = true, Tags = true,
}

local SMALLEST_GIB, LARGEST_GIB = 20, 65536

local function check_storage(params)
  validate.present(params, "AllocatedStorage")
  local size, kind = params.AllocatedStorage, params.StorageType or params.Iops and "io1" or "gp3"
  if size < SMALLEST_GIB or size > LARGEST_GIB then
    validate.refuse_combination("Invalid storage size for engine name %s and storage type %s: %d", params.Engine, kind,
      size)
  end
  validate.storage({ Engine = params.Engine, AllocatedStorage = size }, params, kind)
  if params.KmsKeyId and not params.StorageEncrypted then
    validate.refuse_combination("KmsKeyId is for an instance whose storage is encrypted.")
  end
end

local function check_engine(params)
  validate.present(params, "Engine")
  validate.present(params, "DBInstanceClass")
  local rules = master_user.RULES[params.Engine]
  if not rules then
    validate.refuse_value("The sandbox has no engine %s: postgres, mysql and mariadb it has.", params.Engine)
  end
  if not params.DBInstanceClass:find "^db%.[%w%-]+%.[%w-]+$" then
    validate.refuse_value("Invalid DB Instance class: %s", params.DBInstanceClass)
  end
  local version = params.EngineVersion
  if version and not version:find(rules.version) then
    validate.refuse_combination("Cannot find version %s for %s", version, params.Engine)
  end
  return rules
end

local function check(params)
  local rules = check_engine(params)
  master_user.check(params, rules)
  check_storage(params)
  validate.zone(params)
  validate.retention(params)
  validate.monitoring({ MonitoringInterval = 0 }, params)
  validate.insights({ PerformanceInsightsEnabled = false }, params)
  tags.check(params.Tags or {})
end

--- What there is to start from: the engine's own values.
local function source_of(params)
  local engine = template.ENGINES[params.Engine]
  local source = {
    Engine = params.Engine, EngineVersion = template.full_version(params.Engine, params.EngineVersion),
    LicenseModel = engine.license, Endpoint = { Port = engine.port }, BackupRetentionPeriod = 1,
    DedicatedLogVolume = false,
  }
  source.DBParameterGroups = { { DBParameterGroupName = template.default_parameter_group(source) } }
  source.OptionGroupMemberships = { { OptionGroupName = template.default_option_group(source) } }
  return source
end

local function configuration(sb, params)
  local fields, source = creation.blank(sb), source_of(params)
  local asked = tables.shallow(params)
  asked.EngineVersion = source.EngineVersion
  creation.configure(sb, fields, source, asked, "create")
  fields.MasterUsername = params.MasterUsername
  fields.StorageEncrypted = params.StorageEncrypted or false
  fields.KmsKeyId = params.StorageEncrypted and (params.KmsKeyId or template.key(sb, "aws-rds")) or nil
  fields.TagList = tables.copy(params.Tags or {})
  return fields
end

local function finish(sb, instance)
  instances.settle(sb, instance)
  events.add(sb, "db-instance", instance.name, "creation", "DB instance created")
end

local function first_backup(sb, instance)
  instance.creating = nil
  local seconds = instance.fields.BackupRetentionPeriod > 0 and sb:draw "create_backup_s" or 0
  if seconds == 0 then return finish(sb, instance) end
  instances.become(sb, instance, "backing-up")
  sb:later(seconds, function() finish(sb, instance) end, instance)
end

local function plan(sb, instance, fault)
  if fault.kind == "stuck" then return end
  sb:later(sb:draw "create_s", function()
    if fault.kind ~= "terminal" then return first_backup(sb, instance) end
    instances.become(sb, instance, fault.status)
    events.failure(sb, "db-instance", instance.name, "The DB instance could not be created.")
  end, instance)
end

function create.operations.rds.CreateDBInstance(sb, params, fault)
  if params.DBClusterIdentifier then return member_create(sb, params, fault) end
  settings.require_known(params, "create", OTHERS)
  local name = names.check(params.DBInstanceIdentifier, "DBInstanceIdentifier", 63)
  instances.require_free(sb, name)
  check(params)
  creation.check_quota(sb, params.AllocatedStorage)
  local instance = instances.create(sb, name, "creating", configuration(sb, params), 1)
  instances.commit(sb, instance)
  plan(sb, instance, fault)
  secrets.settle(sb, instance)
  return { DBInstance = instances.view(sb, instance) }
end

return create
