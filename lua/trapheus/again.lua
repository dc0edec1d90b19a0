--- Takes a run of the journal up again: checked, locked, as the last who had it left it, and ready for its next look.
local errors = require "trapheus.errors"
local hooks = require "trapheus.hooks"
local origin = require "trapheus.origin"
local pipelines = require "trapheus.pipeline"
local run_module = require "trapheus.run"
local runs = require "trapheus.runs"

local again = {}

-- A journal of another account or Region must not act on a database that only has the same name.
local function check_place(run)
  local record = run.record
  if not record.account then return end
  local account = run.world.sts:GetCallerIdentity({}).Account
  if account ~= record.account or run.world.region ~= record.region then
    error(errors.new { code = "OtherAccount", message = ("run %s belongs to account %s in %s, but these credentials "
      .. "are of account %s in %s"):format(record.run_id, record.account, record.region, account, run.world.region),
    }, 0)
  end
end

--- Raises when somebody is at work on its database.
---@param run trapheus.Run
function again.lock(run)
  local held, why = run.world.journal:lock(run)
  if not held then error(errors.new { code = "Locked", message = why }, 0) end
end

--- Raises what stands in the way. One that has ended meanwhile, by the hand of another process, is left as it is.
---@param world trapheus.World
---@param record table          as the journal has it
---@param pipeline trapheus.Pipeline  its own: hooks are attached to it
---@param given trapheus.Given  accept_changes, hooks, no_hooks
---@param back boolean?         it is to go back
---@return trapheus.Run
---@return boolean unfinished
function again.take(world, record, pipeline, given, back)
  local run = run_module.wrap(world, record)
  local how = { back = back or record.direction == "back", accept_changes = given.accept_changes }
  if runs.unfinished(record) then
    check_place(run)
    origin.check(record, pipeline, how)
    again.lock(run)
    run = run_module.wrap(world, world.journal:load(run.id)) -- as the last holder of the lock left it
    run.record.script_hash = record.script_hash -- what has changed is meant
  end
  local unfinished = runs.unfinished(run.record)
  if unfinished then hooks.attach(pipeline, hooks.again(run, given, how.back)) end
  pipeline:bind(run)
  if unfinished then pipelines.reopen(run) end
  return run, unfinished
end

return again
