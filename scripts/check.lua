--- Loads a script or a hooks file and checks it, without running it.
local hooks = require "trapheus.hooks"
local options = require "trapheus.options"
local path = require "trapheus.path"
local pipelines = require "trapheus.pipeline"
local sorted = require "trapheus.sorted"
local usage = require "trapheus.usage"

local function check_pipeline(file, pipeline)
  for _, name in ipairs(sorted.keys(pipeline.steps)) do
    local step = pipeline.steps[name]
    for _, field in ipairs { "advance", "undo" } do
      local kind = type(step[field])
      if kind ~= "function" and (field == "advance" or kind ~= "nil") then
        usage.fail("%s: step %s: %s is a %s; a function is expected", file, name, field, kind)
      end
    end
  end
  return ("a script, the pipeline %s with the tasks %s"):format(pipeline.name,
    table.concat(sorted.keys(pipeline.tasks), ", "))
end

local function check_hooks(loaded)
  hooks.check_steps(loaded, path.script "restore"())
  local points = hooks.points(loaded)
  return #points > 0 and "hooks " .. table.concat(points, ", ") or "a hooks file without hooks"
end

return function(arguments)
  local file = options.read("check", arguments).file
  local document, loaded = hooks.read(file)
  local found
  if pipelines.is(document) then
    found = check_pipeline(file, document)
  elseif type(document) == "function" then
    found = "a script, a function of its arguments"
  else
    found = check_hooks(hooks.check(loaded, document))
  end
  print(file .. ": " .. found)
  return 0
end
