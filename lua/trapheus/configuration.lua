--- The configuration of one database, from RDS or from a file: what `trapheus settings` prints, and `diff` compares.
local command = require "trapheus.command"
local core = require "trapheus.core"
local json = require "trapheus.json"
local settings = require "trapheus.settings"
local similar = require "trapheus.databases.similar"
local usage = require "trapheus.usage"

local configuration = {}

---@class trapheus.Configured
---@field kind "instance"|"cluster"|"member"
---@field name string
---@field config table<string, any>
---@field members trapheus.Configured[]
---@field alone boolean?  What a file says of a cluster, without a word of its members.

---@param kind "instance"|"cluster"|"member"
---@param name string
---@param config table
---@param members trapheus.Configured[]?
---@return trapheus.Configured
local function configured(kind, name, config, members)
  return { kind = kind, name = name, config = config, members = members or {} }
end

-- From RDS ------------------------------------------------------------------------------------

local function found(world, given, name)
  local databases = { instance = not given.cluster or nil, cluster = not given.instance or nil }
  local holders = {}
  for kind in pairs(databases) do
    holders[kind] = require("trapheus.databases." .. kind).by_name(world.rds, name)
  end
  if holders.instance and holders.cluster then
    usage.fail("a DB instance and a DB cluster are both called %s: say --instance or --cluster", name)
  end
  local holder = holders.instance or holders.cluster
  if holder then return holder, require("trapheus.databases." .. holder.kind) end
  usage.fail("no DB instance and no DB cluster in %s is called %s%s", world.region, name,
    similar(world.rds, name))
end

-- A member is not restored by itself: what is carried over of it goes with its cluster.
local function of_member(holder)
  return configured("member", holder.name, settings.load("member"):capture(holder.raw))
end

--- The database that holds a name now. Raises a usage error when there is none.
---@param world trapheus.World
---@param given { cluster: boolean?, instance: boolean? }
---@param name string
---@return trapheus.Configured
function configuration.live(world, given, name)
  local holder, database = found(world, given, name:lower())
  if holder.raw.DBInstanceIdentifier and holder.raw.DBClusterIdentifier then return of_member(holder) end
  local members = {}
  for i, member in ipairs(database.members(world.rds, holder)) do
    members[i] = configured("member", member.name, database.member_settings:capture(member.raw))
  end
  return configured(holder.kind, holder.name, database.settings:capture(holder.raw), members)
end

local KINDS = { instance = true, cluster = true, member = true }

-- From files ------------------------------------------------------------------------------------

local function read(name)
  if name == "-" then return io.read "a" end
  local file, message = io.open(name, "r")
  local text = file and file:read "a"
  if file then file:close() end
  return text or usage.fail("%s", message or name .. " cannot be read")
end

-- Each of a list that must be one of objects.
local function objects(list, what)
  local odd = type(list) ~= "table" or not json.is_list(list)
  for _, element in ipairs(odd and {} or list) do odd = odd or type(element) ~= "table" or json.is_list(element) end
  if odd then usage.fail("%s: a list of objects is expected", what) end
  return ipairs(list)
end

-- Of what `trapheus settings --output json` has printed.
local function printed(document, file)
  if not KINDS[document.kind] or type(document.identifier) ~= "string" then
    usage.fail("%s: a kind (instance, cluster or member) and an identifier are expected beside settings", file)
  end
  local config, members = {}, {}
  for _, row in objects(document.settings, file .. ": settings") do
    if type(row.name) ~= "string" then usage.fail("%s: a setting without a name", file) end
    config[row.name] = row.value
  end
  for i, member in objects(document.members or json.list {}, file .. ": members") do
    members[i] = printed(member, file)
  end
  return configured(document.kind, document.identifier, config, members)
end

local function capture(kind, raw) return settings.load(kind):capture(raw) end

-- `instances`: nil when the file has none. The members of a Multi-AZ DB cluster are RDS's.
local function of_cluster(raw, instances)
  local members, aurora = {}, tostring(raw.Engine):find "^aurora" ~= nil
  for _, member in ipairs(aurora and instances or {}) do
    if member.DBClusterIdentifier == raw.DBClusterIdentifier then
      members[#members + 1] = configured("member", member.DBInstanceIdentifier, capture("member", member))
    end
  end
  local cluster = configured("cluster", raw.DBClusterIdentifier, capture("cluster", raw), members)
  cluster.alone = aurora and not instances or nil
  return cluster
end

-- The one of a list that is meant, or the only one.
local function choose(list, field, wanted, file)
  local names = {}
  for i, raw in ipairs(list) do
    if raw[field] == wanted then return raw end
    names[i] = tostring(raw[field])
  end
  if not wanted and #list == 1 then return list[1] end
  usage.fail(wanted and "%s: no database is called %s there: %s"
    or "%s%s has more than one database; say FILE#NAME: %s", file, wanted or "", table.concat(names, ", "))
end

local function check(kind, list, file)
  for _, raw in objects(list, ("%s: %ss"):format(file, kind)) do
    if type(raw[kind .. "Identifier"]) ~= "string" then usage.fail("%s: %sIdentifier is missing", file, kind) end
  end
end

local function described(document, wanted, file)
  local instances, clusters = document.DBInstances or json.list {}, document.DBClusters or json.list {}
  if document.DBInstanceIdentifier then instances = json.list { document } end
  if document.DBClusterIdentifier and not document.DBInstanceIdentifier then clusters = json.list { document } end
  check("DBInstance", instances, file)
  check("DBCluster", clusters, file)
  if #clusters > 0 then
    return of_cluster(choose(clusters, "DBClusterIdentifier", wanted, file), document.DBInstances)
  end
  if #instances > 0 then
    local raw = choose(instances, "DBInstanceIdentifier", wanted, file)
    local kind = raw.DBClusterIdentifier and "member" or "instance"
    return configured(kind, raw.DBInstanceIdentifier, capture(kind, raw))
  end
end

--- The database of a saved file: of `trapheus settings --output json`, or of aws rds describe-db-instances or
--- describe-db-clusters. Raises a usage error.
---@param name string  A path, "-", or PATH#DATABASE.
---@return trapheus.Configured
function configuration.saved(name)
  local file, wanted = name:match "^(.+)#([^#/]+)$"
  file = file or name
  local ok, document = pcall(json.decode, read(file))
  if not ok or type(document) ~= "table" then usage.fail("%s is not JSON: %s", file, tostring(document)) end
  local result = type(document.settings) == "table" and document.kind and printed(document, file)
    or described(document, wanted, file)
  return result or usage.fail("%s: neither what `trapheus settings --output json` prints, nor what aws rds "
    .. "describe-db-instances or describe-db-clusters does", file)
end

--- Is a file meant, and not a database?
---@param text string
---@return boolean
function configuration.is_file(text)
  local path = text:match "^(.+)#[^#/]+$" or text
  return text == "-" or path:find "[/.]" ~= nil or core.system.stat(path) ~= nil
end

--- A world that only looks: the sandbox's when it is asked for.
---@param given table
---@param ids string[]
---@return trapheus.World
function configuration.world(given, ids)
  if not given.sandbox then return command.real_world(given) end
  given.id, given.task = ids[1], "create_snapshot"
  return command.sandbox_world(given)
end

return configuration
