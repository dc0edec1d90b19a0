--- The tables of settings against AWS's service model, in both directions, and against the list of what a
--- configuration is (tests/data/retention). A member that the model gains makes this fail, by name.
local fixed = require "trapheus.settings.fixed"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local rules = require "trapheus.settings.rules"
local shapes = require "trapheus.settings.shapes"
local sorted = require "trapheus.sorted"
local equal = require("witness").equal

local tests = {}

local KINDS = {
  instance = { output = "DBInstance", restore = "RestoreDBInstanceFromDBSnapshot", modify = "ModifyDBInstance" },
  cluster = { output = "DBCluster", restore = "RestoreDBClusterFromSnapshot", modify = "ModifyDBCluster" },
  member = { output = "DBInstance", create = "CreateDBInstance", modify = "ModifyDBInstance" },
}
for name, kind in pairs(KINDS) do kind.rows = require("trapheus.settings." .. name) end

local function fail(found)
  table.sort(found)
  if #found > 0 then error(table.concat(found, "\n"), 2) end
end

local function for_each_kind(check)
  local found = {}
  for _, name in ipairs(sorted.keys(KINDS)) do check(name, KINDS[name], found) end
  fail(found)
end

-- Reading the model -------------------------------------------------------------------------------

-- Every leaf below a shape, as a path: "VpcSecurityGroups[].Status".
local function leaves(rds, shape, prefix, found)
  for name, ref in pairs(rds.shapes[shape].members) do
    local path, inner = prefix .. name, ref.shape
    while rds.shapes[inner].type == "list" do path, inner = path .. "[]", rds.shapes[inner].member.shape end
    if rds.shapes[inner].type == "structure" then
      leaves(rds, inner, path .. ".", found)
    else
      found[#found + 1] = path
    end
  end
  return found
end

-- The shape at a path; nil where there is none. The last step may lead to a whole list.
local function shape_at(rds, root, path)
  local shape = root
  for step in path:gmatch "[^.]+" do
    local name, list = step:match "^([^%[]+)(%[?%]?)$"
    local member = rds.shapes[shape].members and rds.shapes[shape].members[name]
    if not member then return nil end
    shape = member.shape
    local is_list = rds.shapes[shape].type == "list"
    local whole = is_list and list == "" and path:sub(-#step) == step
    if is_list ~= (list == "[]") and not whole then return nil end
    if is_list and not whole then shape = rds.shapes[shape].member.shape end
  end
  return shape
end

-- What Describe shows ---------------------------------------------------------------------------------

local function join(path, field) return path == "" and field or path .. "." .. field end

-- The leaves that a row reads.
local function read_by(row)
  local list = {}
  for _, field in ipairs(row.fields or {}) do list[#list + 1] = join(row.path, field) end
  for _, field in ipairs(row.reads or {}) do list[#list + 1] = join(row.path, field) end
  if not row.fields then list[#list + 1] = row.path end
  return list
end

-- What is said about each leaf: by a row, or by a list of settings/fixed.lua. Patterns end with ".".
local function said(name, kind)
  local exact, below = {}, {}
  for _, row in ipairs(kind.rows) do
    for _, path in ipairs(read_by(row)) do exact[path:gsub("%[%]$", "")] = "setting" end
  end
  for class, paths in pairs(fixed[name]) do
    for _, path in ipairs(paths) do
      local plain = path:gsub("%[%]$", "")
      assert(not exact[plain], ("%s: %s is classified twice"):format(name, path))
      exact[plain] = class
      if path:sub(-1) == "." then below[#below + 1] = path end
    end
  end
  return exact, below
end

local function class_of(exact, below, leaf)
  local plain = leaf:gsub("%[%]$", "")
  if exact[plain] then return exact[plain], plain end
  for _, prefix in ipairs(below) do
    if leaf:sub(1, #prefix) == prefix then return exact[prefix], prefix end
  end
end

-- What the model has that nothing is said about, and what something is said about that it has not.
local function unclassified(rds, name, kind, found)
  local exact, below = said(name, kind)
  local seen = {}
  for _, leaf in ipairs(leaves(rds, kind.output, "", {})) do
    local class, by = class_of(exact, below, leaf)
    if not class then
      found[#found + 1] = ("%s: %s.%s is new: nothing is said about it"):format(name, kind.output, leaf)
    end
    seen[by or ""] = true
  end
  for path in pairs(exact) do
    if not seen[path] then found[#found + 1] = ("%s: %s is not in %s"):format(name, path, kind.output) end
  end
end

function tests.every_member_that_describe_shows_is_classified()
  for_each_kind(function(name, kind, found) unclassified(model.load "rds", name, kind, found) end)
end

-- What the calls take --------------------------------------------------------------------------------------

local CONVERTED = { log_types = true, first = true, present = true, switch = true, locked = true, regions = true }
local TYPES = { set = "list", records = "list", record = "structure" }

local function given_type(rds, kind, row)
  return TYPES[row.shape or ""] or rds.shapes[shape_at(rds, kind.output, row.path)].type
end

local function check_parameter(rds, kind, row, call, found)
  local parameter, operation = row[call], kind[call]
  if not parameter then return end
  local taken = rds.shapes[rds.operations[operation].input.shape].members[parameter]
  if not taken then
    found[#found + 1] = ("%s: %s takes no %s"):format(row.name, operation, parameter)
  elseif not CONVERTED[row.shape or ""] and given_type(rds, kind, row) ~= rds.shapes[taken.shape].type then
    found[#found + 1] = ("%s: %s wants a %s for %s"):format(row.name, operation, rds.shapes[taken.shape].type,
      parameter)
  end
end

-- A structure takes the fields that are sent in it.
local function check_fields(rds, kind, row, call, found)
  local members = row[call] and rds.shapes[rds.operations[kind[call]].input.shape].members[row[call]]
  if not members or not row.fields then return end
  local shape = rds.shapes[members.shape]
  if shape.type == "list" then shape = rds.shapes[shape.member.shape] end
  for _, field in ipairs(row.fields) do
    if not shape.members[field] then
      found[#found + 1] = ("%s: %s takes no %s in it"):format(row.name, kind[call], field)
    end
  end
end

function tests.every_parameter_is_in_the_model()
  local rds = model.load "rds"
  for_each_kind(function(_, kind, found)
    for _, row in ipairs(kind.rows) do
      for _, call in ipairs { "restore", "create", "modify" } do
        check_parameter(rds, kind, row, call, found)
        check_fields(rds, kind, row, call, found)
      end
      if row.call and not rds.operations[row.call] then found[#found + 1] = row.call .. " is no operation" end
    end
  end)
end

-- The other way round: every parameter there is -----------------------------------------------------------------

local function lines(name)
  local list, header = {}, nil
  for line in io.lines("tests/data/retention/" .. name .. ".tsv") do
    local row, i = {}, 0
    for field in (line .. "\t"):gmatch "([^\t]*)\t" do
      i = i + 1
      row[header and header[i] or i] = field
    end
    if header then list[#list + 1] = row else header = row end
  end
  return list
end

-- The names of the rows that read what a list of paths names.
local function readers(kind, paths)
  local wanted, rows = {}, {}
  for path in paths:gmatch "%S+" do wanted[path:gsub("%[%]$", "")] = true end
  for _, row in ipairs(kind.rows) do
    for _, path in ipairs(read_by(row)) do
      if wanted[path:gsub("%[%]$", "")] then rows[#rows + 1] = row end
    end
  end
  return rows
end

-- Parameters that take a setting which goes another way, and why that is better.
local OTHERWISE = {
  ["RestoreDBInstanceFromDBSnapshot ManageMasterUserPassword"] = "Oracle only; a modification takes it for all",
  ["RestoreDBInstanceFromDBSnapshot MasterUserSecretKmsKeyId"] = "goes with ManageMasterUserPassword",
  ["RestoreDBInstanceFromDBSnapshot DeletionProtection"] = "comes last: what does not come up must be deletable",
  ["RestoreDBClusterFromSnapshot DeletionProtection"] = "comes last: what does not come up must be deletable",
  ["ModifyDBInstance DBSubnetGroupName"] = "the restore has given it; afterwards it would be an outage",
  ["ModifyDBInstance Engine"] = "the restore has given it",
  ["ModifyDBCluster EngineMode"] = "only away from Serverless v1, which is refused",
  ["ModifyDBCluster EnableHttpEndpoint"] = "Serverless v1 only; EnableHttpEndpoint is an operation too",
}
for _, name in ipairs { "EnablePerformanceInsights", "PerformanceInsightsKMSKeyId",
  "PerformanceInsightsRetentionPeriod" } do
  OTHERWISE["RestoreDBClusterFromSnapshot " .. name] = "AWS's own CloudFormation handler leaves it to a modification"
end

-- Is a parameter that a list says is retained given by a row, or is its setting one that cannot be carried over?
local function accounted(entry, kind, call)
  if entry.disposition ~= "retained" then return true end
  if entry.from_output_path:find "Identifier$" then return true end -- the names: the steps give them
  if OTHERWISE[entry.operation .. " " .. entry.member] then return true end
  for _, row in ipairs(kind.rows) do
    if row[call] == entry.member then return true end
  end
  local rows = readers(kind, entry.from_output_path)
  for _, row in ipairs(rows) do
    if not row.cannot then return false end
  end
  return #rows > 0
end

local function parameters_left_out(rds, found)
  local known, call_of = {}, {}
  for _, kind in pairs(KINDS) do
    for _, call in ipairs { "restore", "create", "modify" } do
      if kind[call] and not (call == "modify" and kind == KINDS.member) then call_of[kind[call]] = { kind, call } end
    end
  end
  for _, entry in ipairs(lines "inputs") do
    known[entry.operation .. " " .. entry.member] = true
    local kind, call = table.unpack(call_of[entry.operation])
    if not accounted(entry, kind, call) then
      found[#found + 1] = ("%s %s is never given"):format(entry.operation, entry.member)
    end
  end
  for operation in pairs(call_of) do
    for member in pairs(rds.shapes[rds.operations[operation].input.shape].members) do
      if not known[operation .. " " .. member] then
        found[#found + 1] = ("%s %s is new: nothing is said about it"):format(operation, member)
      end
    end
  end
end

function tests.every_parameter_there_is_is_given_or_accounted_for()
  local found = {}
  parameters_left_out(model.load "rds", found)
  fail(found)
end

function tests.a_newer_model_is_noticed_and_its_members_are_named()
  local newer = json.decode(json.encode(model.load "rds"))
  newer.shapes.DBInstance.members.QuantumStorage = { shape = "BooleanOptional" }
  newer.shapes.Endpoint.members.Moon = { shape = "String" }
  newer.shapes.DBCluster.members.QuantumReaders = { shape = "IntegerOptional" }
  newer.shapes.ModifyDBClusterMessage.members.EnableQuantumReaders = { shape = "BooleanOptional" }
  local found = {}
  for _, name in ipairs(sorted.keys(KINDS)) do unclassified(newer, name, KINDS[name], found) end
  parameters_left_out(newer, found)
  table.sort(found)
  local text = table.concat(found, "\n")
  for _, wanted in ipairs { "cluster: DBCluster.QuantumReaders", "instance: DBInstance.QuantumStorage",
    "member: DBInstance.QuantumStorage", "instance: DBInstance.Endpoint.Moon",
    "ModifyDBCluster EnableQuantumReaders" } do
    assert(text:find(wanted .. " is new", 1, true), ("%s is not named in:\n%s"):format(wanted, text))
  end
  equal(#found, 6, "new members")
end

-- Every setting of the list is a row -------------------------------------------------------------------------------

function tests.every_setting_of_the_list_is_a_row_of_its_name()
  local totals = { instance = 64, cluster = 56, member = 16 }
  for_each_kind(function(name, kind, found)
    local rows, units = {}, {}
    for _, row in ipairs(kind.rows) do rows[row.name] = row end
    for _, entry in ipairs(lines(name)) do
      local counts = entry.kind == "leaf" and entry.class:find "[abc]" and not entry.unit:find "^@"
      if counts then units[entry.unit] = entry end
    end
    local count = 0
    for unit in pairs(units) do
      count = count + 1
      local row = rows[unit]
      if not row or row.inherited then found[#found + 1] = ("%s: %s is no setting"):format(name, unit) end
    end
    equal(count, totals[name], name .. ": settings in the list")
    for unit, row in pairs(rows) do
      if not units[unit] and not row.inherited and not row.cannot then
        found[#found + 1] = ("%s: %s is not in the list of settings"):format(name, unit)
      end
    end
  end)
end

-- The tables themselves ---------------------------------------------------------------------------------------------

local KEYS = { name = "string", path = "string", restore = "string", create = "string", modify = "string",
  shape = "string", fields = "table", reads = "table", security = "boolean", group = "string", when = "string",
  with = "string", cannot = "string", keep = "string", compare = "string", call = "string", inherited = "boolean",
  shown = "boolean", unsaid = "string" }

local WITH = { modify = true, handover = true, finish = true }

local function ways(row)
  local taken = row.restore or row.create or row.modify or row.call
  return (row.cannot and 1 or 0) + (row.inherited and 1 or 0) + (taken and 1 or 0)
end

local function check_row(name, row)
  local what = name .. ": " .. row.name
  for key, value in pairs(row) do
    if key ~= "default" then equal(type(value), KEYS[key] or "no key", what .. "." .. key) end
  end
  equal(ways(row), 1, what .. " goes one way; ways")
  assert(not row.cannot or #row.cannot > 20 and not row.cannot:find "%.$", what .. ": no plain sentence")
  assert(not row.with or WITH[row.with], what .. ".with")
  assert(row.with ~= "modify" or row.modify and not row.restore, what .. " goes with a modification only")
  local ok, why = pcall(shapes.reader, row)
  assert(ok, ("%s: %s"):format(what, why))
end

function tests.rows_are_well_formed()
  for name, kind in pairs(KINDS) do
    local names = {}
    for _, row in ipairs(kind.rows) do
      assert(not names[row.name], row.name .. " is there twice")
      names[row.name] = true
      check_row(name, row)
    end
  end
end

function tests.every_rule_exists_has_a_source_and_is_used()
  local used = {}
  for _, kind in pairs(KINDS) do
    for _, row in ipairs(kind.rows) do
      for _, key in ipairs { "when", "compare", "keep" } do
        local name = row[key]
        if name then
          used[name] = true
          assert(rules[name], ("%s: no rule %s"):format(row.name, name))
          assert(key == "keep" or #rules[name].source > 10, name .. " has no source")
        end
      end
    end
  end
  local found = {}
  for name in pairs(rules) do
    if not used[name] then found[#found + 1] = name .. " is not used" end
  end
  fail(found)
end

return tests
