--- A script that is edited while a run is interrupted does not send it on to another step than the one it was at: the
--- run has its own list, and does not go forward by a script that is another one now unless that is meant.
local driver = require "trapheus.drivers.local"
local errors = require "trapheus.errors"
local hooks_file = require "hooks_file"
local origin = require "trapheus.origin"
local path = require "trapheus.path"
local rehearse = require "rehearse"
local run_module = require "trapheus.run"
local witness = require "witness"

local tests = {}

local SCRIPT = "scripts/restore.lua"
local NEW = { name = "announce", advance = function(run) return run:done() end }

-- A run that was interrupted while it restored, and its record.
local function interrupted()
  local result = rehearse { limit_s = 3600, knobs = { restore_s = 7200 } }
  witness.equal(result.outcome, nil, "the outcome")
  witness.equal(result.record.step, "restore")
  return result, result.record
end

-- The script as somebody has edited it.
local function edited(edit)
  local pipeline = path.script(SCRIPT)()
  edit(pipeline)
  return pipeline
end

local function go_on(result, pipeline)
  local run = run_module.wrap(result.world, result.world.journal:load(result.run.id))
  driver.run(pipeline, run)
  return run.record
end

local function names_of(record)
  local names = {}
  for i, step in ipairs(record.steps) do names[i] = step.name end
  return table.concat(names, " ")
end

tests["a step that was put in before does not move it"] = function()
  local result = interrupted()
  local record = go_on(result, edited(function(pipeline) pipeline:insert("snapshot", NEW) end))
  witness.equal(record.outcome, "restored")
  assert(not names_of(record):find "announce" and not names_of(record):find "rename.*rename", names_of(record))
end

tests["a step that was taken out is done all the same"] = function()
  local result = interrupted()
  local record = go_on(result, edited(function(pipeline) pipeline:remove "configure" end))
  witness.equal(record.outcome, "restored")
  assert(names_of(record):find "restore configure verify", names_of(record))
end

-- Asked before anything is done ------------------------------------------------------------------

local function refused(record, pipeline, how, ...)
  local ok, err = pcall(origin.check, record, pipeline, how)
  assert(not ok and errors.is(err, "OtherScript"), tostring(err))
  for _, text in ipairs { ... } do assert(err.message:find(text, 1, true), err.message) end
end

local function begun(script)
  local pipeline = path.script(script)()
  return { run_id = "abcdefgh", script = script, task = "db_restore", list = pipeline.tasks.db_restore,
    script_hash = origin.hash(pipeline, script, "db_restore") }, pipeline
end

tests["a script that is as it was is gone on with"] = function()
  for _, script in ipairs { "restore", SCRIPT } do
    local record, pipeline = begun(script)
    origin.check(record, pipeline, {})
  end
end

tests["other steps are refused, with what to do, unless they are meant or it goes back"] = function()
  local record = begun "restore"
  local other = edited(function(pipeline) pipeline:insert("fence", NEW) end)
  refused(record, other, {}, "its steps were preflight, lock, fence, rename",
    "now they are preflight, lock, fence, announce", "trapheus resume abcdefgh --accept-changes",
    "trapheus rollback abcdefgh")
  origin.check(record, other, { back = true })
  origin.check(record, other, { accept_changes = true })
  origin.check(record, other, {})
end

tests["another text is refused, too"] = function()
  local script <close> = assert(io.open(SCRIPT, "r"))
  hooks_file.with(script:read "a", function(name)
    local record, pipeline = begun(name)
    assert(io.open(name, "a")):write("-- edited\n"):close()
    refused(record, pipeline, {}, "its steps are the same, its text is not")
    origin.check(record, pipeline, { back = true })
  end)
end

tests["a step that is not there any more is refused whatever is meant"] = function()
  local record = begun "restore"
  local other = edited(function(pipeline) pipeline.steps.fence = nil end)
  for _, how in ipairs { {}, { back = true }, { accept_changes = true } } do
    refused(record, other, how, "has the step 'fence'", "put it back")
  end
end

return tests
