--- D24: two runs never work on the same database, whatever name it has meanwhile.
local driver = require "trapheus.drivers.local"
local rehearse = require "rehearse"
local run_module = require "trapheus.run"
local tests = {}

local function second_run(pipeline, world, identifier)
  local run = run_module.new(world, { identifier = identifier, task = "create_snapshot_only", options = {},
    script = "restore" })
  driver.run(pipeline:rehearsal(), run)
  return run.record
end

-- Another run on `identifier`, begun just before the step of the first one, and refused.
local function meanwhile(step, identifier, refused_by)
  local second
  local first = rehearse {
    knobs = { snapshot_tail_s = 0, stale_s = 0 }, -- else the second one may find it 'backing-up', and not come so far
    extend = function(pipeline)
      pipeline:before(step, function(run) second = second_run(pipeline, run.world, identifier) end)
    end,
  }
  assert(first.outcome == "restored", first.outcome)
  assert(second.outcome == "refused" and second.failure.step == (refused_by or "lock"), second.outcome)
  assert(second.failure.message:find(first.record.run_id, 1, true), second.failure.message)
  return second, first.record.run_id
end

function tests.a_second_run_is_refused() meanwhile("fence", "mydb") end

function tests.a_second_run_is_refused_while_the_replacement_has_the_name() meanwhile("verify", "mydb") end

function tests.a_second_run_is_refused_under_the_name_it_was_moved_to() meanwhile("configure", "mydb-temp") end

-- Nothing has the name then; what is told is where the database is, and how the run on it is ended.
function tests.a_second_run_is_told_of_the_first_while_nothing_has_the_name()
  local second, first_id = meanwhile("restore", "mydb", "preflight")
  assert(second.failure.message:find("there is mydb-temp: run " .. first_id, 1, true), second.failure.message)
  assert(second.failure.message:find("trapheus resume --from-aws mydb", 1, true), second.failure.message)
  assert(table.concat(second.warnings, "\n"):find("trapheus rollback " .. first_id, 1, true), "the journal's is told")
end

return tests
