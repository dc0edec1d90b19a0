--- merged(...): a table with the fields of all those tables; the last that has a field gives its value.
---@param ... table
---@return table
return function(...)
  local all = {}
  for _, source in ipairs { ... } do
    for name, value in pairs(source) do all[name] = value end
  end
  return all
end
