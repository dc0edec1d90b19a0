--- RestoreDBClusterFromSnapshot: a new cluster, with AWS's own defaults for whatever was not asked for. One of Aurora
--- has no members yet.

local cluster_creation = require "trapheus.sandbox.cluster_creation"
local cluster_settings = require "trapheus.sandbox.cluster_settings"
local cluster_snapshots = require "trapheus.sandbox.cluster_snapshots"
local cluster_validate = require "trapheus.sandbox.cluster_validate"
local clusters = require "trapheus.sandbox.clusters"
local multi_az = require "trapheus.sandbox.multi_az"
local names = require "trapheus.sandbox.names"
local resources = require "trapheus.sandbox.resources"
local snapshots = require "trapheus.sandbox.snapshots"
local tables = require "trapheus.sandbox.tables"
local template = require "trapheus.sandbox.template"
local validate = require "trapheus.sandbox.validate"

local cluster_restore = { operations = { rds = {} } }

local OTHERS = {
  DBClusterIdentifier = true, SnapshotIdentifier = true, Engine = true, KmsKeyId = true, Tags = true,
}

local HOW = {
  knob = "cluster_restore_s", fails = "restore_fails_percent", stages = { "migrating" }, category = "restoration",
  message = "Restored from snapshot",
}

local function check_engine(snapshot, params)
  local engine, version = snapshot.source.Engine, params.EngineVersion
  validate.present(params, "Engine")
  if params.Engine ~= engine then
    validate.refuse_combination("The engine %s does not match the snapshot's, %s.", params.Engine, engine)
  end
  if version and not version:find "^%d" then
    validate.refuse_combination("Cannot find version %s for %s", version, engine)
  end
  validate.version(snapshot.source, params)
end

--- Without a version it is the Region's default, not the snapshot's.
local function with_version(snapshot, params)
  local asked, engine = tables.shallow(params), template.engine(params.Engine)
  asked.EngineVersion = params.EngineVersion or engine and engine.version or snapshot.source.EngineVersion
  return asked
end

local function encrypt(sb, fields, source, params)
  local key = params.KmsKeyId or source.KmsKeyId
  fields.StorageEncrypted = key ~= nil or source.StorageEncrypted or sb.knobs.restore_encrypts_cluster == 1
  fields.StorageEncryptionType = params.KmsKeyId and source.StorageEncryptionType and "sse-kms"
    or source.StorageEncryptionType
  fields.KmsKeyId = key or fields.StorageEncrypted and template.key(sb, "aws-rds") or nil
end

function cluster_restore.operations.rds.RestoreDBClusterFromSnapshot(sb, params, fault)
  cluster_settings.require_known(params, "restore", OTHERS)
  local name = names.check(params.DBClusterIdentifier, "DBClusterIdentifier", 63)
  validate.present(params, "SnapshotIdentifier")
  local snapshot = snapshots.find_available(sb, cluster_snapshots.KIND, params.SnapshotIdentifier)
  clusters.require_free(sb, name)
  check_engine(snapshot, params)
  cluster_validate.settings({ Engine = params.Engine, MonitoringInterval = 0, PerformanceInsightsEnabled = false },
    params, "restore")
  multi_az.check(params, params.Engine)
  multi_az.require_names(sb, name, params)
  cluster_creation.check(sb, params)
  validate.key(sb, params.KmsKeyId or snapshot.source.KmsKeyId)
  local fields = cluster_creation.configuration(sb, snapshot.source, with_version(snapshot, params), "restore")
  encrypt(sb, fields, snapshot.source, params)
  local cluster = clusters.create(sb, name, "creating", fields, snapshot.data_version)
  cluster.restored_version = snapshot.data_version
  multi_az.add_members(sb, cluster)
  resources.commit(sb, cluster)
  cluster_creation.plan(sb, cluster, fault, HOW)
  return { DBCluster = clusters.view(sb, cluster) }
end

return cluster_restore
