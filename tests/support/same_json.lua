--- same_json(got, expected, what): an error that shows both as JSON, unless they are the same.
local json = require "trapheus.json"

-- Numbers that JSON has no word for as botocore's protocol cases spell them.
local function canonical(value)
  if type(value) == "table" then
    local copy = json.is_list(value) and json.list {} or {}
    for key, inner in pairs(value) do copy[key] = canonical(inner) end
    return copy
  end
  if value ~= value then return "NaN" end
  return value == math.huge and "Infinity" or value == -math.huge and "-Infinity" or value
end

local function text(value) return json.encode(canonical(value), { indent = true }) end

---@param got any
---@param expected any
---@param what string
return function(got, expected, what)
  got, expected = text(got), text(expected)
  assert(got == expected, ("%s: expected %s, got %s"):format(what, expected, got))
end
