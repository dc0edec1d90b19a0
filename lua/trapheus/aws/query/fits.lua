--- Are these parameters as the service's model says? Quick, as nothing is written; what is wrong, encoding them says.
local json = require "trapheus.json"
local scalars = require "trapheus.aws.query.scalars"
local shapes = require "trapheus.aws.shapes"

local fits -- (all shapes, ref, value)

local CONTAINERS = {}

function CONTAINERS.structure(all, shape, value)
  local members = shape.members
  for name, inner in next, value do
    if not members[name] or not fits(all, members[name], inner) then return false end
  end
  for _, name in ipairs(shape.required or {}) do
    if value[name] == nil and not members[name].idempotencyToken then return false end
  end
  return true
end

function CONTAINERS.list(all, shape, value)
  if next(value) ~= nil and not json.is_list(value) then return false end
  for i = 1, #value do
    if not fits(all, shape.member, value[i]) then return false end
  end
  return true
end

function CONTAINERS.map(all, shape, value)
  for name, inner in next, value do
    local is_key = type(name) == "string" and fits(all, shape.key, name)
    if not is_key or not fits(all, shape.value, inner) then return false end
  end
  return true
end

function fits(all, ref, value)
  local shape = all[ref.shape]
  local container = CONTAINERS[shape.type]
  if container then return type(value) == "table" and container(all, shape, value) end
  return scalars.text[shape.type](value, ref.timestampFormat or shape.timestampFormat) and true or false
end

---@param service trapheus.Model
---@param operation string
---@param params table
---@return boolean
return function(service, operation, params)
  return CONTAINERS.structure(service.shapes, shapes.input(service, operation), params)
end
