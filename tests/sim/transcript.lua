--- The whole of a play as text: two plays of one case must tell the same.
local json = require "trapheus.json"
local trace = require "trapheus.sandbox.trace"

local transcript = {}

---@param play trapheus.sim.Play
---@return string[]  Lines.
function transcript.of(play)
  local lines = {}
  local function tell(what, list)
    for i, element in ipairs(list) do lines[#lines + 1] = ("%s %d %s"):format(what, i, json.encode(element)) end
  end
  for line in trace.calls(play.sandbox):gmatch "[^\n]+" do lines[#lines + 1] = line end
  tell("event", play.events)
  tell("save", play.watch.saves)
  tell("death", play.died)
  tell("ending", play.endings)
  tell("problem", play.watch.problems)
  for _, host in ipairs(play.hosts) do tell("record of " .. host.name, { host.run.record }) end
  lines[#lines + 1] = ("%s at %s"):format(play.outcome, play.loop:now_ms())
  return lines
end

--- Where two of them part.
---@param one string[]
---@param other string[]
---@return string?
function transcript.difference(one, other)
  for i = 1, math.max(#one, #other) do
    if one[i] ~= other[i] then return ("%s\nrather than\n%s"):format(one[i] or "nothing", other[i] or "nothing") end
  end
end

return transcript
