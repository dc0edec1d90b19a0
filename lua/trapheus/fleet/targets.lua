--- Which databases a fleet is about: those that are named, on the command line and in files, or those that a selection
--- finds. All that is wrong with them is said before anything is changed.
local columns = require "trapheus.fleet.columns"
local files = require "trapheus.fleet.files"
local lookup = require "trapheus.fleet.lookup"
local names = require "trapheus.names"
local similar = require "trapheus.databases.similar"
local usage = require "trapheus.usage"

local targets = {}

local MOST_TOLD, MOST_HINTS = 20, 5 -- complaints in one message; of those, the ones for which RDS is asked again

---@class trapheus.TargetOptions    Fields as the flags of `trapheus bulk`.
---@field target string[]?          names
---@field targets string[]?         files; "-" is standard input
---@field format string?            of those: csv, json or lines
---@field tag string[]?
---@field engine string[]?
---@field match string[]?
---@field cluster boolean?
---@field instance boolean?

-- Some of many complaints, as one.
local function refuse(problems)
  if #problems == 0 then return end
  local told = table.move(problems, 1, math.min(#problems, MOST_TOLD), 1, {})
  if #problems > #told then told[#told + 1] = ("and %d more of this kind"):format(#problems - #told) end
  usage.fail("%s", table.concat(told, "\n"))
end

local function place(target) return target.where or target.id end

-- Those that are named ------------------------------------------------------------------------

local function of_argument(text)
  local ok, why = names.valid(text)
  if not ok then usage.fail("'%s' is no valid name: %s", text, why) end
  return { id = text:lower(), overrides = {} }
end

local function check_twice(list)
  local first, problems = {}, {}
  for _, target in ipairs(list) do
    local other = first[target.id]
    if other then
      problems[#problems + 1] = ("%s: %s is named twice%s"):format(place(target), target.id,
        other.where and ", first in " .. other.where or "")
    end
    first[target.id] = other or target
  end
  refuse(problems)
end

local function named(given)
  local list = {}
  for _, text in ipairs(given.target or {}) do list[#list + 1] = of_argument(text) end
  for _, file in ipairs(given.targets or {}) do
    for _, row in ipairs(files.read(file, given.format)) do list[#list + 1] = columns.target(row) end
  end
  if #list == 0 then
    usage.fail("nothing is to be restored: name databases, or files of them (--targets), or select them (--tag, "
      .. "--engine, --match)")
  end
  check_twice(list)
  return list
end

-- Whether they are there ----------------------------------------------------------------------

local function kind_for(given, target)
  return target.kind or given.cluster and "cluster" or given.instance and "instance" or nil
end

-- Who holds the name of a target. nil, and why nobody does that can be meant.
local function holder_of(found, id, kind)
  local instance, cluster = found.instance[id], found.cluster[id]
  if kind and found[kind][id] then return found[kind][id] end
  if instance and cluster then return nil, "a DB instance and a DB cluster have this name: say instance or cluster" end
  local holder = instance or cluster
  if holder and kind then return nil, ("it is a DB %s, not a DB %s"):format(holder.kind, kind) end
  return holder, not holder and "there is none" or nil
end

-- A member is restored with its cluster.
local function member_problem(seen, by_id)
  if not seen.member_of then return nil end
  local other = by_id[seen.member_of:lower()]
  return other and ("it is a member of the cluster %s, which is %s"):format(seen.member_of,
      other.where and "in " .. other.where or "named as well")
    or ("it is a member of the cluster %s: name that"):format(seen.member_of)
end

local function check_there(list, given, client)
  local ids, by_id, problems, asked = {}, {}, {}, 0
  for i, target in ipairs(list) do ids[i], by_id[target.id] = target.id, target end
  local found = lookup.named(client, ids)
  for _, target in ipairs(list) do
    local seen, why = holder_of(found, target.id, kind_for(given, target))
    if why == "there is none" then
      asked = asked + 1
      why = ("no database in %s has this name%s"):format(client.region,
        asked <= MOST_HINTS and similar(client, target.id) or "")
    end
    why = why or member_problem(seen --[[@as trapheus.Seen]], by_id)
    if why then
      problems[#problems + 1] = ("%s: %s%s"):format(place(target), target.where and target.id .. ": " or "", why)
    end
    target.kind = seen and seen.kind or target.kind
  end
  refuse(problems)
end

-- Those that are selected ---------------------------------------------------------------------

local SELECTORS = { "tag", "engine", "match" }

local function selects(given)
  for _, field in ipairs(SELECTORS) do
    if given[field] and given[field][1] then return true end
  end
  return false
end

local function check_selectors(given)
  if (given.target or {})[1] or (given.targets or {})[1] then
    usage.fail "databases are named or selected (--tag, --engine, --match), not both"
  end
  for _, field in ipairs(SELECTORS) do
    for _, text in ipairs(given[field] or {}) do
      if text == "" or text:find "^=" then
        usage.fail("--%s '%s': %s is expected", field, text, field == "tag" and "KEY or KEY=VALUE" or "a name")
      end
    end
  end
end

local function selected(given, client)
  check_selectors(given)
  if not client then usage.fail "--tag, --engine and --match select what is there: --sandbox needs --from-describe" end
  local wanted = { tag = given.tag, engine = given.engine, match = given.match, kind = kind_for(given, {}) }
  for _, field in ipairs(SELECTORS) do wanted[field] = (given[field] or {})[1] and given[field] or nil end
  local all = lookup.all(client)
  local found, left_out = lookup.select(all, wanted)
  local list, told = {}, {}
  for i, seen in ipairs(found) do list[i] = { id = seen.name:lower(), kind = seen.kind, overrides = {} } end
  for i, each in ipairs(left_out) do told[i] = ("left out: %s: %s"):format(each.name, each.why) end
  if #list == 0 then
    usage.fail("no database in %s is selected by %s%s", client.region, lookup.described(all, wanted),
      told[1] and "\n" .. table.concat(told, "\n") or "")
  end
  check_twice(list)
  table.sort(list, function(a, b) return a.id < b.id end)
  return list, told
end

--- What is to be restored. Raises a usage error for whatever cannot be; changes nothing.
---@param given trapheus.TargetOptions
---@param client trapheus.Client?   of RDS; nil: nobody asks whether they are there, as in a sandbox that is yet empty
---@return trapheus.Target[]
---@return string[] left_out   what a selection finds and leaves out, and why
function targets.read(given, client)
  if given.format and not (given.targets or {})[1] then usage.fail "--format says of what kind --targets is" end
  if selects(given) then return selected(given, client) end
  local list = named(given)
  if client then check_there(list, given, client) end
  return list, {}
end

return targets
