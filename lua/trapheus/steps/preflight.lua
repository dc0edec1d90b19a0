--- Asks everything that can be refused before anything is changed, and captures the original.
--- A check answers nil, or why not; every reason is told at once.
local advice = require "trapheus.steps.advice"
local names = require "trapheus.names"
local pinned = require "trapheus.pinned"
local rules = require "trapheus.settings.rules"
local sorted = require "trapheus.sorted"

---@class trapheus.steps.Preflight : trapheus.Step
local preflight = { name = "preflight", essential = true, refuses = true }

-- Who and what ------------------------------------------------------------------------------

local function identify(run)
  local caller = run.world.sts:GetCallerIdentity {}
  run.record.account, run.record.region = caller.Account, run.world.region
end

-- The kind by flag, or by who holds the name. nil, why.
local function find_kind(run)
  if run.record.kind then return run.record.kind end
  local instance = require("trapheus.databases.instance").by_name(run.world.rds, run.identifier)
  local cluster = require("trapheus.databases.cluster").by_name(run.world.rds, run.identifier)
  if instance and cluster then
    return nil, ("a DB instance and a DB cluster are both called %s: say --instance or --cluster"):format(
      run.identifier)
  elseif not instance and not cluster then
    return nil, ("no DB instance and no DB cluster in %s is called %s"):format(run.world.region, run.identifier)
  end
  return instance and "instance" or "cluster"
end

local function capture(run, original)
  local facts = run.facts
  facts.original = { resource_id = original.resource_id, name = original.name, arn = original.arn,
    protected = original.protected }
  facts.config = run.database.settings:capture(original.raw)
  facts.encrypted = original.raw.StorageEncrypted == true
  facts.aside = names.aside(run.identifier)
  facts.snapshot_name = run.options.snapshot or names.snapshot(run.identifier)
end

-- The original ------------------------------------------------------------------------------

local original_checks = {}

function original_checks.available(_, original)
  if original.status ~= "available" then
    return ("it is '%s'; only an available database can be restored"):format(original.status)
  end
end

function original_checks.pending(_, original)
  if original:pending() then
    return "modifications are pending, which a rename would apply at once: apply or withdraw them first"
  end
end

function original_checks.no_member(_, original)
  local cluster = original.raw.DBClusterIdentifier
  if cluster then return ("it is a member of the cluster %s: restore the cluster, --id %s"):format(cluster, cluster) end
end

function original_checks.no_custom_engine(_, original)
  if (original.raw.Engine or ""):find "^custom%-" then return "RDS Custom cannot be renamed" end
end

function original_checks.no_replica(run, original)
  local raw = original.raw
  local source = raw.ReadReplicaSourceDBInstanceIdentifier or raw.ReadReplicaSourceDBClusterIdentifier
  if source then return ("it is a read replica of %s: restore that one"):format(source) end
  local replicas = table.move(raw.ReadReplicaDBInstanceIdentifiers or {}, 1, 99, 1, {})
  table.move(raw.ReadReplicaDBClusterIdentifiers or {}, 1, 99, #replicas + 1, replicas)
  if #replicas > 0 and not run.options.allow_replicas then
    return ("it has read replicas (%s), which would stay with the old database: --allow-replicas accepts that"):format(
      table.concat(replicas, ", "))
  end
end

function original_checks.no_blue_green(run, original)
  local page = run.world.rds:DescribeBlueGreenDeployments {
    Filters = { { Name = "source", Values = { original.arn } } },
  }
  for _, deployment in ipairs(page.BlueGreenDeployments or {}) do
    if deployment.Source == original.arn and deployment.Status ~= "SWITCHOVER_COMPLETED" then
      return ("the blue/green deployment %s is active: finish or delete it first"):format(
        deployment.BlueGreenDeploymentName)
    end
  end
end

function original_checks.tags_fit(run)
  local count = #(run.facts.config.Tags or {})
  if count >= 50 then return ("it has %d tags; one of 50 must be free for the mark of the run"):format(count) end
end

-- The names it needs --------------------------------------------------------------------------

local name_checks = {}

function name_checks.aside_free(run)
  local holder = run:holder(run.facts.aside)
  if holder then
    return ("the name %s is taken (%s): it may be what an earlier restore left behind; "
      .. "make sure, then rename or delete it"):format(run.facts.aside, holder.resource_id)
  end
end

function name_checks.final_snapshot_free(run)
  local name = run.options.final_snapshot
  if name and run.database.snapshot(run.world.rds, name) then
    return ("the final snapshot %s exists already"):format(name)
  end
end

-- The snapshot --------------------------------------------------------------------------------

local snapshot_checks = {}

function snapshot_checks.source(run, snapshot)
  if snapshot.source_name ~= run.identifier and snapshot.source_resource_id ~= run.facts.original.resource_id
    and not run.options.allow_foreign_snapshot then
    return ("it is of %s, not of %s%s"):format(snapshot.source_name, run.identifier,
      run:takes_snapshot() and ": name another with --snapshot" or ": --allow-foreign-snapshot accepts that")
  end
end

function snapshot_checks.available(_, snapshot)
  if snapshot.status ~= "available" then return ("it is '%s', not available"):format(snapshot.status) end
end

local function only_to_restore_from(check)
  return function(run, snapshot)
    if not run:takes_snapshot() then return check(run.facts.config, snapshot.raw, run) end
  end
end

snapshot_checks.engine = only_to_restore_from(function(config, raw)
  if raw.Engine and raw.Engine ~= config.Engine then
    return ("it is of engine %s, not %s"):format(raw.Engine, config.Engine)
  end
end)

snapshot_checks.version = only_to_restore_from(function(config, raw)
  if raw.EngineVersion and not rules.same_major.holds(config, { Engine = raw.Engine or config.Engine,
      EngineVersion = raw.EngineVersion }) then
    return ("it is of version %s, the database of %s: upgrade the snapshot first (ModifyDBSnapshot)"):format(
      raw.EngineVersion, config.EngineVersion)
  end
end)

snapshot_checks.storage = only_to_restore_from(function(config, raw)
  if (raw.AllocatedStorage or 0) > (config.AllocatedStorage or 0) then
    return ("it needs %d GiB, the database has %d"):format(raw.AllocatedStorage, config.AllocatedStorage)
  end
end)

snapshot_checks.encryption = only_to_restore_from(function(_, raw, run)
  if run.facts.encrypted and not raw.Encrypted then
    return "it is not encrypted, but the database is: copy it with a KMS key first"
  end
end)

snapshot_checks.shared = only_to_restore_from(function(_, raw, run)
  local owner = (raw.DBSnapshotArn or ""):match "^arn:[^:]*:rds:[^:]*:(%d+):"
  if raw.Encrypted and owner and owner ~= run.record.account then
    return ("it is encrypted and shared by account %s: copy it first"):format(owner)
  end
end)

-- All of it -----------------------------------------------------------------------------------

local function ask(run, checks, what, thing, problems)
  for _, name in ipairs(sorted.keys(checks)) do
    local problem = checks[name](run, thing)
    if problem then problems[#problems + 1] = what .. ": " .. problem end
  end
end

local function check_snapshot(run, problems)
  local name = run.facts.snapshot_name
  local seen = run.database.snapshot(run.world.rds, name)
  if not seen then
    if not run:takes_snapshot() then problems[#problems + 1] = ("snapshot %s: there is none"):format(name) end
    return
  end
  ask(run, snapshot_checks, "snapshot " .. name, seen, problems)
  local known = pinned.new(seen, name)
  if run:takes_snapshot() then run.facts.snapshot_old = known else run.facts.snapshot = known end
  run.seen_snapshot = seen.raw
end

local function warn_of_unfinished(run)
  for _, record in ipairs(run.world.journal:list()) do
    local open = record.outcome == nil or record.outcome == "parked"
    if open and record.identifier == run.identifier and record.account == run.record.account
      and record.region == run.record.region and record.run_id ~= run.id then
      run:warn(("run %s of %s is not finished: trapheus resume %s, or trapheus rollback %s"):format(record.run_id,
        run.identifier, record.run_id, record.run_id))
    end
  end
end

function preflight.advance(run)
  identify(run)
  local kind, why = find_kind(run)
  if not kind then return run:fail(why) end
  if kind == "cluster" then
    return run:fail(("%s is a DB cluster: this version restores DB instances only"):format(run.identifier))
  end
  run.record.kind, run.database = kind, require("trapheus.databases." .. kind)
  local original = run:holder(run.identifier)
  if not original then
    return run:fail(("no DB instance in %s is called %s"):format(run.world.region, run.identifier))
  end
  capture(run, original)
  run.seen_original = original.raw
  local problems = {}
  ask(run, original_checks, run.identifier, original, problems)
  if run:restores() then ask(run, name_checks, "names", nil, problems) end
  check_snapshot(run, problems)
  if #problems > 0 then return run:fail(table.concat(problems, "\n")) end
  warn_of_unfinished(run)
  advice.give(run, original.raw, run.seen_snapshot)
  return run.world:gate(run) or run:done()
end

return preflight
