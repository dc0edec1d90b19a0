--- Whether a request is signed as AWS wants it: Signature Version 4 in the headers, computed again from what the
--- request says it has signed.

local core = require "trapheus.core"
local timestamp = require "trapheus.aws.timestamp"

local signature = {}

--- Signing names, and whose model they are.
local SERVICES = { rds = "rds", sts = "sts", ses = "ses", email = "ses" }

--- A key that requests are signed with, kept as the client's are.
---@param key { access_key_id: string, secret_access_key: string }
---@return trapheus.core.Credentials
function signature.credentials(key) return core.credentials(key) end

local function refuse(status, code, message, ...)
  error({ status = status, code = code, message = message:format(...) }, 0)
end

local function incomplete(message, ...)
  refuse(400, "IncompleteSignature", message, ...)
end

-- The first value of each header, by its name in lower case.
local function by_name(list)
  local headers = {}
  for i = #list, 1, -1 do headers[list[i][1]:lower()] = list[i][2] end
  return headers
end

local FIELDS <const> = { "Credential", "SignedHeaders", "Signature" }

--- What the Authorization header says.
local function read(headers)
  local text = headers.authorization
  if not text then refuse(403, "MissingAuthenticationToken", "Request is missing Authentication Token") end
  local rest = text:match "^AWS4%-HMAC%-SHA256%s+(.*)$"
  if not rest then incomplete "Authorization header requires the algorithm AWS4-HMAC-SHA256." end
  local claim = { text = text }
  for field, value in rest:gmatch "(%w+)=([^,%s]+)" do claim[field] = claim[field] or value end
  for _, field in ipairs(FIELDS) do
    if not claim[field] then incomplete("Authorization header requires '%s' parameter.", field) end
  end
  claim.key, claim.date, claim.region, claim.service =
    claim.Credential:match "^(.+)/(%d+)/([^/]+)/([^/]+)/aws4_request$"
  if not claim.key then incomplete "Credential must have an access key and a scope." end
  return claim
end

local function signed_at(headers, claim)
  local text = headers["x-amz-date"] or ""
  local year, month, day, hour, minute, second = text:match "^(%d%d%d%d)(%d%d)(%d%d)T(%d%d)(%d%d)(%d%d)Z$"
  local time = year and timestamp.parse(("%s-%s-%sT%s:%s:%sZ"):format(year, month, day, hour, minute, second))
  if not time then incomplete "Authorization header requires existence of a valid 'X-Amz-Date' header." end
  if text:sub(1, 8) ~= claim.date then
    refuse(403, "SignatureDoesNotMatch", "Date in Credential scope does not match the date of X-Amz-Date.")
  end
  return time
end

local function check_scope(claim, keys, region)
  if claim.key ~= keys.access_key_id then
    refuse(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
  elseif not SERVICES[claim.service] then
    refuse(400, "InvalidAction", "This is a sandbox of rds, sts and ses: it has no %s.", claim.service)
  elseif claim.region ~= region then
    refuse(403, "SignatureDoesNotMatch", "Credential should be scoped to the region of this endpoint, %s, not '%s'.",
      region, claim.region)
  end
end

local function signed_headers(request, headers, claim)
  local wanted, list = {}, {}
  for name in claim.SignedHeaders:gmatch "[^;]+" do wanted[name] = true end
  for _, pair in ipairs(request.headers) do
    if wanted[pair[1]:lower()] then list[#list + 1] = pair end
  end
  for _, name in ipairs { "host", "x-amz-date" } do
    if not wanted[name] then incomplete("'%s' must be a 'SignedHeader' in the AWS Authorization.", name) end
  end
  if wanted["x-amz-content-sha256"] and headers["x-amz-content-sha256"] ~= core.sha256(request.body) then
    refuse(400, "InvalidSignatureException", "The value of X-Amz-Content-Sha256 is not the hash of the body.")
  end
  return list
end

local function sign(request, headers, claim, keys, time)
  local ok, signed = pcall(core.sigv4.sign, {
    method = request.method, path = request.path, query = request.query, body = request.body,
    headers = signed_headers(request, headers, claim), service = claim.service, region = claim.region, time = time,
    credentials = keys,
  })
  if ok then return signed.authorization:match "SignedHeaders=([^,]+)", signed.signature end
  if type(signed) == "table" then error(signed, 0) end
  incomplete "The request cannot be signed as it is."
end

local function check(request, keys, region)
  local headers = by_name(request.headers)
  local claim = read(headers)
  local time = signed_at(headers, claim)
  check_scope(claim, keys, region)
  local names, made = sign(request, headers, claim, keys, time)
  if names ~= claim.SignedHeaders or made ~= claim.Signature then
    refuse(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you "
      .. "provided. Check your AWS Secret Access Key and signing method.")
  end
  return SERVICES[claim.service], time
end

--- The service that a request is signed for; nil and the error as AWS would give it when it is not, or wrongly.
---@param request { method: string, path: string, query: string, headers: string[][], body: string }
---@param keys trapheus.core.Credentials
---@param region string
---@return string|nil service
---@return integer|{ status: integer, code: string, message: string } signed_at_s  Or the error. How old a signature may
---   be is for the service to say.
function signature.check(request, keys, region)
  local ok, result, signed_at_s = pcall(check, request, keys, region)
  if ok then return result, signed_at_s end
  if type(result) ~= "table" then error(result, 0) end
  return nil, result
end

return signature
