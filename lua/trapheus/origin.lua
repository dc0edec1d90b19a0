--- What a run began with: its script as it was, and the list of its steps. A run goes on by its list; it does not go
--- forward by a script that is another one now, unless that is meant.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local path = require "trapheus.path"

local origin = {}

local function text_of(script)
  local name = path.script_file(script)
  local file <close> = name and io.open(name, "r")
  return file and file:read "a" or json.null -- inside the program: its version may be another one, its steps may not
end

--- Tells a script, and the steps that it has for a task, from any other.
---@param pipeline trapheus.Pipeline
---@param script string
---@param task string
---@return string
function origin.hash(pipeline, script, task)
  return core.sha256(json.encode { pipeline.tasks[task] or json.null, text_of(script) })
end

local function refuse(format, ...)
  error(errors.new { code = "OtherScript", message = format:format(...) }, 0)
end

local function steps(list) return table.concat(list, ", ") end

local function difference(record, pipeline)
  local before, now = steps(record.list), steps(pipeline.tasks[record.task] or {})
  if before == now then return "its steps are the same, its text is not" end
  return ("its steps were %s; now they are %s"):format(before, now)
end

--- Raises, with what a person should do, when a run cannot go on by this script. Its steps must be there; going
--- forward, nothing may have changed.
---@param record table
---@param pipeline trapheus.Pipeline
---@param how { back: boolean?, accept_changes: boolean? }  Does it go back? Is what has changed meant?
function origin.check(record, pipeline, how)
  for _, name in ipairs(record.list or {}) do
    if not pipeline.steps[name] then
      refuse("run %s has the step '%s', which the script %s has not any more: put it back as it was", record.run_id,
        name, record.script)
    end
  end
  if how.back or not record.script_hash then return end
  local hash = origin.hash(pipeline, record.script, record.task)
  if hash == record.script_hash then return end
  if how.accept_changes then
    record.script_hash = hash
    return
  end
  refuse("the script %s is not as it was when run %s began: %s. Put it back as it was; or go on with the steps that "
    .. "the run began with, as they are now: trapheus resume %s --accept-changes; or give the run up: trapheus "
    .. "rollback %s",
    record.script, record.run_id, difference(record, pipeline), record.run_id, record.run_id)
end

return origin
