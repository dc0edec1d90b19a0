--- CreateDBCluster: a new, empty cluster of Aurora without members, or a Multi-AZ DB cluster with its three.

local cluster_creation = require "trapheus.sandbox.cluster_creation"
local cluster_settings = require "trapheus.sandbox.cluster_settings"
local cluster_validate = require "trapheus.sandbox.cluster_validate"
local clusters = require "trapheus.sandbox.clusters"
local master_user = require "trapheus.sandbox.master_user"
local multi_az = require "trapheus.sandbox.multi_az"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local secrets = require "trapheus.sandbox.secrets"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"
local validate = require "trapheus.sandbox.validate"

local cluster_create = { operations = { rds = {} } }

local OTHERS = {
  DBClusterIdentifier = true, Engine = true, MasterUsername = true, MasterUserPassword = true, StorageEncrypted = true,
  KmsKeyId = true, Tags = true, CharacterSetName = true,
}

local HOW = { knob = "cluster_create_s", stages = {}, category = "creation", message = "DB cluster created" }

local function check(sb, params)
  cluster_settings.require_known(params, "create", OTHERS)
  validate.present(params, "Engine")
  local rules = master_user.CLUSTER_RULES[params.Engine]
  if not rules then validate.refuse_value("The sandbox has no clusters of the engine %s.", params.Engine) end
  if params.EngineVersion and not params.EngineVersion:find(rules.version) then
    validate.refuse_combination("Cannot find version %s for %s", params.EngineVersion, params.Engine)
  end
  master_user.check(params, rules)
  cluster_validate.settings({ Engine = params.Engine, MonitoringInterval = 0, PerformanceInsightsEnabled = false },
    params, "create")
  multi_az.check(params, params.Engine)
  if not params.Engine:find "^aurora" then validate.present(params, "AllocatedStorage") end
  cluster_creation.check(sb, params)
end

local function configuration(sb, params)
  local asked = tables.shallow(params)
  asked.EngineVersion = template.full_version(params.Engine, params.EngineVersion)
  local fields = cluster_creation.configuration(sb, {
    Engine = params.Engine, EngineVersion = asked.EngineVersion, Port = template.engine(params.Engine).port,
    BackupRetentionPeriod = 1, MasterUsername = params.MasterUsername, CharacterSetName = params.CharacterSetName,
  }, asked, "create")
  fields.StorageEncrypted = params.StorageEncrypted or false
  fields.KmsKeyId = params.StorageEncrypted and (params.KmsKeyId or template.key(sb, "aws-rds")) or nil
  return fields
end

function cluster_create.operations.rds.CreateDBCluster(sb, params, fault)
  local name = names.check(params.DBClusterIdentifier, "DBClusterIdentifier", 63)
  clusters.require_free(sb, name)
  check(sb, params)
  multi_az.require_names(sb, name, params)
  local cluster = clusters.create(sb, name, "creating", configuration(sb, params), 1)
  multi_az.add_members(sb, cluster)
  resources.commit(sb, cluster)
  cluster_creation.plan(sb, cluster, fault, HOW)
  secrets.settle(sb, cluster)
  return { DBCluster = clusters.view(sb, cluster) }
end

return cluster_create
