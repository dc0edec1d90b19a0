--- AWS's query protocol: parameters to a form body, an XML reply to a table, both as the service's model says.
---
--- In Lua a list is a list (an empty one too), a structure or a map is a table, numbers are numbers, a blob is its
--- bytes, and a timestamp is the seconds since the epoch: an integer when whole. Requests take timestamps as numbers or
--- as text in any of AWS's formats; NaN and the infinities as numbers or as "NaN", "Infinity", "-Infinity".
local core = require "trapheus.core"
local decode = require "trapheus.aws.query.decode"
local encode = require "trapheus.aws.query.encode"
local errors = require "trapheus.errors"
local model = require "trapheus.aws.model"

local query = {}

--- The form body of a call. Raises, blaming the caller, for an unknown operation or parameter (naming the nearest), a
--- wrong type and a missing parameter.
---@param service string|trapheus.Model
---@param operation string
---@param params? table
---@param options? { level?: integer, random_bytes?: fun(count: integer): string }
---   `level`: whom to blame, as for `error`. `random_bytes`: for idempotency tokens.
---@return string body
function query.encode(service, operation, params, options)
  options = options or {}
  local level = (options.level or 1) + 1
  model.operation(service, operation, level)
  if type(params or {}) ~= "table" then
    error(("the parameters of %s must be a table, got %s"):format(operation, type(params)), level)
  end
  local random_bytes = options.random_bytes or core.random_bytes
  local ok, body = pcall(encode, model.load(service), operation, params or {}, random_bytes)
  if not ok then error(body, level) end
  return body
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
---@param xml string
---@return table result
---@return string? request_id
function query.decode(service, operation, xml)
  model.operation(service, operation, 2)
  local ok, result, request_id = pcall(decode, model.load(service), operation, xml)
  if ok then return result, request_id end
  error(errors.is(result) and result or malformed(operation, result), 0)
end

return query
