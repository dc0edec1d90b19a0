--- The pairs of a form to the parameters of a call, as the service's model says: what a service does with a request.
local scalars = require "trapheus.aws.query.scalars"
local json = require "trapheus.json"
local model = require "trapheus.aws.model"
local sorted = require "trapheus.sorted"

local MOST_PARTS = 32 -- of a key

---@class trapheus.aws.FormNode  A key of the form, or the front of one.
---@field text? string
---@field children table<string, trapheus.aws.FormNode>

local function refuse(code, format, ...)
  error({ code = code, message = format:format(...), status = 400 }, 0)
end

local NONE <const> = {}

local function child_of(node, part)
  if node.children == NONE then node.children = {} end
  local child = node.children[part]
  if not child then
    child = { children = NONE }
    node.children[part] = child
  end
  return child
end

local function plant(pairs_of_form)
  local root = { children = {} }
  for _, pair in ipairs(pairs_of_form) do
    local node, parts = root, 0
    for part in pair[1]:gmatch "[^.]+" do
      node, parts = child_of(node, part), parts + 1
      if parts > MOST_PARTS then refuse("MalformedQueryString", "A parameter's name has too many parts.") end
    end
    if node.text then refuse("MalformedQueryString", "The parameter %s is given twice.", pair[1]) end
    node.text = pair[2]
  end
  return root
end

local function dot(prefix, name)
  return prefix == "" and name or prefix .. "." .. name
end

local accept -- (shapes, ref, node, path)

--- The first in order of the children that are not known, if any.
local function first_unknown(children, known)
  local first
  for key in next, children do
    if not known[key] and (not first or key < first) then first = key end
  end
  return first
end

local function refuse_unknown(children, known, path)
  local key = first_unknown(children, known)
  if key then refuse("InvalidQueryParameter", "Unknown parameter %s%s.", dot(path, key), model.hint(key, known)) end
end

--- The children 1, 2, 3… in their order; a number may be left out.
local function numbered(node, path)
  local order, numbers = {}, {}
  for key in next, node.children do
    local number = key:find "^[1-9]%d?%d?%d?%d?$" and math.tointeger(tonumber(key))
    order[#order + 1], numbers[key] = number, number
  end
  local other = first_unknown(node.children, numbers)
  if other then refuse("InvalidQueryParameter", "Unknown parameter %s.", dot(path, other)) end
  table.sort(order)
  local nodes = {}
  for i, number in ipairs(order) do nodes[i] = node.children[("%d"):format(number)] end
  return nodes
end

--- What stands between the name of a list or map and the numbers of its items: nothing when it is flattened.
local function inside(node, name, path)
  refuse_unknown(node.children, { [name] = true }, path)
  return node.children[name] or { children = NONE }
end

local function accept_list(shapes, shape, node, path, flattened)
  local name = shape.member.locationName or "member"
  if not flattened then node, path = inside(node, name, path), dot(path, name) end
  local list = json.list {}
  for i, item in ipairs(numbered(node, path)) do
    list[i] = accept(shapes, shape.member, item, dot(path, i))
  end
  return list
end

local function accept_map(shapes, shape, node, path, flattened)
  if not flattened then node, path = inside(node, "entry", path), dot(path, "entry") end
  local key_name, value_name = shape.key.locationName or "key", shape.value.locationName or "value"
  local map = {}
  for i, entry in ipairs(numbered(node, path)) do
    local key, value = entry.children[key_name], entry.children[value_name]
    if not key or not value then refuse("InvalidQueryParameter", "%s has no key or no value.", dot(path, i)) end
    map[accept(shapes, shape.key, key, dot(path, i))] = accept(shapes, shape.value, value, dot(path, i))
  end
  return map
end

--- Where a member stands in the form.
local function key_of(shapes, name, ref)
  local target = shapes[ref.shape]
  local flattened = model.is_flattened(ref, target)
  local of_items = flattened and target.member and target.member.locationName
  return ref.locationName or of_items or name, flattened
end

local plans = setmetatable({}, { __mode = "k" }) -- of structures, by their shapes; made once

--- The members in the order of their names, and the keys that they are known by.
local function plan_of(shapes, shape)
  if plans[shape] then return plans[shape] end
  local plan = { known = {} }
  for i, name in ipairs(sorted.keys(shape.members)) do
    local key, flattened = key_of(shapes, name, shape.members[name])
    plan[i] = { name = name, ref = shape.members[name], key = key, flattened = flattened }
    plan.known[key] = true
  end
  plans[shape] = plan
  return plan
end

local function accept_structure(shapes, shape, node, path)
  local value, plan, children = {}, plan_of(shapes, shape), node.children
  for i = 1, next(children) and #plan or 0 do
    local member = plan[i]
    local child = children[member.key]
    if child then
      value[member.name] = accept(shapes, member.ref, child, dot(path, member.key), member.flattened)
    end
  end
  refuse_unknown(children, plan.known, path)
  for _, name in ipairs(shape.required or {}) do
    if value[name] == nil then
      refuse("MissingParameter", "The request must contain the parameter %s.", dot(path, name))
    end
  end
  return value
end

-- What no XML can carry back is no text.
local function is_text(text)
  return utf8.len(text) and not text:find "[\0-\8\11\12\14-\31]" and not text:find "\xEF\xBF[\xBE\xBF]"
end

local CONTAINERS = { structure = accept_structure, list = accept_list, map = accept_map }

function accept(shapes, ref, node, path, flattened)
  local shape = shapes[ref.shape]
  local container = CONTAINERS[shape.type]
  if container then return container(shapes, shape, node, path, flattened) end
  refuse_unknown(node.children, NONE, path)
  local value = is_text(node.text) and scalars.value[shape.type](node.text)
  if value == nil or value == false and shape.type ~= "boolean" then
    refuse("InvalidParameterValue", "The value of %s is no %s.", path, shape.type)
  end
  return value
end

--- The operation that a form asks for and its parameters; raises { code=, message=, status= } for what is none.
---@param service trapheus.Model
---@param pairs_of_form { [1]: string, [2]: string }[]
---@return string operation
---@return table params
return function(service, pairs_of_form)
  local root = plant(pairs_of_form)
  local action, version = root.children.Action, root.children.Version
  root.children.Action, root.children.Version = nil, nil
  if not action or not action.text then refuse("MissingAction", "The request must contain the parameter Action.") end
  local definition = service.operations[action.text]
  if not definition or not version or version.text ~= service.metadata.apiVersion then
    refuse("InvalidAction", "Could not find operation %s for version %s.", action.text,
      version and version.text or "NO_VERSION_SPECIFIED")
  end
  local input = definition.input and service.shapes[definition.input.shape] or { members = {} }
  return action.text, accept_structure(service.shapes, input, root, "")
end
