--- Compares the configuration of two databases, live or from saved files. Exit code 0: equal; 9: different.
---
---   trapheus diff mydb mydb-temp
---   trapheus diff before.json mydb
local configuration = require "trapheus.configuration"
local json = require "trapheus.json"
local log = require "trapheus.log"
local options = require "trapheus.options"
local report = require "trapheus.report"
local settings = require "trapheus.settings"
local summary = require "trapheus.summary"
local usage = require "trapheus.usage"

-- The members of two clusters, by name.
local function pairs_of(a, b)
  local list, known = {}, {}
  for _, member in ipairs(b.members) do known[member.name] = member end
  for _, member in ipairs(a.members) do
    list[#list + 1] = { member, known[member.name] }
    known[member.name] = nil
  end
  for _, member in ipairs(b.members) do
    if known[member.name] then list[#list + 1] = { nil, member } end
  end
  return list
end

local function compare_members(a, b, found)
  for _, pair in ipairs(pairs_of(a, b)) do
    local left, right = pair[1], pair[2]
    if left and right then
      for _, row in ipairs(settings.load("member"):compare(left.config, right.config)) do
        row.name = left.name .. "." .. row.name
        found[#found + 1] = row
      end
    else
      found[#found + 1] = { name = (left or right).name, a = left and "a member", b = right and "a member" }
    end
  end
end

local TITLES = { instance = "DB instance", cluster = "DB cluster", member = "member of a DB cluster" }

local function compare(a, b)
  if a.kind ~= b.kind then
    usage.fail("%s is a %s, %s a %s: only two of a kind can be compared", a.name, TITLES[a.kind], b.name,
      TITLES[b.kind])
  end
  local found = settings.load(a.kind):compare(a.config, b.config)
  if not (a.alone or b.alone) then compare_members(a, b, found) end
  return found
end

-- Telling --------------------------------------------------------------------------------------

local function document(a, b, found)
  local differing = json.list {}
  for i, row in ipairs(found) do
    differing[i] = { name = row.name, a = row.a == nil and json.null or row.a, b = row.b == nil and json.null or row.b,
      impossible = row.impossible }
  end
  local alone = (a.alone or b.alone) and true or nil
  return { a = a.name, b = b.name, kind = a.kind, differing = differing, members_not_compared = alone }
end

local function shown(value) return value == nil and "none" or summary.text(value) end

local function text(a, b, found)
  local lines = {}
  for _, row in ipairs(found) do
    lines[#lines + 1] = log.clean(("  %-34s %s | %s%s"):format(row.name, shown(row.a), shown(row.b),
      row.impossible and "   (no restore can make these equal)" or ""))
  end
  if a.alone or b.alone then
    lines[#lines + 1] = "  the members are not compared: the file of aws rds describe-db-clusters does not have them"
  end
  table.insert(lines, 1, ("%s and %s: %s"):format(a.name, b.name,
    #found == 0 and "no difference" or #found == 1 and "1 difference" or #found .. " differences"))
  return table.concat(lines, "\n")
end

return function(arguments)
  local given = options.read("diff", arguments)
  local names, sides, world = {}, {}, nil
  for _, name in ipairs(given.databases) do
    if not configuration.is_file(name) then names[#names + 1] = name end
  end
  if names[1] then world = configuration.world(given, names) end
  for i, name in ipairs(given.databases) do
    sides[i] = configuration.is_file(name) and configuration.saved(name) or configuration.live(world, given, name)
  end
  local found = compare(sides[1], sides[2])
  if given.output == "json" or given.output == "jsonl" then
    print(json.encode(document(sides[1], sides[2], found), { indent = given.output == "json" }))
  else
    print(text(sides[1], sides[2], found))
  end
  for _, row in ipairs(found) do
    if not row.impossible then return report.DIFFERENT end
  end
  return 0
end
