--- AWS's service models: what operations there are, and what goes in and out.
---
--- A service is a name ("rds", "ses", "sns", "sts") or a table in the shape of AWS's own service-2.json.
local json = require "trapheus.json"
local nearest = require "trapheus.nearest"
local resource = require "trapheus.resource"

local model = {}

---@class trapheus.Model
---@field metadata table
---@field operations table<string, table>
---@field shapes table<string, table>

local NAMES = { rds = true, ses = true, sns = true, sts = true }
local loaded = {}

--- The model of a service; a shipped one is read when it is first asked for.
---@param service string|trapheus.Model
---@param level? integer  Whom to blame for a service without one, as for `error`.
---@return trapheus.Model
function model.load(service, level)
  if type(service) == "table" then return service end
  if not NAMES[service] then
    error(("no model of the service %s; there are rds, ses, sns and sts"):format(tostring(service)), (level or 1) + 1)
  end
  loaded[service] = loaded[service] or json.decode(resource.read("trapheus.aws.models." .. service, "json"), service)
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

--- Does the operation only look? By its name, as AWS names them.
---@param operation string
---@return boolean
function model.is_read_only(operation)
  return operation:find "^Describe" ~= nil or operation:find "^List" ~= nil or operation:find "^Get" ~= nil
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
