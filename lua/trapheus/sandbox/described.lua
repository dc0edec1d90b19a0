--- Databases as somebody's own are: what `aws rds describe-db-instances --output json` and its like have printed.

local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local shape = require "trapheus.sandbox.shape"
local sorted = require "trapheus.sorted"
local statuses = require "trapheus.sandbox.statuses"
local usage = require "trapheus.usage"

local described = {}

-- Each list of such a document, and what an element of it must at least have.
local LISTS = {
  DBInstances = { shape = "DBInstance", known = statuses.instance, status = "DBInstanceStatus", arn = "DBInstanceArn",
    needed = { "DBInstanceIdentifier", "DBInstanceStatus", "DBInstanceClass", "Engine", "EngineVersion",
      "AllocatedStorage" } },
  DBClusters = { shape = "DBCluster", known = statuses.cluster, status = "Status", arn = "DBClusterArn",
    needed = { "DBClusterIdentifier", "Status", "Engine", "EngineVersion" } },
  DBClusterSnapshots = { shape = "DBClusterSnapshot", known = statuses.snapshot, status = "Status",
    arn = "DBClusterSnapshotArn", needed = { "DBClusterSnapshotIdentifier", "DBClusterIdentifier", "Status" } },
  DBSnapshots = { shape = "DBSnapshot", known = statuses.snapshot, status = "Status", arn = "DBSnapshotArn",
    needed = { "DBSnapshotIdentifier", "DBInstanceIdentifier", "Status" } },
}

-- What AWS's paging adds.
local IGNORED = { Marker = true, NextToken = true }

---@class trapheus.sandbox.Described
---@field DBInstances table[]
---@field DBSnapshots table[]
---@field DBClusters table[]
---@field DBClusterSnapshots table[]
---@field region string?   Of the first ARN, as the rest.
---@field account string?
---@field host_label string?  What stands behind the name in every endpoint of the account in that Region.

local function text_of(name)
  if name == "-" then return io.read "a", "standard input" end
  local file, message = io.open(name, "r")
  if not file then usage.fail("--from-describe: %s", message) end
  local text, unreadable = file:read "a"
  file:close()
  return text or usage.fail("--from-describe: %s: %s", name, unreadable), name
end

-- All of it must be of one account and Region, as a sandbox is.
local function locate(result, arn, place)
  local region, account, name = arn:match "^arn:[^:]*:rds:([^:]*):([^:]*):[%a-]+:(.+)$"
  if not name then shape.refuse(place, "an ARN is expected, not %s", shape.shown(arn)) end
  result.region, result.account = result.region or region, result.account or account
  if region ~= result.region or account ~= result.account then
    shape.refuse(place, "this is in %s of account %s, and what comes before in %s of account %s", region, account,
      result.region, result.account)
  end
end

local function host_label(list, endpoint)
  if list == "DBInstances" and endpoint and endpoint.Address then return endpoint.Address:match "^[^.]+%.([^.]+)%." end
  return list == "DBClusters" and endpoint and endpoint:match "^[^.]+%.cluster%-([^.]+)%." or nil
end

local function add(result, row, list, value, place)
  local element = shape.check(row.shape, value, place)
  for _, member in ipairs(row.needed) do
    if element[member] == nil then shape.refuse(place, "%s is missing", member) end
  end
  shape.status(row.known, element[row.status], shape.inside(place, row.status))
  if element[row.arn] then locate(result, element[row.arn], shape.inside(place, row.arn)) end
  result.host_label = result.host_label or host_label(list, element.Endpoint)
  local name = element[row.needed[1]]:lower()
  local earlier = result.places[list .. name]
  if earlier then shape.refuse(place, "%s is described twice: %s %s", name, earlier.file, earlier.path) end
  result.places[list .. name] = place
  table.insert(result[list], element)
end

local EXPECTED = "an object with DBInstances, DBClusters, DBSnapshots or DBClusterSnapshots is expected, as aws rds "
  .. "describe-db-instances --output json prints it"

local function decoded(text, name)
  local ok, document = pcall(json.decode, text)
  if ok then return document end
  usage.fail("%s: it is not JSON (%s): %s", name, tostring(document), EXPECTED)
end

local function merge(result, document, name)
  local top = { file = name, path = "", first = 0 }
  if type(document) ~= "table" or json.is_list(document) or next(document) == nil then
    shape.refuse(top, "%s", EXPECTED)
  end
  for _, list in ipairs(sorted.keys(document)) do
    local row, place = LISTS[list], shape.inside(top, list)
    if not row and not IGNORED[list] then
      shape.refuse(place, "this is no list of databases%s: %s", model.hint(list, LISTS), EXPECTED)
    end
    if row and not json.is_list(document[list]) then
      shape.refuse(place, "a list is expected, not %s", shape.shown(document[list]))
    end
    for i, value in ipairs(row and document[list] or {}) do add(result, row, list, value, shape.inside(place, i)) end
  end
end

-- A cluster needs its members, which are described in another document. A member without its cluster is left out.
local function check_members(result)
  local places = result.places
  for _, raw in ipairs(result.DBClusters) do
    local place = shape.inside(places["DBClusters" .. raw.DBClusterIdentifier:lower()], "DBClusterMembers")
    for i, member in ipairs(raw.DBClusterMembers or {}) do
      local name = member.DBInstanceIdentifier or ""
      if not places["DBInstances" .. name:lower()] then
        shape.refuse(shape.inside(place, i), "the member %s is not described: give what aws rds "
          .. "describe-db-instances prints as well", name)
      end
    end
  end
end

local function new()
  local result = { places = {} }
  for list in pairs(LISTS) do result[list] = {} end
  return result
end

--- The same of a document that is none of a file's own. Raises a usage error that names it.
---@param document table
---@param name string
---@return trapheus.sandbox.Described
function described.of(document, name)
  local result = new()
  merge(result, document, name)
  check_members(result)
  result.places = nil
  return result
end

--- Reads such files together; "-" is standard input. Raises a usage error that names file and place.
---@param files string[]
---@return trapheus.sandbox.Described
function described.read(files)
  local result = new()
  for _, file in ipairs(files) do
    local text, name = text_of(file)
    merge(result, decoded(text, name), name)
  end
  if #result.DBInstances + #result.DBClusters == 0 then
    usage.fail("--from-describe: %s describes no database", table.concat(files, ", "))
  end
  check_members(result)
  result.places = nil
  return result
end

--- Is a database of that name described? A usage error if not.
---@param read trapheus.sandbox.Described
---@param name string
function described.require(read, name)
  local known = {}
  for _, raw in ipairs(read.DBInstances) do
    known[raw.DBInstanceIdentifier:lower()] = true
    if raw.DBClusterIdentifier then known[raw.DBClusterIdentifier:lower()] = raw.DBInstanceIdentifier end
  end
  for _, raw in ipairs(read.DBClusters) do known[raw.DBClusterIdentifier:lower()] = true end
  local found = known[name:lower()]
  if found == true then return end
  if found then
    usage.fail("--from-describe: the cluster %s of %s is not described: give what aws rds describe-db-clusters prints "
      .. "as well", name, found)
  end
  usage.fail("--from-describe: no database is called %s there%s", name, model.hint(name, known))
end

return described
