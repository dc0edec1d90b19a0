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

-- Another run on `identifier`, begun just before the step of the first one.
local function meanwhile(step, identifier)
  local second
  local first = rehearse {
    knobs = { snapshot_tail_s = 0, stale_s = 0 }, -- else the second one may find it 'backing-up', and not come so far
    extend = function(pipeline)
      pipeline:before(step, function(run) second = second_run(pipeline, run.world, identifier) end)
    end,
  }
  assert(first.outcome == "restored", first.outcome)
  assert(second.outcome == "refused" and second.failure.step == "lock", second.outcome)
  assert(second.failure.message:find(first.record.run_id, 1, true), second.failure.message)
end

function tests.a_second_run_is_refused() meanwhile("fence", "mydb") end

function tests.a_second_run_is_refused_while_the_replacement_has_the_name() meanwhile("verify", "mydb") end

function tests.a_second_run_is_refused_under_the_name_it_was_moved_to() meanwhile("configure", "mydb-temp") end

return tests
