--- What is refused of a DB cluster.
local delete = require "trapheus.steps.delete"
local instance = require "trapheus.databases.instance"
local marks = require "trapheus.marks"
local names = require "trapheus.names"

---@type trapheus.Checks
local checks = { original = {}, names = {}, snapshot = {} }

local OWN_MEMBERS = 3 -- of a Multi-AZ DB cluster

-- What kind of cluster it is ------------------------------------------------------------------

-- Engines that answer the same calls and are services of their own.
local OTHERS = { neptune = "Amazon Neptune", docdb = "Amazon DocumentDB" }

function checks.original.of_rds(_, original)
  local service = OTHERS[original.raw.Engine]
  if service then return ("it is a cluster of %s, which this program does not restore"):format(service) end
end

function checks.original.not_serverless_v1(_, original)
  if original.raw.EngineMode == "serverless" then
    return "Aurora Serverless v1 cannot be restored in place: convert it to a provisioned cluster or to Serverless v2 "
      .. "first"
  end
end

function checks.original.not_limitless(_, original)
  if original.raw.ClusterScalabilityType == "limitless" then
    return "an Aurora Limitless Database has shard groups, which no snapshot restores in place: restore its snapshot "
      .. "under another name, and create the shard group again there"
  end
end

function checks.original.not_global(_, original)
  local global = original.raw.GlobalClusterIdentifier
  if global and global ~= "" then
    return ("it is a member of the global database %s, which would be left: take it out first "
      .. "(RemoveFromGlobalCluster), and add a Region again afterwards"):format(global)
  end
end

function checks.original.no_replica(run, original)
  local raw = original.raw
  if (raw.ReplicationSourceIdentifier or "") ~= "" then
    return ("it is a replica of %s: restore that one, or promote it first (PromoteReadReplicaDBCluster)"):format(
      raw.ReplicationSourceIdentifier)
  end
  local replicas = raw.ReadReplicaIdentifiers or {}
  if #replicas > 0 and not run.options.allow_replicas then
    return ("it has read replicas (%s), which would stay with the old cluster: --allow-replicas accepts that"):format(
      table.concat(replicas, ", "))
  end
end

-- Its members ---------------------------------------------------------------------------------

function checks.original.members_are_known(_, original)
  local known = {}
  for _, member in ipairs(original.seen_members) do known[member.name] = true end
  for _, row in ipairs(original.aurora and original.raw.DBClusterMembers or {}) do
    if not known[row.DBInstanceIdentifier] then
      return ("its member %s is not shown as an instance: its members are changing, try again later"):format(
        row.DBInstanceIdentifier)
    end
  end
end

-- Of a cluster whose members another run has begun to move: their own names are not those that they have now.
function checks.original.members_are_not_moved(run, original)
  local state = marks.state_of_original(original)
  if not state or state.run == run.id or state.like_moved then return nil end
  for _, member in ipairs(original.seen_members) do
    if names.home(member.name) then
      return ("its member %s is not under its own name: %s"):format(member.name, marks.way_on(original))
    end
  end
end

function checks.original.members_available(_, original)
  for _, member in ipairs(original.seen_members) do
    if member.status ~= "available" then
      return ("its member %s is '%s'; every member must be available"):format(member.name, member.status)
    elseif member:pending() then
      return ("modifications of its member %s are pending, which a rename would apply at once: apply or withdraw "
        .. "them first"):format(member.name)
    end
  end
end

function checks.original.members_have_one_writer(_, original)
  local writers = {}
  for _, member in ipairs(original.seen_members) do
    if not member.in_cluster then
      return ("its member %s is not in the cluster's list yet: its members are changing, try again later"):format(
        member.name)
    end
    writers[#writers + 1] = member.in_cluster.IsClusterWriter and member.name or nil
  end
  if #original.seen_members > 0 and #writers ~= 1 then
    return ("%d of its members are writers (a failover?): try again later"):format(#writers)
  end
end

-- A member is made with the mark of the run.
function checks.original.members_tags_fit(run)
  for _, member in ipairs(run.facts.original.members) do
    local count = #(member.config.Tags or {})
    if count >= marks.MOST_TAGS then
      return ("its member %s has %d tags; one of %d must be free for the mark of the run"):format(member.name, count,
        marks.MOST_TAGS)
    end
  end
end

function checks.original.members_are_not_scaled(_, original)
  for _, member in ipairs(original.seen_members) do
    if member.name:find "^application%-autoscaling%-" then
      return ("its reader %s was added by Aurora Auto Scaling, which would go on doing so: remove the scaling policy "
        .. "and the reader first"):format(member.name)
    end
  end
end

-- The names it needs --------------------------------------------------------------------------

-- Names of cluster snapshots have 63 characters at most: those that this run will make must fit.
function checks.original.snapshot_names_fit(run)
  local facts, id, derived = run.facts, run.identifier, {}
  if run:takes_snapshot() then
    derived[1] = { what = "the snapshot's name,", name = facts.snapshot_name }
    if facts.snapshot_old and run.options.replace_snapshot ~= "direct" then
      derived[2] = { what = "the interim snapshot's name (--replace-snapshot direct does without it),",
        name = names.interim(id, run.id) }
    end
  end
  local final = run:restores() and not run.options.keep_original and delete.final_snapshot(run)
  if final then
    derived[#derived + 1] = { what = "the final snapshot's name (--final-snapshot gives another),", name = final }
  end
  return names.problem(derived)
end

-- RDS names the members of a Multi-AZ DB cluster after it, and renames them with it.
function checks.names.own_members(run, original)
  if original.aurora then return nil end
  local derived, list = {}, {}
  for i = 1, OWN_MEMBERS do
    list[i] = ("%s-instance-%d"):format(run.facts.aside, i)
    derived[i] = { what = "the name RDS gives a member that is moved,", name = list[i] }
  end
  local problem = names.problem(derived)
  if problem then return problem end
  local holder = instance.list(run.world.rds, "db-instance-id", list)[1]
  return holder and ("the name %s is taken (%s), which a member would be given"):format(holder.name, holder.resource_id)
end

-- The snapshot --------------------------------------------------------------------------------

local function numbers(version)
  local list = {}
  for number in (version or ""):gmatch "%d+" do list[#list + 1] = tonumber(number) end
  return list
end

local function newer(a, b)
  a, b = numbers(a), numbers(b)
  for i = 1, math.max(#a, #b) do
    if (a[i] or 0) ~= (b[i] or 0) then return (a[i] or 0) > (b[i] or 0) end
  end
  return false
end

-- The restore gives the cluster's version, and RDS restores into no older one.
function checks.snapshot.not_newer(run, snapshot)
  if not run:takes_snapshot() and newer(snapshot.version, run.facts.config.EngineVersion) then
    return ("it is of version %s, the cluster of %s: upgrade the cluster first"):format(snapshot.version,
      run.facts.config.EngineVersion)
  end
end

return checks
