--- What is refused whatever kind of database it is. A check answers nil, or why not.
local marks = require "trapheus.marks"
local names = require "trapheus.names"
local parts = require "trapheus.parts"
local rules = require "trapheus.settings.rules"

local common = { original = {}, names = {}, snapshot = {} }

---@class trapheus.Checks
---@field original table<string, fun(run: trapheus.Run, original: trapheus.Database): string?>
---@field names table<string, fun(run: trapheus.Run, original: trapheus.Database): string?>  Asked if it is restored.
---@field snapshot table<string, fun(run: trapheus.Run, snapshot: trapheus.Snapshot): string?>

-- The original ------------------------------------------------------------------------------

function common.original.available(_, original)
  if original.status ~= "available" then
    return ("it is '%s'; only an available database can be restored"):format(original.status)
  end
end

function common.original.pending(_, original)
  if original:pending() then
    return "modifications are pending, which a rename would apply at once: apply or withdraw them first"
  end
end

function common.original.no_custom_engine(_, original)
  if (original.raw.Engine or ""):find "^custom%-" then
    return "RDS Custom cannot be renamed: restore its snapshot under another name, and let its users go there"
  end
end

function common.original.no_blue_green(run, original)
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

function common.original.tags_fit(run)
  local count = #(run.facts.config.Tags or {})
  if count + marks.MOST > marks.MOST_TAGS then
    return ("it has %d tags; %d of %d must be free for the marks of the run"):format(count, marks.MOST, marks.MOST_TAGS)
  end
end

-- The names it needs --------------------------------------------------------------------------

local function taken(name, holder)
  return ("the name %s is taken (%s): %s"):format(name, holder.resource_id, marks.way_on(holder)
    or "it may be what an earlier restore left behind; make sure, then rename or delete it")
end

function common.names.aside_free(run)
  local holder = run:holder(run.facts.aside)
  if holder then return taken(run.facts.aside, holder) end
end

function common.names.asides_of_members_free(run)
  local holder = parts.aside_holders(run)[1]
  if holder then return taken(holder.name, holder) end
end

function common.names.final_snapshot_free(run)
  local name = run.options.final_snapshot
  if name and run.database.snapshot(run.world.rds, name) then
    return ("the final snapshot %s exists already"):format(name)
  end
end

function common.names.fit(run)
  local derived = names.derived(run.identifier)
  for _, member in ipairs(run.facts.original.members) do
    derived[#derived + 1] = { what = "the name a member is moved to,", name = member.aside }
  end
  return names.problem(derived)
end

-- The snapshot --------------------------------------------------------------------------------

function common.snapshot.source(run, snapshot)
  if snapshot.source_name ~= run.identifier and snapshot.source_resource_id ~= run.facts.original.resource_id
    and not run.options.allow_foreign_snapshot then
    return ("it is of %s, not of %s%s"):format(snapshot.source_name, run.identifier,
      run:takes_snapshot() and ": name another with --snapshot" or ": --allow-foreign-snapshot accepts that")
  end
end

function common.snapshot.available(_, snapshot)
  if snapshot.status ~= "available" then return ("it is '%s', not available"):format(snapshot.status) end
end

local function only_to_restore_from(check)
  return function(run, snapshot)
    if not run:takes_snapshot() then return check(run.facts.config, snapshot, run) end
  end
end

common.snapshot.engine = only_to_restore_from(function(config, snapshot)
  if snapshot.engine and snapshot.engine ~= config.Engine then
    return ("it is of engine %s, not %s"):format(snapshot.engine, config.Engine)
  end
end)

common.snapshot.version = only_to_restore_from(function(config, snapshot)
  local version = snapshot.version
  if version and not rules.same_major.holds(config, { Engine = snapshot.engine or config.Engine,
      EngineVersion = version }) then
    return ("it is of version %s, the database of %s: upgrade the snapshot first"):format(version,
      config.EngineVersion)
  end
end)

common.snapshot.storage = only_to_restore_from(function(config, snapshot)
  if (snapshot.storage_gib or 0) > (config.AllocatedStorage or 0) then
    return ("it needs %d GiB, the database has %d"):format(snapshot.storage_gib, config.AllocatedStorage)
  end
end)

common.snapshot.encryption = only_to_restore_from(function(_, snapshot, run)
  if run.facts.encrypted and not snapshot.encrypted then
    return "it is not encrypted, but the database is: copy it with a KMS key first"
  end
end)

common.snapshot.shared = only_to_restore_from(function(_, snapshot, run)
  local owner = (snapshot.arn or ""):match "^arn:[^:]*:rds:[^:]*:(%d+):"
  if snapshot.encrypted and owner and owner ~= run.record.account then
    return ("it is encrypted and shared by account %s: copy it first"):format(owner)
  end
end)

return common
