--- once(make): what `make` makes of a table that was seen is made once, and is for reading: whoever asks again about
--- that table is given the same.
---@generic T
---@param make fun(seen: table): T
---@return fun(seen: table): T
return function(make)
  local known = setmetatable({}, { __mode = "k" })
  return function(seen)
    local made = known[seen]
    if made == nil then
      made = make(seen)
      known[seen] = made
    end
    return made
  end
end
