--- Where what a script or a hook does goes, unless it says so itself: to the AWS that the run works with, by the run's
--- clock. In a rehearsal it goes to the sandbox: clients talk to it, no program is started, nothing is posted.
local tasks = require "trapheus.tasks"

---@class trapheus.ambient
---@field rehearsed trapheus.World?  The sandbox's, while this process rehearses.
---@field expected boolean?         It is going to rehearse, once the command line is read.
---@field config trapheus.Config?    Of the real world.
---@field pace number?               So many times as fast as real time the run's clock is; nil: as fast, or virtual.
local ambient = {}

--- From now on, until what is returned is closed.
---@param world trapheus.World
---@return table closable
function ambient.enter(world)
  local rehearsed, config, pace, loop = ambient.rehearsed, ambient.config, ambient.pace, tasks.use(world.loop)
  ambient.rehearsed, ambient.config, ambient.pace = world.sandbox and world or nil, world.config, world.pace
  return setmetatable({}, { __close = function()
    ambient.rehearsed, ambient.config, ambient.pace = rehearsed, config, pace
    tasks.use(loop)
  end })
end

local OWN = { "config", "profile", "endpoint_url", "credentials", "getenv", "read_file", "transport" }

--- The settings of the run, for one who asks for nothing of his own but, perhaps, another Region.
---@param options table
---@return trapheus.Config?
function ambient.settings(options)
  for _, field in ipairs(OWN) do
    if options[field] ~= nil then return nil end
  end
  return ambient.config
end

--- Says what would have been done outside.
---@param what string
function ambient.tell(what)
  local world = ambient.rehearsed
  world:tell { event = "outside", at = world:now_ms() / 1000, message = "rehearsed only: " .. what }
end

return ambient
