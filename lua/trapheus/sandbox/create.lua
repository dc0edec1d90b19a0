--- CreateDBInstance: a new, empty instance. Its password is checked and forgotten: nothing here has one.

local creation = require "trapheus.sandbox.creation"
local errors = require "trapheus.sandbox.errors"
local events = require "trapheus.sandbox.events"
local instances = require "trapheus.sandbox.instances"
local names = require "trapheus.sandbox.names"
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

--- What differs between the engines that are known here.
local RULES = {
  postgres = { version = "^%d+", password = 128, username = 63, reserved = { rdsadmin = true, admin = true } },
  mysql = { version = "^%d+%.%d+", password = 41, username = 16, reserved = { rdsadmin = true } },
  mariadb = { version = "^%d+%.%d+", password = 41, username = 16, reserved = { rdsadmin = true } },
}

local SMALLEST_GIB, LARGEST_GIB = 20, 65536

local function value_error(message, ...)
  errors.refuse("InvalidParameterValue", message:format(...))
end

local function combination(message, ...)
  errors.refuse("InvalidParameterCombination", message:format(...))
end

local function require_parameter(params, name)
  if params[name] == nil or params[name] == "" then
    errors.refuse("MissingParameter", ("The request must contain the parameter %s."):format(name))
  end
end

local function check_username(params, rules)
  require_parameter(params, "MasterUsername")
  local name = params.MasterUsername
  if not name:find "^%a[%w_]*$" or #name > rules.username then
    value_error("The parameter MasterUsername is not a valid identifier.")
  elseif rules.reserved[name:lower()] then
    value_error("MasterUsername %s cannot be used as it is a reserved word used by the engine", name)
  end
end

--- No message shows the password.
local function check_password(params, rules)
  local password = params.MasterUserPassword
  if params.ManageMasterUserPassword then
    if password then combination("MasterUserPassword and ManageMasterUserPassword exclude each other.") end
    return
  end
  require_parameter(params, "MasterUserPassword")
  if #password < 8 or #password > rules.password then
    value_error("The parameter MasterUserPassword is not a valid password because it is %s than %d characters.",
      #password < 8 and "shorter" or "longer", #password < 8 and 8 or rules.password)
  elseif not password:find "^[!-~]+$" or password:find '[/@"]' then
    value_error("The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides "
      .. "'/', '@', '\"', ' ' may be used.")
  end
end

local function check_storage(params)
  require_parameter(params, "AllocatedStorage")
  local size, kind = params.AllocatedStorage, params.StorageType or params.Iops and "io1" or "gp3"
  if size < SMALLEST_GIB or size > LARGEST_GIB then
    combination("Invalid storage size for engine name %s and storage type %s: %d", params.Engine, kind, size)
  end
  validate.storage({ Engine = params.Engine, AllocatedStorage = size }, params, kind)
  if params.KmsKeyId and not params.StorageEncrypted then
    combination("KmsKeyId is for an instance whose storage is encrypted.")
  end
end

local function check_engine(params)
  require_parameter(params, "Engine")
  require_parameter(params, "DBInstanceClass")
  local rules = RULES[params.Engine]
  if not rules then value_error("The sandbox has no engine %s: postgres, mysql and mariadb it has.", params.Engine) end
  if not params.DBInstanceClass:find "^db%.[%w%-]+%.[%w-]+$" then
    value_error("Invalid DB Instance class: %s", params.DBInstanceClass)
  end
  local version = params.EngineVersion
  if version and not version:find(rules.version) then
    combination("Cannot find version %s for %s", version, params.Engine)
  end
  return rules
end

local function check(params)
  local rules = check_engine(params)
  check_username(params, rules)
  check_password(params, rules)
  check_storage(params)
  validate.zone(params)
  validate.retention(params)
  validate.monitoring({ MonitoringInterval = 0 }, params)
  validate.insights({ PerformanceInsightsEnabled = false }, params)
  tags.check(params.Tags or {})
end

--- "16" stands for the newest 16 there is.
local function full_version(version, newest)
  if not version or newest:sub(1, #version + 1) == version .. "." then return newest end
  return version
end

--- What there is to start from: the engine's own values.
local function source_of(params)
  local engine = template.ENGINES[params.Engine]
  local source = {
    Engine = params.Engine, EngineVersion = full_version(params.EngineVersion, engine.version),
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
    events.add(sb, "db-instance", instance.name, "failure", "The DB instance could not be created.")
  end, instance)
end

function create.operations.rds.CreateDBInstance(sb, params, fault)
  settings.require_known(params, "create", OTHERS)
  local name = names.check(params.DBInstanceIdentifier, "DBInstanceIdentifier", 63)
  instances.require_free(sb, name)
  check(params)
  creation.check_quota(sb, params.AllocatedStorage)
  local instance = instances.create(sb, name, "creating", configuration(sb, params), 1)
  instances.commit(sb, instance)
  plan(sb, instance, fault)
  return { DBInstance = instances.view(sb, instance) }
end

return create
