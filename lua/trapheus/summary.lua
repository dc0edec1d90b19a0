--- What became of the settings, for the report: carried over, differing, impossible, set on purpose. A member's have
--- its name before theirs.
local json = require "trapheus.json"

local summary = {}

-- The whole and its members: what is carried over of each, and as it was captured.
---@param run trapheus.Run
---@return { prefix: string, settings: trapheus.Settings, config: table }[]
local function captured(run)
  local list = { { prefix = "", settings = run.database.settings, config = run.facts.config } }
  for _, member in ipairs(run.facts.original and run.facts.original.members or {}) do
    list[#list + 1] = { prefix = member.name .. ".", settings = run.database.member_settings, config = member.config }
  end
  return list
end

local function copied(list, fields)
  local copy = json.list {}
  for i, row in ipairs(list or {}) do
    copy[i] = {}
    for _, field in ipairs(fields) do copy[i][field] = row[field] end
  end
  return copy
end

--- What is to be carried over of the captured configuration, and what cannot be.
---@param run trapheus.Run
---@return string[] carried
---@return { name: string, why: string }[] impossible
function summary.expected(run)
  local carried, impossible = json.list {}, json.list {}
  for _, part in ipairs(captured(run)) do
    for _, name in ipairs(part.settings:carried(part.config)) do carried[#carried + 1] = part.prefix .. name end
    for _, row in ipairs(part.settings:impossible(part.config)) do
      impossible[#impossible + 1] = { name = part.prefix .. row.name, why = row.why }
    end
  end
  return carried, impossible
end

---@class trapheus.Summary
---@field carried string[]
---@field differing trapheus.Difference[]
---@field impossible { name: string, why: string }[]
---@field set trapheus.Overridden[]

---@param run trapheus.Run
---@return trapheus.Summary
function summary.of(run)
  local facts = run.facts
  local found = { carried = json.list {}, impossible = json.list {},
    differing = copied(facts.differing, { "name", "wanted", "found", "accepted" }),
    set = copied(facts.overridden, { "name", "value", "was" }) }
  if not facts.config or not run.database or not run.database.settings then return found end
  local differs = {}
  for _, row in ipairs(found.differing) do differs[row.name] = true end
  local expected, impossible = summary.expected(run)
  for _, name in ipairs(facts.replacement and expected or {}) do
    if not differs[name] then found.carried[#found.carried + 1] = name end
  end
  found.impossible = impossible
  return found
end

--- A value in one line.
function summary.text(value)
  return type(value) == "table" and json.encode(value) or value == nil and "none" or tostring(value)
end

-- Names by whose they are: "" of the whole, then the members.
local function by_part(names)
  local list, known = {}, {}
  for _, name in ipairs(names) do
    local prefix, own = name:match "^(.-)%.?([^.]+)$"
    if not known[prefix] then
      known[prefix] = { part = prefix, names = {} }
      list[#list + 1] = known[prefix]
    end
    table.insert(known[prefix].names, own)
  end
  return list
end

--- One line of the whole, and one of all members of which the same is carried over.
---@param carried string[]
---@return string[] lines
function summary.carried_lines(carried)
  local lines, of_members, order = {}, {}, {}
  for _, entry in ipairs(by_part(carried)) do
    local names = ("(%d): %s"):format(#entry.names, table.concat(entry.names, ", "))
    if entry.part == "" then
      lines[1] = "Settings carried over " .. names
    elseif of_members[names] then
      table.insert(of_members[names], entry.part)
    else
      of_members[names], order[#order + 1] = { entry.part }, names
    end
  end
  for _, names in ipairs(order) do
    lines[#lines + 1] = ("Of %s %s %s"):format(of_members[names][2] and "the members" or "the member",
      table.concat(of_members[names], ", "), names)
  end
  return lines
end

--- One line a reason: what several members have in common is said once.
---@param impossible { name: string, why: string }[]
---@return { why: string, names: string[] }[]
function summary.reasons(impossible)
  local list, known = {}, {}
  for _, row in ipairs(impossible) do
    local entry = known[row.why]
    if entry then
      table.insert(entry.names, row.name)
    else
      known[row.why] = { why = row.why, names = { row.name } }
      list[#list + 1] = known[row.why]
    end
  end
  return list
end

--- The lines of the text report.
---@param found trapheus.Summary
---@return string[]
function summary.lines(found)
  local lines = { ("  settings     %d carried over, %d differing, %d impossible"):format(#found.carried,
    #found.differing, #found.impossible) }
  for _, row in ipairs(found.set) do
    lines[#lines + 1] = ("  set          %s = %s, was %s"):format(row.name, summary.text(row.value),
      summary.text(row.was))
  end
  for _, row in ipairs(found.differing) do
    lines[#lines + 1] = ("  differing    %s is %s, was %s%s"):format(row.name, summary.text(row.found),
      summary.text(row.wanted), row.accepted and " (accepted)" or "")
  end
  for _, row in ipairs(summary.reasons(found.impossible)) do
    lines[#lines + 1] = ("  impossible   %s: %s"):format(table.concat(row.names, ", "), row.why)
  end
  return lines
end

return summary
