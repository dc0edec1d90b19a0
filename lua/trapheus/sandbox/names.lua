--- Identifiers, ARNs and resource ids.

local errors = require "trapheus.sandbox.errors"

local names = { ZONE = "Z2R2ITUGPM61AM" } -- the DNS zone of all endpoints

local GRAMMAR = "The parameter %s is not a valid identifier. Identifiers must begin with a letter; must contain only "
  .. "ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens."

--- Checks the grammar of a new identifier, and gives it in the case it is stored in.
---@param text string|nil
---@param parameter string Whose value it is.
---@param limit integer
---@return string
function names.check(text, parameter, limit)
  if type(text) ~= "string" or text == "" then
    errors.refuse("MissingParameter", ("The request must contain the parameter %s."):format(parameter))
  end
  local valid = #text <= limit and text:find "^%a[%w-]*$" and not text:find "%-%-" and not text:find "%-$"
  if not valid then errors.refuse("InvalidParameterValue", GRAMMAR:format(parameter)) end
  return text:lower()
end

local function partition(region)
  if region:find "^cn%-" then return { name = "aws-cn", suffix = "amazonaws.com.cn" } end
  if region:find "^us%-gov%-" then return { name = "aws-us-gov", suffix = "amazonaws.com" } end
  return { name = "aws", suffix = "amazonaws.com" }
end

local partitions = setmetatable({}, { __index = function(known, region) -- by Region, as it is asked for
  known[region] = partition(region)
  return known[region]
end })

---@param sb table
---@param resource string As an ARN calls it.
---@param name string
---@param region string|nil Another than the sandbox's.
---@return string
function names.arn(sb, resource, name, region)
  local place = (region or sb.region) .. ":" .. sb.account
  return "arn:" .. partitions[sb.region].name .. ":rds:" .. place .. ":" .. resource .. ":" .. name
end

--- Takes "mydb" or its ARN.
---@param text string
---@param resource string As an ARN calls it.
---@return string name
function names.from(text, resource)
  local name = text:find("^arn:")
    and text:match("^arn:[^:]*:rds:[^:]*:[^:]*:" .. resource:gsub("%-", "%%-") .. ":(.+)$")
  return (name or text):lower()
end

--- What the addresses of an account's databases have in common.
---@param sb table
---@return string
function names.host_label(sb)
  return "c" .. sb:stream("host_label"):text(11, "abcdefghijklmnopqrstuvwxyz0123456789")
end

---@param sb table
---@param name string
---@param role "cluster"|"cluster-ro"|"cluster-custom"|nil What it leads to, if not to an instance.
---@param own string|nil A label of its own, if it has not the account's.
---@return string
function names.address(sb, name, role, own)
  local label = (role and role .. "-" or "") .. (own or sb.host_label)
  return name .. "." .. label .. "." .. sb.region .. ".rds." .. partitions[sb.region].suffix
end

---@param sb table
---@param prefix "db"|"cluster"
---@return string
function names.resource_id(sb, prefix)
  local rid
  repeat -- one that came from another sandbox may stand at the same place of the stream
    rid = prefix .. "-" .. sb:stream("resource_id"):text(26, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
  until not sb:by_resource_id(rid)
  return rid
end

return names
