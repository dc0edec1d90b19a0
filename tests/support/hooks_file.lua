--- A hooks file for a test, and a rehearsal with one.
local hooks = require "trapheus.hooks"
local rehearse = require "rehearse"

local hooks_file = {}

--- A file of that text, for as long as the function takes.
---@param text string
---@param f fun(name: string): any
function hooks_file.with(text, f)
  local name = os.tmpname()
  local handle <close> = assert(io.open(name, "w"))
  assert(handle:write(text))
  handle:close()
  local ok, result = xpcall(f, debug.traceback, name)
  os.remove(name)
  assert(ok, result)
  return result
end

--- Rehearses with a hooks file, in which `seen` is what the second result is.
---@param text string
---@param spec Rehearsal?  `also(pipeline, seen)` extends the pipeline as well.
---@return Rehearsed result
---@return table seen
function hooks_file.run(text, spec)
  spec = spec or {}
  local seen = {}
  function spec.extend(pipeline)
    if spec.also then spec.also(pipeline, seen) end
    hooks_file.with("local seen = require('hooks_file').seen\n" .. text, function(name)
      hooks_file.seen = seen
      hooks.attach(pipeline, { hooks.load(name) })
      hooks_file.seen = nil
    end)
  end
  return rehearse(spec), seen
end

return hooks_file
