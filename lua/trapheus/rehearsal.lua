--- Whether this process rehearses. What a script or a hook asks of the world outside is then answered by the sandbox:
--- its time is the sandbox's, its clients talk to it, no program is started and nothing is posted.
local tasks = require "trapheus.tasks"

---@class trapheus.rehearsal
---@field world trapheus.World?  The sandbox's, while it rehearses.
local rehearsal = {}

--- From now on, until what is returned is closed. In the real world only the loop is taken over.
---@param world trapheus.World
---@return table closable
function rehearsal.begin(world)
  local previous_world, previous_loop = rehearsal.world, tasks.use(world.loop)
  rehearsal.world = world.sandbox and world or nil
  return setmetatable({}, { __close = function()
    rehearsal.world = previous_world
    tasks.use(previous_loop)
  end })
end

--- Says what would have been done outside.
---@param what string
function rehearsal.tell(what)
  rehearsal.world:tell { event = "outside", at = rehearsal.world:now_ms() / 1000, message = "rehearsed only: " .. what }
end

return rehearsal
