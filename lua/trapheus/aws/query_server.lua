--- AWS's query protocol from the other side: requests read, and replies written, as the service's model says. What a
--- client encodes and decodes with trapheus.aws.query, this decodes and encodes.
local accept = require "trapheus.aws.query.accept"
local answer = require "trapheus.aws.query.answer"
local core = require "trapheus.core"
local model = require "trapheus.aws.model"

local query_server = {}

--- What a request asks for: nil and an error as AWS would give it when that is nothing the service has.
---@param service string|trapheus.Model
---@param form string  The body of a POST, or the query of a GET.
---@return string? operation
---@return table params  Or the error: { code=, message=, status= }.
function query_server.decode(service, form)
  local fields = core.form.decode(form)
  if not fields then
    return nil, { code = "MalformedQueryString", message = "The form is malformed.", status = 400 }
  end
  local ok, operation, params = pcall(accept, model.load(service), fields)
  if ok then return operation, params end
  if type(operation) ~= "table" then error(operation, 0) end
  return nil, operation
end

--- Raises for a result that the operation cannot have.
---@param service string|trapheus.Model
---@param operation string
---@param result table
---@param request_id string
---@param kept? table<table, table>  As in core.xml.write.
---@return string xml
function query_server.encode(service, operation, result, request_id, kept)
  return answer.reply(model.load(service), operation, result, request_id, kept)
end

---@param service string|trapheus.Model
---@param err { code: string, message: string, status: integer }
---@param request_id string
---@return string xml
function query_server.encode_error(service, err, request_id)
  return answer.failure(model.load(service), err, request_id)
end

return query_server
