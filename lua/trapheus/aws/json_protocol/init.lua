--- AWS's JSON protocols, 1.0 and 1.1: parameters to a JSON body, a JSON reply to a table. Values are in Lua as those of
--- the query protocol.
local decode = require "trapheus.aws.json_protocol.decode"
local encode = require "trapheus.aws.json_protocol.encode"

local json_protocol = { encode = encode, decode = decode.result, failure = decode.failure }

--- How the operation is named in the request, and what the body is.
---@param service trapheus.Model
---@param operation string
---@return { target: string, content_type: string }
function json_protocol.headers(service, operation)
  return {
    target = ("%s.%s"):format(service.metadata.targetPrefix, operation),
    content_type = "application/x-amz-json-" .. (service.metadata.jsonVersion or "1.0"),
  }
end

return json_protocol
