--- What is told of a fleet where nobody watches: a line an event, and who ended how.
local progress = require "trapheus.progress"

local lines = {}

local Lines = {}
Lines.__index = Lines

---@param given trapheus.Given
function lines.new(given) return setmetatable({ tell = progress.listener(given) or function() end }, Lines) end

function Lines:event(_, _, event) self.tell(event) end

function Lines:finish(state) -- luacheck: ignore self
  for _, row in ipairs(state.runs) do
    print(("%-12s %s%s"):format(row.outcome or row.status, row.id, row.message and ": " .. row.message or ""))
  end
  if state.next_command then print("next: " .. state.next_command) end
end

return lines
