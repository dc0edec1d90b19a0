--- What RDS has of the databases that are to be restored: who of them exists, is a member of another, or is selected.
local database = require "trapheus.databases.database"
local marks = require "trapheus.marks"
local names = require "trapheus.names"
local nearest = require "trapheus.nearest"

local lookup = {}

local PAGE = 100 -- names in one filter

local KINDS = {
  instance = { operation = "DescribeDBInstances", list = "DBInstances", filter = "db-instance-id",
    name = "DBInstanceIdentifier" },
  cluster = { operation = "DescribeDBClusters", list = "DBClusters", filter = "db-cluster-id",
    name = "DBClusterIdentifier" },
}

---@class trapheus.Seen
---@field kind "instance"|"cluster"
---@field name string
---@field raw table
---@field member_of string?   the cluster that it is a member of

local function add(client, kind, parameters, seen)
  local row = KINDS[kind]
  for raw in client:paginate(row.operation, parameters, row.list) do
    local member_of = kind == "instance" and raw.DBClusterIdentifier or nil
    seen[#seen + 1] = { kind = kind, name = raw[row.name], raw = raw, member_of = member_of }
  end
end

--- All databases of the Region.
---@param client trapheus.Client
---@return trapheus.Seen[]
function lookup.all(client)
  local seen = {}
  for _, kind in ipairs { "cluster", "instance" } do add(client, kind, {}, seen) end
  return seen
end

--- Those of these names, by kind and name.
---@param client trapheus.Client
---@param ids string[]
---@return { instance: table<string, trapheus.Seen>, cluster: table<string, trapheus.Seen> }
function lookup.named(client, ids)
  local found = { instance = {}, cluster = {} }
  for from = 1, #ids, PAGE do
    local values = table.move(ids, from, math.min(from + PAGE - 1, #ids), 1, {})
    for kind, row in pairs(KINDS) do
      local seen = {}
      add(client, kind, { Filters = { { Name = row.filter, Values = values } } }, seen)
      for _, each in ipairs(seen) do found[kind][each.name:lower()] = each end
    end
  end
  return found
end

-- A selection ---------------------------------------------------------------------------------

-- "staging-*" as a pattern of Lua's; case does not count.
local function pattern_of(glob)
  return "^" .. glob:lower():gsub("[^%w*?]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".") .. "$"
end

local function matches_any(text, globs)
  if not globs then return true end
  for _, glob in ipairs(globs) do
    if text:lower():find(pattern_of(glob)) then return true end
  end
  return false
end

-- "env", or "env=staging"; a key may have an equals sign in it, too.
local function has_tag(tags, wanted)
  if tags[wanted] then return true end
  for at in wanted:gmatch "()=" do
    if tags[wanted:sub(1, at - 1)] == wanted:sub(at + 1) then return true end
  end
  return false
end

local function is_wanted(seen, wanted)
  local tags = database.tag_map(seen.raw.TagList)
  for _, tag in ipairs(wanted.tag or {}) do
    if not has_tag(tags, tag) then return false end
  end
  return matches_any(seen.name, wanted.match) and matches_any(seen.raw.Engine or "", wanted.engine)
end

-- Engines of services that are not RDS and answer the same calls.
local ELSEWHERE = { neptune = true, docdb = true }

-- Why one that is wanted by its marks is left out all the same.
local function not_meant(seen, kind)
  local raw = seen.raw
  local source = raw.ReadReplicaSourceDBInstanceIdentifier or raw.ReadReplicaSourceDBClusterIdentifier
    or raw.ReplicationSourceIdentifier
  if names.home(seen.name) then
    return marks.way_on { name = seen.name, tags = database.tag_map(raw.TagList) }
      or "an original that was moved aside has such a name; it can be restored by name"
  elseif (source or "") ~= "" then
    return "a read replica of " .. source
  elseif kind and kind ~= seen.kind then
    return ("a DB %s"):format(seen.kind)
  end
end

--- Those that a selection wants. A member is represented by its cluster, if that is wanted itself.
---@param all trapheus.Seen[]
---@param wanted { tag: string[]?, match: string[]?, engine: string[]?, kind: string? }
---@return trapheus.Seen[] selected
---@return { name: string, why: string }[] left_out   wanted, and not to be restored
function lookup.select(all, wanted)
  local selected, left_out, clusters = {}, {}, {}
  for _, seen in ipairs(all) do
    if is_wanted(seen, wanted) and not ELSEWHERE[seen.raw.Engine] then
      local why = seen.member_of and ("a member of the cluster %s, which is not selected"):format(seen.member_of)
        or not_meant(seen, wanted.kind)
      if seen.kind == "cluster" and not why then clusters[seen.name] = true end
      if not why then
        selected[#selected + 1] = seen
      elseif not (seen.member_of and clusters[seen.member_of]) then
        left_out[#left_out + 1] = { name = seen.name, why = why }
      end
    end
  end
  return selected, left_out
end

-- Hints ---------------------------------------------------------------------------------------

local function near_to(word, words)
  local near = nearest(word, words)
  return near and near ~= word and (" (did you mean %s?)"):format(near) or ""
end

local function add_tags(words, raw)
  for key, value in pairs(database.tag_map(raw.TagList)) do words[key], words[key .. "=" .. value] = true, true end
end

--- What a selection says, with what may have been meant.
---@param all trapheus.Seen[]
---@param wanted table
---@return string
function lookup.described(all, wanted)
  local tags, engines, parts = {}, {}, {}
  for _, seen in ipairs(all) do
    add_tags(tags, seen.raw)
    engines[seen.raw.Engine or ""] = true
  end
  for _, flag in ipairs { "tag", "engine", "match" } do
    local words = flag == "tag" and tags or flag == "engine" and engines or {}
    for _, word in ipairs(wanted[flag] or {}) do
      parts[#parts + 1] = ("--%s %s%s"):format(flag, word, words[word] and "" or near_to(word, words))
    end
  end
  return table.concat(parts, ", ")
end

return lookup
