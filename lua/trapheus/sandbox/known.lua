--- What exists in the account beside databases: groups and authorities, by the setting that names one.

local tables = require "trapheus.sandbox.tables"

local LISTS = {
  DBParameterGroupName = "parameter_groups", DBClusterParameterGroupName = "cluster_parameter_groups",
  OptionGroupName = "option_groups", VpcSecurityGroupIds = "security_groups",
  CACertificateIdentifier = "certificates", DBSubnetGroupName = "subnet_groups",
}

-- A parameter group of any family; a subnet group of the same network as another one.
local function thing(sb, list, name)
  if list:find "parameter_groups$" then return {} end
  if list ~= "subnet_groups" then return true end
  local group = tables.copy(sb.known.subnet_groups.default)
  group.DBSubnetGroupName = name
  return group
end

--- Lets exist what a setting is to be. Settings that name nothing are none of its business.
---@param sb trapheus.Sandbox
---@param setting string  The program's name of it.
---@param value any
return function(sb, setting, value)
  local list = LISTS[setting:match "[^.]+$"]
  for _, name in ipairs(list and (type(value) == "table" and value or { value }) or {}) do
    sb.known[list][name] = sb.known[list][name] or thing(sb, list, name)
  end
end
