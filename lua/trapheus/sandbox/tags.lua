--- Tags, of instances and snapshots, by ARN.

local errors = require "trapheus.sandbox.errors"
local instances = require "trapheus.sandbox.instances"
local tables = require "trapheus.sandbox.tables"

local tags = { operations = { rds = {} } }
local rds = tags.operations.rds

local LIMIT = 50

local function position(list, key)
  for i, tag in ipairs(list) do
    if tag.Key == key then return i end
  end
end

---@param list { Key: string, Value: string|nil }[]
function tags.check(list)
  local seen = {}
  for _, tag in ipairs(list) do
    local key = tag.Key or ""
    if key == "" or #key > 128 or #(tag.Value or "") > 256 then
      errors.refuse("InvalidParameterValue", "A tag key has 1 to 128 characters, a value at most 256.")
    end
    if key:lower():find "^aws:" or key:lower():find "^rds:" then
      errors.refuse("InvalidParameterValue", ("The tag key %s uses a reserved prefix."):format(key))
    end
    if seen[key] then errors.refuse("InvalidParameterValue", ("Duplicate tag key: %s"):format(key)) end
    seen[key] = true
  end
  if #list > LIMIT then
    errors.refuse("InvalidParameterValue", ("The maximum number of tags is %d."):format(LIMIT))
  end
end

--- Gives old tags with new ones over them.
---@param old table[]
---@param new table[]
---@return table[]
function tags.merge(old, new)
  local merged = {}
  for _, list in ipairs { old, new } do
    for _, tag in ipairs(list) do
      merged[position(merged, tag.Key) or #merged + 1] = { Key = tag.Key, Value = tag.Value or "" }
    end
  end
  return merged
end

--- Who an ARN names, and how its change is committed.
local function resource(sb, arn)
  local kind, name = tostring(arn):match "^arn:[^:]*:rds:[^:]*:[^:]*:(%l+):(.+)$"
  if kind == "db" then
    local instance = instances.find(sb, name)
    return instance, function() instances.commit(sb, instance) end
  elseif kind == "snapshot" then
    local snapshots = require "trapheus.sandbox.snapshots" -- which needs this module
    local snapshot = snapshots.find(sb, name)
    return snapshot, function() snapshots.touch(sb, snapshot) end
  end
  errors.refuse("InvalidParameterValue", ("The specified resource name does not match an RDS resource: %s"):format(arn))
end

function rds.AddTagsToResource(sb, params)
  local object, commit = resource(sb, params.ResourceName)
  tags.check(params.Tags or {})
  local merged = tags.merge(object.fields.TagList or {}, params.Tags or {})
  tags.check(merged)
  object.fields.TagList = merged
  commit()
  return {}
end

function rds.RemoveTagsFromResource(sb, params)
  local object, commit = resource(sb, params.ResourceName)
  local kept = {}
  for _, tag in ipairs(object.fields.TagList or {}) do
    local removed = false
    for _, key in ipairs(params.TagKeys or {}) do removed = removed or key == tag.Key end
    if not removed then kept[#kept + 1] = tag end
  end
  object.fields.TagList = kept
  commit()
  return {}
end

function rds.ListTagsForResource(sb, params)
  return { TagList = tables.copy(resource(sb, params.ResourceName).fields.TagList or {}) }
end

return tags
