--- What goes over the wire: parameters to a body, a reply to a table, in the protocol of the service's model (query, or
--- JSON 1.0 and 1.1).
---
--- In Lua a list is a list (an empty one too), a structure or a map is a table, numbers are numbers, a blob is its
--- bytes, and a timestamp is the seconds since the epoch: an integer when whole. Requests take timestamps as numbers or
--- as text in any of AWS's formats; NaN and the infinities as numbers or as "NaN", "Infinity", "-Infinity".
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local model = require "trapheus.aws.model"

local protocol = {}

local KINDS = { query = "trapheus.aws.query", json = "trapheus.aws.json_protocol" }

local loaded = {}

--- How a service is spoken to.
local function kind_of(service)
  local name = service.metadata.protocol or "query"
  if not loaded[name] then
    loaded[name] = KINDS[name] and require(KINDS[name]) or error(("%s speaks the protocol %s; query and json are known"
      ):format(service.metadata.serviceId or "the service", tostring(name)), 0)
  end
  return loaded[name]
end

--- The body of a call. Raises, blaming the caller, for an unknown operation or parameter (naming the nearest), a
--- wrong type and a missing parameter.
---@param service string|trapheus.Model
---@param operation string
---@param params? table
---@param options? { level?: integer, random_bytes?: fun(count: integer): string }
---   `level`: whom to blame, as for `error`. `random_bytes`: for idempotency tokens.
---@return string body
function protocol.encode(service, operation, params, options)
  options = options or {}
  local level = (options.level or 1) + 1
  model.operation(service, operation, level)
  if type(params or {}) ~= "table" then
    error(("the parameters of %s must be a table, got %s"):format(operation, type(params)), level)
  end
  local random_bytes = options.random_bytes or core.random_bytes
  local definition = model.load(service)
  local ok, body = pcall(function()
    return kind_of(definition).encode(definition, operation, params or {}, random_bytes)
  end)
  if not ok then error(body, level) end
  return body
end

local fitting = setmetatable({}, { __mode = "k" }) -- a model -> what tells by operation whether parameters fit it

local function fits_of(definition, operation)
  fitting[definition] = fitting[definition] or {}
  local fits = kind_of(definition).fits
  fitting[definition][operation] = fits and definition.operations[operation] and fits(definition, operation) or nil
  return fitting[definition][operation]
end

local settled = setmetatable({}, { __mode = "k" }) -- constant parameters -> what they were found to fit

local function settle(params, fits)
  if getmetatable(params) == core.CONSTANT then settled[params] = fits end
end

--- Raises as `encode` does, and writes nothing: for who needs no body. What is constant is looked at once.
---@param service string|trapheus.Model
---@param operation string
---@param params table
---@param options { level: integer }
function protocol.check(service, operation, params, options)
  local definition = type(service) == "table" and service or model.load(service, options.level + 1)
  local known = fitting[definition]
  local fits = known and known[operation] or fits_of(definition, operation)
  if fits and settled[params] == fits then return end
  if fits and fits(params) then return settle(params, fits) end
  protocol.encode(service, operation, params, { level = options.level + 1 })
end

local function malformed(operation, why)
  return errors.new {
    code = "MalformedReply",
    message = why,
    operation = operation,
    retryable = model.is_read_only(operation),
    ambiguous = not model.is_read_only(operation),
  }
end

--- The reply of a call as a table, and its request id. Raises an error table: the service's own error, or
--- MalformedReply for what is not the operation's reply (and then a change may have been made).
---@param service string|trapheus.Model
---@param operation string
---@param text string
---@return table result
---@return string? request_id
function protocol.decode(service, operation, text)
  model.operation(service, operation, 2)
  local definition = model.load(service)
  local ok, result, request_id = pcall(function() return kind_of(definition).decode(definition, operation, text) end)
  if ok then return result, request_id end
  error(errors.is(result) and result or malformed(operation, result), 0)
end

--- What a request of the operation says beside its body: nothing in the query protocol.
---@param service trapheus.Model
---@param operation string
---@return { target: string?, content_type: string? }
function protocol.headers(service, operation)
  local headers = kind_of(service).headers
  return headers and headers(service, operation) or {}
end

return protocol
