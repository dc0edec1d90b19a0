--- What of a database may be handed on: the same table without what is a secret, or nobody else's business. Names of
--- databases, snapshots, groups and roles stay, and so do settings, statuses and the resource ids of RDS.
local model = require "trapheus.aws.model"

local redacted = {}

redacted.WORD = "redacted"        -- where something stood; it would do as a name, as a tag's value and as a password
local ACCOUNT = "123456789012"    -- the first there is; each other one has a number of its own
local HOST_LABEL = "redacted0000" -- as long as AWS's

-- What these hold, whatever has a password or a description in its name, and what AWS's model calls sensitive: texts
-- only, switches stay.
local HIDDEN = {
  "Value", -- of a tag, or of an option
  "MasterUsername", "UserName", "DBName", "DatabaseName", "SecretArn", "AuthSecretArn", "PreSignedUrl",
  "DomainMemberships", "Domain", "DomainFqdn", "DomainOu", "DomainAuthSecretArn", "DomainDnsIps", "DomainIAMRoleName",
}

local function hidden_members()
  local hidden, shapes = {}, model.load("rds").shapes
  for _, name in ipairs(HIDDEN) do hidden[name] = true end
  for _, shape in pairs(shapes) do
    for name, member in pairs(shape.type == "structure" and shape.members or {}) do
      if shapes[member.shape].sensitive then hidden[name] = true end
    end
  end
  return hidden
end

local function hides(self, name)
  return type(name) == "string" and (self.hidden[name] or name:find "Password" or name:find "Description$")
end

local function account(self, digits)
  if #digits ~= #ACCOUNT then return nil end
  local accounts = self.accounts
  if not accounts[digits] then
    accounts[digits] = self.count == 0 and ACCOUNT or ("%012d"):format(self.count)
    self.count = self.count + 1
  end
  return accounts[digits]
end

local function of_text(self, text)
  text = text:gsub("%f[%w]%w+(%.[%w-]+%.rds%.)", HOST_LABEL .. "%1")
  return (text:gsub("%f[%w]%d+%f[%W]", function(digits) return account(self, digits) end))
end

local function of_value(self, value, hidden)
  if type(value) == "string" then return hidden and redacted.WORD or of_text(self, value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, inner in next, value do copy[name] = of_value(self, inner, hidden or hides(self, name)) end
  return setmetatable(copy, getmetatable(value)) -- what is constant takes no field any more
end

--- Makes copies; an account is the same in all of them.
---@return fun(value: any): any
function redacted.new()
  local self = { accounts = {}, count = 0, hidden = hidden_members() }
  return function(value) return of_value(self, value) end
end

return redacted
