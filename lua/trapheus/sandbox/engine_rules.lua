--- Which parameters an instance of an engine does not take, and which exclude each other.

local validate = require "trapheus.sandbox.validate"

local engine_rules = {}

---@class trapheus.sandbox.EngineRule
---@field parameter string
---@field only string[]|nil    Prefixes of the engines that take it
---@field never string|nil     A pattern of engines that do not
---@field call string|nil      Of this call only
---@field value any            Only this value is refused

---@type trapheus.sandbox.EngineRule[]
local RULES = {
  { parameter = "DBName", only = { "oracle", "sqlserver" }, call = "restore" },
  { parameter = "EngineLifecycleSupport", only = { "mysql", "postgres" } },
  { parameter = "AdditionalStorageVolumes", only = { "oracle", "sqlserver" } },
  { parameter = "MultiTenant", only = { "oracle-ee-cdb", "oracle-se2-cdb" } },
  { parameter = "EnableIAMDatabaseAuthentication", only = { "mysql", "mariadb", "postgres" }, value = true },
  { parameter = "ManageMasterUserPassword", only = { "oracle" }, call = "restore" },
  { parameter = "Engine", never = "^oracle.*%-cdb$", call = "restore" },
  { parameter = "AllocatedStorage", never = "^sqlserver", call = "restore" },
  { parameter = "StorageType", never = "^sqlserver", call = "restore" },
  { parameter = "Iops", never = "^sqlserver", call = "restore" },
  { parameter = "StorageThroughput", never = "^sqlserver", call = "restore" },
}

local function takes(rule, engine)
  if rule.never then return not engine:find(rule.never) end
  for _, prefix in ipairs(rule.only) do
    if engine:sub(1, #prefix) == prefix then return true end
  end
  return false
end

local function check_directory(params)
  local own = params.DomainFqdn or params.DomainOu or params.DomainAuthSecretArn or params.DomainDnsIps
  if own and (params.Domain or params.DomainIAMRoleName) then
    validate.refuse_combination "Domain and the parameters of a self-managed directory exclude each other."
  elseif own and not (params.DomainFqdn and params.DomainAuthSecretArn and #(params.DomainDnsIps or {}) == 2) then
    validate.refuse_combination "A self-managed directory needs its FQDN, a secret and two DNS addresses."
  end
end

local function check_outposts(params)
  if params.EnableCustomerOwnedIp and params.BackupTarget == "region" then
    validate.refuse_combination "EnableCustomerOwnedIp is for RDS on Outposts."
  end
end

local function check_mirroring(engine, params, retention)
  if engine:find "^sqlserver" and params.MultiAZ and retention == 0 then
    validate.refuse_value "Mirroring cannot be applied to instances with backup retention set to zero."
  end
end

--- A key of the secret is for the call that turns its management on.
local function check_secret(fields, params)
  if not params.MasterUserSecretKmsKeyId then return end
  if fields.MasterUserSecret or not params.ManageMasterUserPassword then
    validate.refuse_combination "MasterUserSecretKmsKeyId is for turning on the management of the master password."
  end
end

---@param fields table What the instance (or the snapshot's source) has: at least its Engine
---@param params table
---@param call "create"|"restore"|"modify"
function engine_rules.check(fields, params, call)
  for _, rule in ipairs(RULES) do
    local value = params[rule.parameter]
    local concerns = value ~= nil and (rule.value == nil or value == rule.value)
    if concerns and (not rule.call or rule.call == call) and not takes(rule, fields.Engine) then
      validate.refuse_combination("%s is not valid for the engine %s.", rule.parameter, fields.Engine)
    end
  end
  check_directory(params)
  check_outposts(params)
  check_mirroring(fields.Engine, params, params.BackupRetentionPeriod or fields.BackupRetentionPeriod)
  check_secret(fields, params)
end

return engine_rules
