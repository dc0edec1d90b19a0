--- AWS's service models: what operations there are, and what goes in and out.
---
--- A service is a name ("rds", "ssm", …), the path of a service-2.json of AWS's, or a table in its shape.
local json = require "trapheus.json"
local nearest = require "trapheus.nearest"
local resource = require "trapheus.resource"
local sorted = require "trapheus.sorted"

local model = {}

---@class trapheus.Model
---@field metadata table
---@field operations table<string, table>
---@field shapes table<string, table>

local NAMES = { iam = true, kms = true, rds = true, secretsmanager = true, ses = true, sns = true, ssm = true,
  states = true, sts = true }
local BESIDE = { paginators = "paginators-1.json", waiters = "waiters-2.json" }
local loaded = {}

local function read_file(path, level)
  local file <close>, why = io.open(path, "rb")
  if not file then error(why, level + 1) end
  local ok, definition = pcall(json.decode, file:read "a", path)
  local like_one = ok and type(definition) == "table" and definition.metadata and definition.operations
    and definition.shapes
  if not like_one then error(path .. " is no service-2.json: it has no metadata, operations and shapes", level + 1) end
  return definition
end

-- Most of a model are thousands of tables that only name a shape: the same name, the same table.
local function share(value, references)
  for key, inner in next, value do
    local name = type(inner) == "table" and inner.shape
    if type(name) == "string" and next(inner, next(inner)) == nil then
      references[name] = references[name] or inner
      value[key] = references[name]
    elseif name ~= false then
      share(inner, references)
    end
  end
  return value
end

local function is_path(service) return service:find("/", 1, true) ~= nil or service:find "%.json$" ~= nil end

--- What a service is called: the front of its host name, for one that is not shipped.
---@param service string|trapheus.Model
---@param definition trapheus.Model
---@return string
function model.name(service, definition)
  return type(service) == "string" and NAMES[service] and service or definition.metadata.endpointPrefix
end

--- A table of AWS's that stands beside the model, {} where there is none.
---@param service string|trapheus.Model
---@param kind "paginators"|"waiters"
---@return table
function model.beside(service, kind)
  if type(service) ~= "string" then return {} end
  local key = service .. " " .. kind
  if loaded[key] then return loaded[key] end
  local text
  if is_path(service) then
    local file <close> = io.open((service:gsub("[^/]*$", BESIDE[kind])), "rb")
    text = file and file:read "a"
  else
    text = resource.read("trapheus.aws.models." .. service, kind .. ".json", true)
  end
  local document = text and json.decode(text, key) or {}
  loaded[key] = document.pagination or document.waiters or {}
  return loaded[key]
end

--- The model of a service; it is read when it is first asked for.
---@param service string|trapheus.Model
---@param level? integer  Whom to blame for a service without one, as for `error`.
---@return trapheus.Model
function model.load(service, level)
  if type(service) == "table" then return service end
  if NAMES[service] and loaded[service] then return loaded[service] end
  level = (level or 1) + 1
  if type(service) == "string" and is_path(service) then
    loaded[service] = loaded[service] or read_file(service, level)
  elseif not NAMES[service] then
    error(("no model of the service %s%s; there are %s, and the path of any service-2.json"):format(tostring(service),
      model.hint(tostring(service), NAMES), table.concat(sorted.keys(NAMES), ", ")), level)
  end
  if not loaded[service] then
    loaded[service] = share(json.decode(resource.read("trapheus.aws.models." .. service, "json"), service), {})
  end
  return loaded[service]
end

--- "; did you mean X?", or nothing when no name is near.
---@param name string
---@param names table<string, any>
---@return string
function model.hint(name, names)
  local near = nearest(name, names)
  return near and ("; did you mean %s?"):format(near) or ""
end

--- An operation of a service; raises for an unknown name, naming the nearest.
---@param service string|trapheus.Model
---@param name string
---@param level? integer  Whom to blame, as for `error`.
---@return table
function model.operation(service, name, level)
  level = (level or 1) + 1
  local operations = model.load(service, level).operations
  if operations[name] then return operations[name] end
  error(("unknown operation %s%s"):format(tostring(name), model.hint(tostring(name), operations)), level)
end

local reads = {} -- what is known of operations

--- Does the operation only look? By its name, as AWS names them.
---@param operation string
---@return boolean
function model.is_read_only(operation)
  local known = reads[operation]
  if known == nil then
    known = operation:find "^Describe" ~= nil or operation:find "^List" ~= nil or operation:find "^Get" ~= nil
    reads[operation] = known
  end
  return known
end

--- Are the items of a list or a map written without an element around them? The member says so, or else its shape.
---@param ref table    The member of a structure.
---@param shape table  What it refers to.
---@return boolean
function model.is_flattened(ref, shape)
  if ref.flattened ~= nil then return ref.flattened end
  return shape.flattened or false
end

--- What an operation puts in front of the host name, filled in from the parameters.
---@param operation table
---@param params table
---@return string  Empty for most.
function model.host_prefix(operation, params)
  local prefix = operation.endpoint and operation.endpoint.hostPrefix or ""
  return (prefix:gsub("{([^}]*)}", params))
end

return model
