--- A run whose journal is gone, read back from what it has left in AWS: names, resource ids, and the tags on the
--- original and its replacement. What was captured is captured again, of the original: it is the same database.
local delete = require "trapheus.steps.delete"
local errors = require "trapheus.errors"
local lease = require "trapheus.lease"
local log = require "trapheus.log"
local looks = require "trapheus.looks"
local marks = require "trapheus.marks"
local names = require "trapheus.names"
local pinned = require "trapheus.pinned"
local preflight = require "trapheus.steps.preflight"
local run_module = require "trapheus.run"
local snapshot = require "trapheus.steps.snapshot"
local tasks = require "trapheus.databases.export"

local recover = {}

local function refuse(...)
  error(errors.new { code = "NotRecoverable", message = select("#", ...) > 1 and string.format(...) or ... }, 0)
end

-- Looking -------------------------------------------------------------------------------------

-- Who bears marks under one of the two names, of one kind.
local function look(world, kind, identifier)
  local database = require("trapheus.databases." .. kind)
  local found = { kind = kind, database = database }
  for _, name in ipairs { identifier, names.aside(identifier) } do
    local seen = database.by_name(world.rds, name)
    local state = seen and marks.state(seen.tags)
    if state and state.of == seen.resource_id then
      found.original, found.state = seen, state
    elseif state and name == identifier then
      found.replacement, found.state = seen, found.state or state
    end
  end
  if found.state then return found end
end

-- The original, if RDS shows it under whatever name; asked several times before it is taken for gone.
local function find_original(world, found)
  for i = 1, looks.UNSEEN do
    local seen = found.database.by_resource_id(world.rds, found.state.of)
    if seen then return seen end
    local timer <close> = world.loop:timer(i < looks.UNSEEN and looks.SPACING_MS or 0)
    while not timer:done() do world.loop:step() end
  end
end

local function check_marks(world, identifier, found)
  local run_id = found.state.run
  for _, seen in ipairs { found.original or found.replacement, found.replacement } do
    local held = marks.lease(seen.tags)
    local state = marks.state(seen.tags)
    if state.run ~= run_id or held and held.run_id ~= run_id then
      refuse("%s and %s bear the marks of two runs, %s and %s: that is for a person to judge", identifier,
        names.aside(identifier), run_id, state.run ~= run_id and state.run or held.run_id)
    elseif held and lease.in_force(world, held) then
      refuse("run %s has the lease on %s until %s, so it may be at work on another machine: if not, try again then",
        run_id, seen.name, log.time(held.ends_at))
    end
  end
end

local function find(world, identifier)
  local found = look(world, "instance", identifier)
  local cluster = look(world, "cluster", identifier)
  if found and cluster then refuse("a DB instance and a DB cluster %s both bear marks of a run", identifier) end
  found = found or cluster
  if not found then
    refuse("neither %s nor %s bears the marks of a run: nothing was begun, or all of it is done", identifier,
      names.aside(identifier))
  end
  check_marks(world, identifier, found)
  found.original = found.original or find_original(world, found)
  local original = found.original
  if original and original.status == "deleting" then
    refuse("the original (%s) is being deleted: try again when it is gone", original.resource_id)
  elseif original and original.name ~= identifier and original.name ~= names.aside(identifier) then
    refuse("the original (%s) is called %s now: somebody has renamed it; name it %s, then try again",
      original.resource_id, original.name, names.aside(identifier))
  end
  return found
end

-- The record ----------------------------------------------------------------------------------

local TASKS = { create_snapshot = true, db_restore = true, create_snapshot_only = true }

local function options_of(state)
  local options = {}
  for _, choice in ipairs(lease.CHOICES) do options[choice] = state[choice] end
  for _, flag in ipairs(lease.FLAGS) do options[flag] = state[flag] == "yes" or nil end
  return options
end

-- The snapshot that was pinned, if it is still that one.
local function pin(run, found)
  local created_at, asked_as = (found.original.tags[marks.SNAPSHOT] or ""):match "^%S+ (%S+) (%S+)$"
  local seen = asked_as and run.database.snapshot(run.world.rds, asked_as)
  if seen and math.abs(seen.created_at - tonumber(created_at)) < 0.002 then
    run.facts.snapshot = pinned.new(seen, asked_as)
    run.facts.snapshot.made = run:takes_snapshot() or nil
  end
end

local function by_name(a, b) return a.DBInstanceIdentifier < b.DBInstanceIdentifier end

-- Settings and endpoints that were captured name members as they are called aside; those of the replacement have their
-- own names.
local function call_home(run)
  local homes, listed = {}, run.facts.config.Members or {}
  for _, member in ipairs(run.facts.original.members) do homes[member.aside] = member.name end
  local function home(name) return homes[name] or name end
  for _, row in ipairs(listed) do row.DBInstanceIdentifier = home(row.DBInstanceIdentifier) end
  table.sort(listed, by_name)
  for _, endpoint in ipairs(run.facts.original.endpoints or {}) do
    for _, field in ipairs { "static", "excluded" } do
      local own = {}
      for i, name in ipairs(endpoint[field]) do own[i] = home(name) end
      endpoint[field] = own
    end
  end
end

-- The members' own names. Those of a cluster that was moved have all been moved; otherwise one that ends as a moved
-- one does was moved, unless some of them were called so from the start.
local function name_members(run, found)
  local all_moved = found.original.name ~= run.identifier
  for _, member in ipairs(run.facts.original.members) do
    local home = names.home(member.name)
    if all_moved and not home or home and not all_moved and found.state.like_moved then
      refuse("%s is of the original, and what it was called before is not certain: name it as it was, then try again",
        member.name)
    end
    if home then member.name, member.aside = home, member.name end
  end
  call_home(run)
end

local function capture(run, found)
  local original = found.original
  preflight.capture(run, original)
  name_members(run, found)
  run.facts.config.DeletionProtection = run.facts.original.protected
  pin(run, found)
end

-- What calls of the dead process can have been about, each in its name space.
local function dreaded(run, found)
  local list = {}
  local function add(kind, name) list[#list + 1] = names.held(kind, name) end
  for _, name in ipairs { run.identifier, names.aside(run.identifier) } do
    add(run.record.kind, name)
    add("protection", name)
    add("tags", ((found.original or found.replacement).arn:gsub("[^:]+$", name)))
  end
  for _, member in ipairs(run.facts.original.members) do
    add("instance", member.name)
    add("instance", member.aside)
  end
  for _, name in ipairs(snapshot.own_names(run)) do add(run.database.snapshot_kind, name) end
  return list
end

-- Whatever it has sent last may still be executed.
local function dread(run, found)
  local ghost = { key = "of the journal that is gone", operation = "call of the machine before",
    at_ms = run.world:now_ms() }
  for _, held in ipairs(dreaded(run, found)) do run.record.lost[held] = ghost end
end

-- From that step; a task that has not got it goes back from its end.
local function go(run, direction, step)
  run.record.direction = direction
  if not run:go_on_from(step) then run.record.position = #run.record.list end
end

-- What it has made of the original: marks are on that as well.
local function find_snapshots(run)
  snapshot.find(run, true)
  local final = run.options.final_snapshot or names.final(run.identifier, run.id)
  run.facts.final_snapshot = run.database.snapshot(run.world.rds, final) and final or nil
end

-- The replacement was verified, or there is nothing to go back to: what is left is to take our marks off it.
local function finish(run, found, gone)
  local replacement = found.replacement
  local settled, why = replacement:settled()
  if not settled then
    refuse("the original (%s) is %s, and its replacement %s is not settled (%s): try again when it is",
      found.state.of, gone and "gone" or "given up", replacement.name, why)
  end
  run.facts.config.DeletionProtection = found.state.protected == "yes"
  find_snapshots(run)
  run.facts.verified = { resource_id = replacement.resource_id, at = run:stamp() }
  go(run, "forward", "finish")
end

local function tidy(run, found)
  run.facts.original = { resource_id = found.state.of, protected = found.state.protected == "yes", members = {} }
  run.facts.config, run.facts.snapshot_name = {}, names.snapshot(run.identifier)
  finish(run, found, true)
  run:warn "the original was gone already: its replacement could not be compared with it again"
end

-- The marks on the original are taken off when all is done but for those on the replacement, which has been verified by
-- then, and may have been in use ever since.
local function conclude(run, found)
  finish(run, found, false)
  run:warn "its journal was lost, and with it what was told of its settings: they could not be compared again"
  if run.options.keep_original then return end
  run.facts.leftover = true
  run:warn(delete.leftover(run))
end

local function turn(run, why)
  run.record.failure = { message = why }
  snapshot.tell_unmarked(run)
  go(run, "back", "restore")
end

-- The export that it has begun goes on by itself: it is only told of.
local function find_export(run)
  local seen = run:takes_snapshot() and tasks.peek(run.world.rds, names.export(run.identifier, run.id))
  run.facts.export = seen and { name = seen.name, bucket = seen.bucket, prefix = seen.prefix, status = seen.status,
    percent = seen.percent, failure = seen.failure } or nil
end

-- Forward when the original was aside and its snapshot is there; else what was begun is undone.
local function choose(run, pipeline, found)
  run.facts.moving = run:restores() or nil
  if found.replacement then
    run.facts.replacement = { resource_id = found.replacement.resource_id, name = found.replacement.name }
  end
  if not found.original then return tidy(run, found) end
  if found.state.going == "back" then return turn(run, "it was on its way back when its journal was lost") end
  if found.replacement and found.original.name ~= run.identifier and not marks.state_of_original(found.original) then
    return conclude(run, found)
  end
  if not run:restores() or found.original.name == run.identifier then
    return turn(run, "its journal was lost before anything was moved: begin again")
  end
  if found.state.other_settings then
    return turn(run, "its journal was lost, and with it the settings that were to differ on purpose")
  end
  if found.state.hooks and not pipeline.hooked then
    return turn(run, "its journal was lost, and with it the hooks that it began with")
  end
  if not run.facts.snapshot then
    return turn(run, "its journal was lost, and the snapshot that it restored from is not there any more")
  end
  snapshot.find(run)
  go(run, "forward", "restore")
end

--- The run that has left its marks on a database, to go on with. Raises, with what a person should do, where it is not
--- certain what that would be.
---@param world trapheus.World
---@param pipeline trapheus.Pipeline
---@param identifier string
---@param script string
---@return trapheus.Run
function recover.run(world, pipeline, identifier, script)
  local found = find(world, identifier)
  local state = found.state
  if world.journal:load(state.run) then
    refuse("run %s is in the journal of this machine: trapheus resume %s", state.run, state.run)
  elseif not TASKS[state.task] then
    refuse("run %s was of the task %s, which this version does not know", state.run, tostring(state.task))
  end
  local run = run_module.new(world, { run_id = state.run, identifier = identifier, task = state.task,
    kind = found.kind, options = options_of(state), script = script })
  pipeline:bind(run)
  run.database, run.facts.lease = found.database, {}
  preflight.identify(run)
  if found.original then capture(run, found) end
  find_export(run)
  choose(run, pipeline, found)
  dread(run, found)
  return run
end

return recover
