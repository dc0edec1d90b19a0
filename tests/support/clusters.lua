--- What a test may ask about a cluster and its members, beside the outcome: always of the sandbox's committed truth.
local witness = require "witness"

local clusters = {}

---@class Picture
---@field resource_id string
---@field restored_version integer?  the data that it was restored with
---@field protected boolean
---@field members table<string, { resource_id: string, writer: boolean, tier: integer, class: string, zone: string }>

--- How a cluster is, with its members by name; nil: there is none of that name.
---@param sandbox table
---@param name string
---@return Picture?
function clusters.picture(sandbox, name)
  local truth = sandbox:cluster(name)
  if not truth then return nil end
  local picture = { resource_id = truth.DbClusterResourceId, restored_version = truth.restored_version,
    protected = truth.DeletionProtection == true, members = {} }
  for _, row in ipairs(truth.DBClusterMembers) do
    local member = sandbox:instance(row.DBInstanceIdentifier)
    picture.members[row.DBInstanceIdentifier] = { resource_id = member.DbiResourceId, writer = row.IsClusterWriter,
      tier = row.PromotionTier, class = member.DBInstanceClass, zone = member.AvailabilityZone }
  end
  return picture
end

-- Everything that there is and bears one of our marks, or a name that something was moved to.
local function leftovers(sandbox)
  local found = {}
  local function look(objects, field)
    for _, object in ipairs(objects) do
      if not object.gone then
        if object.name:find "%-temp$" then found[#found + 1] = object.name .. " is left aside" end
        if witness.marked(object.fields[field]) then found[#found + 1] = object.name .. " bears a mark" end
      end
    end
  end
  look(sandbox.instances, "TagList")
  look(sandbox.clusters, "TagList")
  return found
end

--- Fails if anything is left aside or marked.
---@param sandbox table
function clusters.tidy(sandbox)
  local found = leftovers(sandbox)
  if found[1] then error(table.concat(found, "; "), 2) end
end

local function count(map)
  local n = 0
  for _ in pairs(map) do n = n + 1 end
  return n
end

--- Fails unless its data is that of the snapshot that was restored from.
---@param result Rehearsed
---@param picture Picture
function clusters.check_data(result, picture)
  local snapshot = result.sandbox:cluster_snapshot(result.record.facts.snapshot.name)
  witness.equal(picture.restored_version, snapshot.data_version, "data version")
end

--- Fails unless another cluster has the name, with members like those before: names, roles, tiers, classes, zones.
---@param result Rehearsed
---@param before Picture
---@param name string?  default "mydb"
---@param without table<string, boolean>?  members that are missing
function clusters.check_restored(result, before, name, without)
  local now = assert(clusters.picture(result.sandbox, name or "mydb"), "nobody has the name")
  assert(now.resource_id ~= before.resource_id, "it is the original")
  clusters.check_data(result, now)
  witness.equal(now.protected, before.protected, "protection")
  for member, was in pairs(before.members) do
    local is = now.members[member]
    if without and without[member] then
      assert(not is, member .. " is there")
    else
      assert(is, member .. " is missing")
      assert(is.resource_id ~= was.resource_id, member .. " is the original's")
      for _, field in ipairs { "writer", "tier", "class", "zone" } do
        witness.equal(is[field], was[field], member .. "'s " .. field)
      end
    end
  end
  witness.equal(count(now.members), count(before.members) - count(without or {}), "members")
end

--- Fails unless the original is back as it was. Who writes may have changed: a renamed member reboots.
---@param sandbox table
---@param before Picture
---@param name string?  default "mydb"
function clusters.check_back(sandbox, before, name)
  local now = assert(clusters.picture(sandbox, name or "mydb"), "nobody has the name")
  witness.equal(now.resource_id, before.resource_id, "who holds the name")
  witness.equal(now.protected, before.protected, "protection")
  for member, was in pairs(before.members) do
    assert(now.members[member], member .. " is missing")
    witness.equal(now.members[member].resource_id, was.resource_id, member)
  end
  witness.equal(count(now.members), count(before.members), "members")
end

--- Changes what Describe shows of a cluster, now and in its past: states that nothing in the sandbox leads to.
---@param sandbox table
---@param fields table
---@param without string[]?  Fields that it is not to have.
function clusters.amend(sandbox, fields, without)
  witness.revise(sandbox.cluster_names.mydb, fields, without)
end

-- Of each change of truth: is the original's cluster there, or a verified replacement?
local function problem(state)
  return function(sandbox)
    local original = sandbox:cluster_by_resource_id(state.before.resource_id)
    local there = original and original.Status ~= "deleting"
    if state.verified then
      local replacement = sandbox:cluster_by_resource_id(state.verified)
      if not there and not (replacement and replacement.Status ~= "deleting") then return "no database is left" end
    elseif not there then
      return "the original is gone before its replacement was verified"
    end
  end
end

--- Makes a rehearsal's spec keep a picture of its cluster, and watch over the data.
---@param spec Rehearsal
---@return { before: Picture, problems: string[], verified: string? }
function clusters.watch(spec)
  local state, prepare, crash = {}, spec.prepare, spec.crash
  function spec.prepare(sandbox)
    if prepare then prepare(sandbox) end
    state.before = clusters.picture(sandbox, spec.id or "mydb")
    state.problems = witness.always(sandbox, problem(state))
  end
  function spec.crash(kind, entry, when)
    if kind == "verified" and when == "after" then state.verified = entry.resource_id end
    return crash and crash(kind, entry, when)
  end
  return state
end

return clusters
