--- Lists of tags.

local errors = require "trapheus.sandbox.errors"

local tags = {}

local LIMIT = 50
local RESERVED = { ["aws:"] = true, ["rds:"] = true }

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
    if RESERVED[key:sub(1, 4):lower()] then
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

return tags
