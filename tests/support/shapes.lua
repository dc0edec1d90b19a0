--- Is a value what the RDS service model says: no other members, and each of its type?
local model = require "trapheus.aws.model"

local shapes = {}

local rds = model.load "rds"
shapes.rds = rds

local LUA = {
  string = "string", integer = "number", long = "number", double = "number", float = "number", boolean = "boolean",
  timestamp = "number", blob = "string",
}

local check

local function check_structure(shape, value, path)
  for key, member in pairs(value) do
    local ref = shape.members[key]
    if not ref then error(path .. " has no member " .. key, 0) end
    check(ref, member, path .. "." .. key)
  end
end

function check(ref, value, path)
  local shape = rds.shapes[ref.shape]
  if shape.type == "structure" then
    check_structure(shape, value, path)
  elseif shape.type == "list" then
    for i, member in ipairs(value) do check(shape.member, member, ("%s[%d]"):format(path, i)) end
  elseif type(value) ~= LUA[shape.type] then
    error(("%s is a %s, not a %s"):format(path, type(value), shape.type), 0)
  elseif shape.type == "integer" and math.type(value) ~= "integer" then
    error(path .. " is not whole", 0)
  end
end

--- Raises unless the result is of the operation's output shape.
---@param operation string
---@param result table
function shapes.check_output(operation, result)
  local output = rds.operations[operation].output
  if output then check(output, result, operation) end
end

--- The parameters of an operation that a sandbox refuses to pretend to know, in one line.
---@param operation string
---@param base table Parameters that it needs.
---@param stand_up fun(): trapheus.Sandbox
---@return string
function shapes.unknown_parameters(operation, base, stand_up)
  local sb, list = stand_up(), {}
  for name, ref in pairs(rds.shapes[rds.operations[operation].input.shape].members) do
    local kind = rds.shapes[ref.shape].type
    if base[name] == nil then
      local params = { [name] = kind == "list" and {} or kind == "structure" and {} or kind == "boolean" and false
        or (kind == "integer" or kind == "long") and 1 or "x" }
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
