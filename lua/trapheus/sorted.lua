--- Order where pairs() has none.
local sorted = {}

---@param map table<string, any>
---@return string[]
function sorted.keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

return sorted
