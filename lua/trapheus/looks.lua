--- Looks that agree, counted: RDS may answer from a minute ago, so that one look proves nothing.
--- SPACING_MS: between two looks that count as two. UNSEEN: so many in a row take longer than what is there can be out
--- of sight.
local looks = { ENOUGH = 3, SPACING_MS = 10 * 1000, UNSEEN = 7 }

---@class trapheus.Looks  Plain data.
---@field what string     what was seen
---@field count integer
---@field at_ms integer   when it was last counted

--- One more look.
---@param seen trapheus.Looks?  the looks before it
---@param what string
---@param now_ms integer
---@return trapheus.Looks
function looks.add(seen, what, now_ms)
  if not seen or seen.what ~= what then return { what = what, count = 1, at_ms = now_ms } end
  if now_ms - seen.at_ms < looks.SPACING_MS then return seen end
  return { what = what, count = seen.count + 1, at_ms = now_ms }
end

return looks
