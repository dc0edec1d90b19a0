--- Checks what a Lua file has returned: each mistake is a usage error that names the file and the field. What stands
--- there is not shown, as it may be a secret.
local nearest = require "trapheus.nearest"
local sorted = require "trapheus.sorted"
local usage = require "trapheus.usage"

local fields = {}

local LONGEST_NAME = 40

-- A key, if it looks like one.
local function shown(key)
  local text = tostring(key)
  return #text <= LONGEST_NAME and text:find "^[%w_.-]+$" and text or "(a key that is no name)"
end

---@param file string
---@param field string?
---@param format string
function fields.refuse(file, field, format, ...)
  usage.fail("%s: %s%s", file, field and field .. ": " or "", format:format(...))
end

---@param file string
---@param field string
---@param what string  What is expected.
---@param value any
function fields.expected(file, field, what, value)
  fields.refuse(file, field, "%s is expected, not a %s", what, type(value))
end

--- No key but those that are known.
---@param file string
---@param field string?
---@param given table
---@param known table<string, any>
---@param what string  "field"
function fields.keys(file, field, given, known, what)
  for key in pairs(given) do
    if not known[key] then
      local near = nearest(shown(key), known)
      fields.refuse(file, (field and field .. "." or "") .. shown(key), "there is no such %s%s; known are %s", what,
        near and (" (did you mean %s?)"):format(near) or "", table.concat(sorted.keys(known), ", "))
    end
  end
end

--- A list that has no holes and nothing beside.
---@param file string
---@param field string
---@param value any
---@param what string  What is expected.
---@return any[]
function fields.list(file, field, value, what)
  if type(value) ~= "table" then fields.expected(file, field, what, value) end
  for key in pairs(value) do
    if math.type(key) ~= "integer" or key < 1 or key > #value then
      fields.refuse(file, field, "%s is expected, without the key %s", what, shown(key))
    end
  end
  return value
end

return fields
