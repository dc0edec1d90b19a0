--- Is a value what a service model says: no other members, each of its type, and what must be there?
local model = require "trapheus.aws.model"

local shapes = {}

local rds = model.load "rds"
shapes.rds = rds

local LUA = {
  string = "string", integer = "number", long = "number", double = "number", float = "number", boolean = "boolean",
  timestamp = "number", blob = "string",
}

local problem -- (definition, ref, value) -> nil or what is wrong, with its place in front

local function of_structure(definition, shape, value)
  for key, member in pairs(value) do
    local ref = shape.members[key]
    if not ref then return " has no member " .. key end
    local wrong = problem(definition, ref, member)
    if wrong then return "." .. key .. wrong end
  end
  for _, name in ipairs(shape.required or {}) do
    if value[name] == nil then return "." .. name .. " is missing" end
  end
end

local function of_list(definition, shape, value)
  local count = 0
  for i, member in pairs(value) do
    local wrong = math.type(i) ~= "integer" and " is no list" or problem(definition, shape.member, member)
    if wrong then return ("[%s]%s"):format(i, wrong) end
    count = count + 1
  end
  if count ~= #value then return " has holes" end
end

local function of_scalar(shape, value)
  if type(value) ~= LUA[shape.type] then return (" is a %s, not a %s"):format(type(value), shape.type) end
  if shape.type == "integer" and math.type(value) ~= "integer" then return " is not whole" end
  if not shape.enum then return end
  for _, word in ipairs(shape.enum) do
    if value == word then return end
  end
  return (" is %s: %s are possible"):format(value, table.concat(shape.enum, ", "))
end

function problem(definition, ref, value)
  local shape = definition.shapes[ref.shape]
  if shape.type ~= "structure" and shape.type ~= "list" then return of_scalar(shape, value) end
  if type(value) ~= "table" then return (" is a %s, not a %s"):format(type(value), shape.type) end
  return (shape.type == "list" and of_list or of_structure)(definition, shape, value)
end

--- Raises unless the result is of the operation's output shape.
---@param operation string
---@param result table
---@param service string|nil  RDS, if not given.
function shapes.check_output(operation, result, service)
  local definition = model.load(service or "rds")
  local output = definition.operations[operation].output
  local wrong = output and problem(definition, output, result)
  if wrong then error(operation .. wrong, 0) end
end

local function table_sample() return {} end

local function number_sample() return 1 end

local SAMPLES = {
  list = table_sample, structure = table_sample, boolean = function() return false end, integer = number_sample,
  long = number_sample, double = number_sample, timestamp = number_sample, string = function() return "x" end,
}

--- The parameters of an operation that a sandbox refuses to pretend to know, in one line.
---@param operation string
---@param base table Parameters that it needs.
---@param stand_up fun(): trapheus.Sandbox
---@return string
function shapes.unknown_parameters(operation, base, stand_up)
  local sb, list = stand_up(), {}
  for name, ref in pairs(rds.shapes[rds.operations[operation].input.shape].members) do
    local shape = rds.shapes[ref.shape]
    if base[name] == nil then
      local params = { [name] = shape.enum and shape.enum[1] or SAMPLES[shape.type]() }
      for key, value in pairs(base) do params[key] = value end
      local _, err = sb:call("rds", operation, params)
      if err and err.message:find("does not know", 1, true) then list[#list + 1] = name end
      if not err then sb = stand_up() end
    end
  end
  table.sort(list)
  return table.concat(list, " ")
end

return shapes
