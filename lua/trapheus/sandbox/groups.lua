--- Parameter groups of instances and of clusters, and option groups: what there is, and what uses it.
---
--- A group is { description, family }, or { description, engine, major }. The default groups of the engines are always
--- there, and nobody's to delete.

local errors = require "trapheus.sandbox.errors"
local names = require "trapheus.sandbox.names"
local paging = require "trapheus.sandbox.paging"
local tables = require "trapheus.sandbox.tables"
local tags = require "trapheus.sandbox.tags"
local template = require "trapheus.sandbox.template"
local validate = require "trapheus.sandbox.validate"

local groups = { operations = { rds = {} } }
local rds = groups.operations.rds

local function uses_parameters(instance, name)
  for _, group in ipairs(instance.fields.DBParameterGroups) do
    if group.DBParameterGroupName == name then return true end
  end
end

local function uses_options(instance, name)
  for _, group in ipairs(instance.fields.OptionGroupMemberships) do
    if group.OptionGroupName == name then return true end
  end
end

local function view_parameters(sb, kind, name, group)
  return { [kind.identifier] = name, DBParameterGroupFamily = group.family, Description = group.description,
    [kind.arn_field] = names.arn(sb, kind.arn, name) }
end

local function view_options(sb, kind, name, group)
  return { OptionGroupName = name, OptionGroupDescription = group.description, EngineName = group.engine,
    MajorEngineVersion = group.major, Options = {}, AllowsVpcAndNonVpcInstanceMemberships = true,
    OptionGroupArn = names.arn(sb, kind.arn, name) }
end

local function family_of(params)
  return { description = params.Description, family = params.DBParameterGroupFamily }
end

local function engine_of(params)
  return { description = params.OptionGroupDescription, engine = params.EngineName, major = params.MajorEngineVersion }
end

---@class trapheus.sandbox.GroupKind
---@field store string Of sandbox.known
---@field identifier string The parameter, and the field of Describe
---@field needed string[] Parameters of a creation
---@field list string Of the result of a Describe
---@field users string Of the sandbox: what may use one
---@field codes { absent: string, exists: string, state: string }

local PARAMETER_CODES = {
  absent = "DBParameterGroupNotFound", exists = "DBParameterGroupAlreadyExists", state = "InvalidDBParameterGroupState",
}

--- Name of the operations -> kind
local KINDS = {
  DBParameterGroup = {
    store = "parameter_groups", identifier = "DBParameterGroupName", arn = "pg", arn_field = "DBParameterGroupArn",
    needed = { "DBParameterGroupFamily", "Description" }, list = "DBParameterGroups", users = "instances",
    codes = PARAMETER_CODES, uses = uses_parameters, view = view_parameters, from = family_of,
    default = template.default_parameter_group,
  },
  DBClusterParameterGroup = {
    store = "cluster_parameter_groups", identifier = "DBClusterParameterGroupName", arn = "cluster-pg",
    arn_field = "DBClusterParameterGroupArn", needed = { "DBParameterGroupFamily", "Description" },
    list = "DBClusterParameterGroups", users = "clusters", codes = PARAMETER_CODES,
    uses = function(cluster, name) return cluster.fields.DBClusterParameterGroup == name end,
    view = view_parameters, from = family_of, default = template.default_parameter_group,
  },
  OptionGroup = {
    store = "option_groups", identifier = "OptionGroupName", arn = "og",
    needed = { "EngineName", "MajorEngineVersion", "OptionGroupDescription" }, list = "OptionGroupsList",
    users = "instances", uses = uses_options, view = view_options, from = engine_of,
    default = template.default_option_group,
    codes = {
      absent = "OptionGroupNotFoundFault", exists = "OptionGroupAlreadyExistsFault",
      state = "InvalidOptionGroupStateFault",
    },
  },
}

--- The groups that every account has.
local function defaults(kind)
  local list = {}
  for _, engines in ipairs { template.ENGINES, template.CLUSTER_ENGINES } do
    for engine, own in pairs(engines) do
      local name = kind.default { Engine = engine, EngineVersion = own.version }
      list[name] = {
        description = "Default group for " .. engine, engine = engine, family = name:match "^default%.(.+)",
        major = name:match "%-([%d-]+)$", fields = { TagList = {} },
      }
    end
  end
  return list
end

local function find(sb, kind, name)
  return sb.known[kind.store][name] or defaults(kind)[name]
    or errors.refuse(kind.codes.absent, ("%s not found: %s"):format(kind.identifier, name))
end

local function create(sb, operation, kind, params)
  local name = names.check(params[kind.identifier], kind.identifier, 255)
  for _, parameter in ipairs(kind.needed) do validate.present(params, parameter) end
  tags.check(params.Tags or {})
  if sb.known[kind.store][name] then
    errors.refuse(kind.codes.exists, ("%s %s already exists."):format(kind.identifier, name))
  end
  local group = kind.from(params)
  group.fields = { TagList = tables.copy(params.Tags or {}) }
  sb.known[kind.store][name] = group
  sb:committed()
  return { [operation] = kind.view(sb, kind, name, group) }
end

local function delete(sb, kind, params)
  validate.present(params, kind.identifier)
  local name = params[kind.identifier]:lower()
  find(sb, kind, name)
  if not sb.known[kind.store][name] then
    errors.refuse(kind.codes.state, ("The default group %s cannot be deleted."):format(name))
  end
  for _, user in ipairs(sb[kind.users]) do
    if not user.gone and kind.uses(user, name) then
      errors.refuse(kind.codes.state, ("%s %s is in use by %s."):format(kind.identifier, name, user.name))
    end
  end
  sb.known[kind.store][name] = nil
  sb:committed()
  return {}
end

local function all(sb, kind)
  local list = defaults(kind)
  for name, group in pairs(sb.known[kind.store]) do list[name] = group end
  return list
end

local function describe(sb, kind, params)
  local found, wanted = {}, params[kind.identifier] and params[kind.identifier]:lower()
  for name, group in pairs(wanted and { [wanted] = find(sb, kind, wanted) } or all(sb, kind)) do
    if not params.EngineName or group.engine == params.EngineName then
      found[#found + 1] = { key = name, value = kind.view(sb, kind, name, group) }
    end
  end
  return paging.page(sb, found, params, kind.list)
end

--- Finds a group for its tags, as an ARN calls it.
---@param sb table
---@param arn string "pg", "cluster-pg" or "og"
---@param name string
---@return table group
function groups.find(sb, arn, name)
  for _, kind in pairs(KINDS) do
    if kind.arn == arn then return find(sb, kind, name:lower()) end
  end
end

for name, kind in pairs(KINDS) do
  rds["Create" .. name] = function(sb, params) return create(sb, name, kind, params) end
  rds["Delete" .. name] = function(sb, params) return delete(sb, kind, params) end
  rds["Describe" .. name .. "s"] = function(sb, params) return describe(sb, kind, params) end
end

return groups
