--- "Did you mean …?": the name that is closest to a mistyped one.

--- How many insertions, deletions and substitutions lie between two words.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and diagonal or 1 + math.min(diagonal, row[j], row[j - 1])
      diagonal, row[j] = row[j], cost
    end
  end
  return row[#b]
end

--- The nearest of the names, if it is near enough to be meant; of equals the first in the alphabet.
---@param name string
---@param names table<string, any>  The names are its keys.
---@return string?
return function(name, names)
  local best, best_distance = nil, #name // 3 + 1
  for candidate in pairs(names) do
    local far = distance(name:lower(), tostring(candidate):lower())
    if far < best_distance or far == best_distance and (best == nil or candidate < best) then
      best, best_distance = candidate, far
    end
  end
  return best
end
