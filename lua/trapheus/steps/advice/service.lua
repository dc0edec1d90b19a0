--- Questions to RDS: one call each, or a few pages. Each call is sent once.
local delete = require "trapheus.steps.delete"
local errors = require "trapheus.errors"
local log = require "trapheus.log"
local sorted = require "trapheus.sorted"
local tasks = require "trapheus.databases.export"

local ONCE = { max_attempts = 1 }
local MOST_ITEMS = 300  -- of a listing
local MOST_PROXIES = 10 -- whose targets are looked at

---@param about trapheus.About
local function call(about, operation, parameters)
  local rds = about.run.world.rds
  return rds[operation](rds, parameters, ONCE)
end

-- The items that are wanted, out of the first so many.
local function listing(about, operation, parameters, list, wanted)
  local kept, seen = {}, 0
  for item in about.run.world.rds:paginate(operation, parameters, list, ONCE) do
    seen = seen + 1
    if wanted(item) then kept[#kept + 1] = item end
    if seen == MOST_ITEMS then break end
  end
  return kept
end

-- Can it be had again? ----------------------------------------------------------------------

-- A restore gives the version of the snapshot.
local function restored_version(about)
  return not about.takes_snapshot and about.snapshot and about.snapshot.version or about.original.EngineVersion
end

local version = { name = "engine version", restoring = true }

function version.ask(about)
  local engine, number = about.original.Engine, restored_version(about)
  local page = call(about, "DescribeDBEngineVersions", { Engine = engine, EngineVersion = number, IncludeAll = true })
  local found = (page.DBEngineVersions or {})[1]
  about.version_offered = found ~= nil and found.Status ~= "deprecated"
  if about.version_offered then return nil end
  return ("%s %s is %s: RDS may refuse to restore it; upgrade the database first, and make a new snapshot"):format(
    engine, number, found and "deprecated" or "not offered any more")
end

local class = { name = "instance class and storage type", restoring = true }

local function has_zone(option, name)
  for _, zone in ipairs(option.AvailabilityZones or {}) do
    if zone.Name == name then return true end
  end
  return false
end

-- What an offer must be, narrowing; and what is said when none is left.
local NARROWING = {
  { holds = function(option, database) return option.DBInstanceClass == database.DBInstanceClass end,
    text = "the class {DBInstanceClass} is not offered for {Engine} {EngineVersion}: RDS may refuse the restore; "
      .. "change the class of the database first" },
  { holds = function(option, database) return (database.StorageType or option.StorageType) == option.StorageType end,
    text = "{StorageType} storage is not offered for {DBInstanceClass} with {Engine} {EngineVersion}: RDS may refuse "
      .. "the restore; change the storage type of the database first" },
  { holds = function(option, database) return not database.MultiAZ or option.MultiAZCapable ~= false end,
    text = "{DBInstanceClass} is not offered as Multi-AZ for {Engine} {EngineVersion}: RDS may refuse the restore; "
      .. "change the class of the database first" },
  { holds = function(option, database)
      return database.MultiAZ or not database.AvailabilityZone or has_zone(option, database.AvailabilityZone)
    end,
    text = "{DBInstanceClass} is not offered in {AvailabilityZone} at present: RDS may refuse the restore; try later, "
      .. "or change the class of the database first" },
}

local function offered(about, machine)
  local database = { Engine = about.original.Engine, EngineVersion = restored_version(about),
    DBInstanceClass = machine.DBInstanceClass, StorageType = machine.StorageType, MultiAZ = machine.MultiAZ,
    AvailabilityZone = machine.AvailabilityZone }
  local offers = listing(about, "DescribeOrderableDBInstanceOptions",
    { Engine = database.Engine, EngineVersion = database.EngineVersion, DBInstanceClass = database.DBInstanceClass },
    "OrderableDBInstanceOptions", function(option) return NARROWING[1].holds(option, database) end)
  if about.version_offered == false then return nil end -- then there is no class either; that is said
  local silence = about.silence[version.name]
  if #offers == 0 and silence and not silence.denied then error(silence.err, 0) end -- an endpoint that knows neither
  for _, row in ipairs(NARROWING) do
    local left = {}
    for _, option in ipairs(offers) do
      if row.holds(option, database) then left[#left + 1] = option end
    end
    if #left == 0 then return (row.text:gsub("{(%w+)}", function(field) return tostring(database[field]) end)) end
    offers = left
  end
end

function class.ask(about)
  local told = {}
  for _, machine in ipairs(about.seen:machines()) do told[#told + 1] = offered(about, machine) end
  return #told > 0 and table.concat(told, "; ") or nil
end

-- Groups --------------------------------------------------------------------------------------

-- The values of a setting, of the database and of its members. Those that AWS makes by itself (`default`) are always
-- there.
local function values(about, setting, default)
  local set, facts = {}, about.run.facts
  local configs = { facts.config }
  for _, member in ipairs(facts.original.members) do configs[#configs + 1] = member.config end
  for _, config in ipairs(configs) do
    local name = config[setting]
    if name and not (default and name:find(default)) then set[name] = true end
  end
  return sorted.keys(set)
end

local function group(what, operation, list, setting, stem, default)
  local question = { name = what, restoring = true }
  local function ask(about, name)
    local page, err = errors.try(call, about, operation, { [setting] = name })
    if err and err.code:find("^" .. stem) == nil then error(err, 0) end
    local found = page and (page[list] or {})[1]
    local status = found and found.SubnetGroupStatus or "Complete"
    if found and status == "Complete" then return nil end
    return ("the %s %s %s: the restore would fail; %s it first"):format(what, name,
      found and ("is '%s'"):format(status) or "does not exist any more", found and "repair" or "make")
  end
  function question.ask(about)
    local told = {}
    for _, name in ipairs(values(about, setting, default)) do told[#told + 1] = ask(about, name) end
    return #told > 0 and table.concat(told, "; ") or nil
  end
  return question
end

-- Room ----------------------------------------------------------------------------------------

-- The most manual snapshots there are at one time, over those that exist now.
local function snapshots_needed(about)
  local run = about.run
  local replaced = about.takes_snapshot and about.snapshot ~= nil
  local making = about.takes_snapshot and not (replaced and run.options.replace_snapshot == "direct") and 1 or 0
  local final = delete.final_snapshot(run)
  local last = about.restores and not run.options.keep_original and final and 1 or 0
  return math.max(making, last + (about.takes_snapshot and not replaced and 1 or 0))
end

-- What else a run needs, by the name of the quota.
local function needed(about)
  local room = about.restores and about.seen:room() or {}
  room[about.run.database.SNAPSHOT_QUOTA] = snapshots_needed(about)
  return room
end

local WORDS = { DBInstances = "DB instances", DBClusters = "DB clusters", AllocatedStorage = "GiB of storage",
  ManualSnapshots = "manual snapshots", ManualClusterSnapshots = "manual cluster snapshots" }

local quotas = { name = "quotas" }

function quotas.ask(about)
  local short, room = {}, needed(about)
  for _, quota in ipairs(call(about, "DescribeAccountAttributes", {}).AccountQuotas or {}) do
    local what, more = WORDS[quota.AccountQuotaName], room[quota.AccountQuotaName] or 0
    if more > 0 and quota.Used + more > quota.Max then
      short[#short + 1] = ("%d of %d %s are used, and the run needs %d more"):format(quota.Used, quota.Max, what, more)
    end
  end
  if #short == 0 then return nil end
  return ("a quota of the account is too small: %s; make room, or have it raised (Service Quotas)"):format(
    table.concat(short, "; "))
end

-- What is under way ---------------------------------------------------------------------------

local export = { name = "running exports" }

local function running(about, parameters)
  return listing(about, "DescribeExportTasks", parameters, "ExportTasks",
    function(task) return tasks.wrap(task):moving() end)
end

local function too_many(about)
  local count = about.run.facts.export and #running(about, {}) or 0
  return count >= tasks.MOST_RUNNING and ("%d exports run in this account, and RDS takes no more than %d: this one may "
    .. "be refused"):format(count, tasks.MOST_RUNNING) or nil
end

-- Only of a snapshot that is replaced. Neither that nor restoring from it harms the export: RDS lets one be deleted
-- meanwhile, and bills it until then (RDS User Guide, limitations in "Exporting DB snapshot data to Amazon S3").
local function of_old(about)
  if not about.snapshot or not about.takes_snapshot then return nil end
  local task = running(about, { SourceArn = about.snapshot.arn })[1]
  return task and ("the snapshot %s is being exported (%s, %d%%) and is replaced meanwhile: RDS goes on with the "
    .. "export, and bills the old snapshot until it ends; to keep that one, name another with --snapshot"):format(
    about.snapshot.name, task.ExportTaskIdentifier, task.PercentProgress or 0) or nil
end

function export.ask(about)
  local told = {}
  for _, ask in ipairs { of_old, too_many } do told[#told + 1] = ask(about) end
  return #told > 0 and table.concat(told, "; ") or nil
end

local maintenance = { name = "pending maintenance" }

local function of_action(action, about)
  if action.CurrentApplyDate and action.CurrentApplyDate <= about.ends_at then
    return ("the maintenance '%s' is due at %s and may come in between: have it done first, or put it off"):format(
      action.Action, log.time(action.CurrentApplyDate))
  elseif action.OptInStatus and about.restores then
    return ("the opt-in for the maintenance '%s' (%s) does not pass to the replacement: opt in again afterwards")
      :format(action.Action, action.OptInStatus)
  end
end

function maintenance.ask(about)
  local page = call(about, "DescribePendingMaintenanceActions", { ResourceIdentifier = about.run.facts.original.arn })
  local told = {}
  for _, resource in ipairs(page.PendingMaintenanceActions or {}) do
    for _, action in ipairs(resource.PendingMaintenanceActionDetails or {}) do
      told[#told + 1] = of_action(action, about)
    end
  end
  return #told > 0 and table.concat(told, "; ") or nil
end

-- Who depends on it ---------------------------------------------------------------------------

local proxies = { name = "RDS proxies", restoring = true }

-- A proxy and its targets are in one VPC.
local function near(about)
  local vpc = about.seen:vpc()
  return listing(about, "DescribeDBProxies", {}, "DBProxies",
    function(proxy) return not vpc or not proxy.VpcId or proxy.VpcId == vpc end)
end

local function serves(about, proxy)
  local page = call(about, "DescribeDBProxyTargets", { DBProxyName = proxy.DBProxyName })
  for _, target in ipairs(page.Targets or {}) do
    for _, known in ipairs { target.RdsResourceId or "", target.TrackedClusterId or "" } do
      if known == about.run.identifier or known == about.seen.resource_id then return true end
    end
  end
  return false
end

function proxies.ask(about)
  local candidates, serving = near(about), {}
  for i = 1, math.min(#candidates, MOST_PROXIES) do
    if serves(about, candidates[i]) then serving[#serving + 1] = candidates[i].DBProxyName end
  end
  if #serving > 0 then
    return ("RDS proxies have it as their target (%s): check their targets afterwards, and register it again where it "
      .. "is not AVAILABLE"):format(table.concat(serving, ", "))
  elseif #candidates > MOST_PROXIES then
    return ("only %d of %d RDS proxies in its VPC were looked at: if another has it as its target, check that "
      .. "afterwards"):format(MOST_PROXIES, #candidates)
  end
end

local integrations = { name = "zero-ETL integrations", restoring = true }

function integrations.ask(about)
  local names = {}
  for i, found in ipairs(listing(about, "DescribeIntegrations", {}, "Integrations",
    function(integration) return integration.SourceArn == about.seen.arn end)) do
    names[i] = found.IntegrationName or found.IntegrationArn
  end
  if #names == 0 then return nil end
  return ("zero-ETL integrations have it as their source (%s), and stay with the old database: create them again "
    .. "afterwards, and their target is filled anew"):format(table.concat(names, ", "))
end

---@type trapheus.Question[]
return {
  version,
  class,
  group("parameter group", "DescribeDBParameterGroups", "DBParameterGroups", "DBParameterGroupName",
    "DBParameterGroupNotFound", "^default%."),
  group("cluster parameter group", "DescribeDBClusterParameterGroups", "DBClusterParameterGroups",
    "DBClusterParameterGroupName", "DBParameterGroupNotFound", "^default%."),
  group("option group", "DescribeOptionGroups", "OptionGroupsList", "OptionGroupName", "OptionGroupNotFound",
    "^default:"),
  group("subnet group", "DescribeDBSubnetGroups", "DBSubnetGroups", "DBSubnetGroupName", "DBSubnetGroupNotFound",
    "^default$"),
  quotas,
  export,
  maintenance,
  proxies,
  integrations,
}
