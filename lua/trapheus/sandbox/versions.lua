--- What Describe could see of an object, and since when: reads are served from the recent past.

local versions = {}

local KEEP_MS = 600 * 1000
local NONE = {}

--- The views that there are, none of which changes any more, each with room for what is written of it.
---@type table<table, table>
versions.written = setmetatable({}, { __mode = "k" })

---@param history table[] Of { at_ms =, views = }, oldest first.
---@param at_ms number
---@param views table[] One for each name it answers to; none while nothing answers.
function versions.push(history, at_ms, views)
  history[#history + 1] = { at_ms = at_ms, views = views }
  for _, view in ipairs(views) do versions.written[view] = {} end
  while history[2] and history[2].at_ms < at_ms - KEEP_MS do table.remove(history, 1) end
end

---@param history table[]
---@param at_ms number
---@return table[] views
function versions.at(history, at_ms)
  for i = #history, 1, -1 do
    if history[i].at_ms <= at_ms then return history[i].views end
  end
  return NONE
end

return versions
