--- includes(list, value): is it one of the list?
---@param list any[]
---@param value any
---@return boolean
return function(list, value)
  for _, element in ipairs(list) do
    if element == value then return true end
  end
  return false
end
