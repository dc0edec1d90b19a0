--- What a row of a file of targets says of its database: the flags of a single restore, by their names.
local commands = require "trapheus.commands"
local files = require "trapheus.fleet.files"
local json = require "trapheus.json"
local names = require "trapheus.names"
local nearest = require "trapheus.nearest"
local sorted = require "trapheus.sorted"
local usage = require "trapheus.usage"

local columns = {}

-- As a document of --input has them.
local ALIASES = { identifier = "id", isCluster = "is_cluster" }

local function canonical(name) return ALIASES[name] or (name:gsub("^%-%-", ""):gsub("-", "_")) end

-- Values --------------------------------------------------------------------------------------

local SWITCH = { [true] = true, [false] = false, ["true"] = true, ["false"] = false }

local read = {}

function read.switch(value)
  if SWITCH[value] == nil then return nil, "true or false is expected" end
  return SWITCH[value]
end

function read.text(value)
  if type(value) ~= "string" or value == "" then return nil, "a text is expected" end
  return value
end

function read.list(value)
  local list = json.is_list(value) and value or { value }
  for _, element in ipairs(list) do
    if type(element) ~= "string" then return nil, "a text, or a list of texts, is expected" end
  end
  return { table.unpack(list) }
end

function read.id(value)
  if type(value) ~= "string" then return nil, "a name is expected" end
  local ok, why = names.valid(value)
  if not ok then return nil, "no valid name: " .. why end
  return value:lower()
end

-- Fields --------------------------------------------------------------------------------------

local function known()
  local fields = { id = true }
  for field in pairs(commands.OF_ONE) do fields[field:gsub("_", "-")] = true end
  return fields
end

local function is_flag(flag)
  for _, group in ipairs(commands.find("restore").groups) do
    for _, row in ipairs(group[2]) do
      if commands.field(row[1]) == flag then return true end
    end
  end
end

-- How the value of a field is read. A usage error when there is no such field.
local function reader_of(field, name, where)
  if field == "id" then return read.id end
  if field == "is_cluster" then return read.switch end
  local flag = commands.OF_ONE[field]
  if flag then return not flag[2] and read.switch or flag[4] == "+" and read.list or read.text end
  if is_flag(field) then usage.fail("%s: --%s is said of all of them, not of one", where, (field:gsub("_", "-"))) end
  local near = nearest((field:gsub("_", "-")), known())
  usage.fail("%s: unknown field %s%s", where, files.shown(name), near and (" (did you mean %s?)"):format(near)
    or ": known are " .. table.concat(sorted.keys(known()), ", "))
end

-- A flag that may be repeated may have several columns.
local function put(said, field, value, where, name)
  if type(said[field]) == "table" and type(value) == "table" then
    table.move(value, 1, #value, #said[field] + 1, said[field])
  elseif said[field] ~= nil then
    usage.fail("%s: %s is given twice", where, files.shown(name))
  else
    said[field] = value
  end
end

local function read_fields(row)
  local said = {}
  for _, field in ipairs(row.fields) do
    local canon = canonical(field.name)
    local reader = reader_of(canon, field.name, field.where or row.where)
    if field.value ~= nil then
      local value, why = reader(field.value)
      if value == nil then usage.fail("%s: %s: %s", row.where, field.name, why) end
      put(said, canon, value, row.where, field.name)
    end
  end
  return said
end

-- "instance", "cluster", or nil: to be looked up.
local function kind_of(said, where)
  local is_cluster = said.is_cluster == true or said.cluster
  local is_instance = said.is_cluster == false or said.instance
  if is_cluster and is_instance then usage.fail("%s: cluster and instance exclude each other", where) end
  said.is_cluster, said.cluster, said.instance = nil, nil, nil
  return is_cluster and "cluster" or is_instance and "instance" or nil
end

--- Raises a usage error.
---@param row trapheus.TargetRow
---@return trapheus.Target
function columns.target(row)
  local said = read_fields(row)
  local id = said.id or usage.fail("%s: id is missing: which database?", row.where)
  said.id = nil
  return { id = id, kind = kind_of(said, row.where), overrides = said, where = row.where }
end

return columns
