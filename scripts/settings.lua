--- What a database is configured with, and how each setting would travel to a replacement.
---
---   trapheus settings mydb
---   trapheus settings mydb --output json > before.json
local configuration = require "trapheus.configuration"
local json = require "trapheus.json"
local log = require "trapheus.log"
local options = require "trapheus.options"
local summary = require "trapheus.summary"
local travel = require "trapheus.settings.travel"
local usage = require "trapheus.usage"

local function rows_of(kind) return require("trapheus.settings." .. kind) end

-- One database -------------------------------------------------------------------------------

---@param what trapheus.Configured
local function document(what)
  local list, members = json.list {}, json.list {}
  for _, row in ipairs(rows_of(what.kind)) do
    local value = what.config[row.name]
    if value ~= nil then
      local journey = travel.of(what.kind, row, what.config)
      list[#list + 1] = { name = row.name, value = value, by = journey.by, operation = journey.operation,
        parameter = journey.parameter, why = journey.why }
    end
  end
  for i, member in ipairs(what.members) do members[i] = document(member) end
  return { kind = what.kind, identifier = what.name, settings = list,
    members = what.kind == "cluster" and members or nil }
end

local TITLES = { instance = "DB instance", cluster = "DB cluster", member = "member" }
local FORMAT = "  %-34s %-36s %s"

local function text(what, lines)
  lines[#lines + 1] = ("%s, %s"):format(what.name, TITLES[what.kind])
  for _, row in ipairs(rows_of(what.kind)) do
    local value = what.config[row.name]
    if value ~= nil then
      lines[#lines + 1] = log.clean(FORMAT:format(row.name, summary.text(value),
        travel.text(travel.of(what.kind, row, what.config))))
    end
  end
  for _, member in ipairs(what.members) do text(member, lines) end
  return lines
end

-- The tables ------------------------------------------------------------------------------------

local KINDS = { "instance", "cluster", "member" }

-- How many of what can be set are carried over. What is only shown is no setting.
local function counts(kind)
  local settable, carried = 0, 0
  for _, row in ipairs(rows_of(kind)) do
    local counted = not row.inherited and not row.shown
    settable = settable + (counted and 1 or 0)
    carried = carried + (counted and not row.cannot and 1 or 0)
  end
  return carried, settable
end

local function print_tables()
  local figures = {}
  for _, kind in ipairs(KINDS) do
    print(("%s"):format(TITLES[kind]))
    for _, row in ipairs(rows_of(kind)) do
      print(("  %-34s %s"):format(row.name, travel.text(travel.of(kind, row))))
    end
    figures[#figures + 1] = ("%s %d of %d"):format(kind, counts(kind))
  end
  print(("carried over, of what can be set: %s"):format(table.concat(figures, ", ")))
  return 0
end

return function(arguments)
  local given = options.read("settings", arguments)
  if given.table then return print_tables() end
  if not given.name then usage.fail "which database? trapheus settings NAME, or --table for what is carried over" end
  local what = configuration.live(configuration.world(given, { given.name }), given, given.name)
  if given.output == "json" or given.output == "jsonl" then
    print(json.encode(document(what), { indent = given.output == "json" }))
  else
    print(table.concat(text(what, {}), "\n"))
  end
  return 0
end
