--- Are these parameters as the service's model says? Quick, as nothing is written: each shape becomes a function when a
--- value of it is first seen. What is wrong, encoding them says.
local json = require "trapheus.json"
local scalars = require "trapheus.aws.query.scalars"

local MODES = { __mode = "k" }
local checks_of = setmetatable({}, MODES) -- all shapes of a service -> its checks, by reference to a shape

---@alias trapheus.aws.Check fun(value: any): boolean

local check_of -- (all shapes, ref): its check

local MAKERS = {}

function MAKERS.structure(all, shape)
  local members, required, checks = shape.members, {}, {}
  for _, name in ipairs(shape.required or {}) do
    if not members[name].idempotencyToken then required[#required + 1] = name end
  end
  local function check_member(name)
    checks[name] = members[name] and check_of(all, members[name])
    return checks[name]
  end
  return function(value)
    if type(value) ~= "table" then return false end
    for name, inner in next, value do
      local check = checks[name] or check_member(name)
      if not check or not check(inner) then return false end
    end
    for i = 1, #required do
      if value[required[i]] == nil then return false end
    end
    return true
  end
end

function MAKERS.list(all, shape)
  local check
  return function(value)
    if type(value) ~= "table" or value[1] == nil and next(value) ~= nil and not json.is_list(value) then
      return false
    end
    check = check or check_of(all, shape.member)
    for i = 1, #value do
      if not check(value[i]) then return false end
    end
    return true
  end
end

function MAKERS.map(all, shape)
  return function(value)
    if type(value) ~= "table" then return false end
    local is_key, is_value = check_of(all, shape.key), check_of(all, shape.value)
    for name, inner in next, value do
      if type(name) ~= "string" or not is_key(name) or not is_value(inner) then return false end
    end
    return true
  end
end

local PLAIN = { string = "string", character = "string", boolean = "boolean" }

local function scalar(shape, format)
  local plain = PLAIN[shape.type]
  if plain then return function(value) return type(value) == plain end end
  local text = scalars.text[shape.type]
  return function(value) return text(value, format) and true or false end
end

function check_of(all, ref)
  checks_of[all] = checks_of[all] or setmetatable({}, MODES)
  local checks = checks_of[all]
  if not checks[ref] then
    local shape = all[ref.shape]
    local maker = MAKERS[shape.type]
    checks[ref] = maker and maker(all, shape) or scalar(shape, ref.timestampFormat or shape.timestampFormat)
  end
  return checks[ref]
end

local NOTHING = MAKERS.structure({}, { members = {} })

--- What says it of an operation's parameters.
---@param service trapheus.Model
---@param operation string
---@return trapheus.aws.Check
return function(service, operation)
  local input = service.operations[operation].input
  return input and check_of(service.shapes, input) or NOTHING
end
