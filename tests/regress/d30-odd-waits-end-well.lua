--- D30: a time that is up, a wait of no length and hours of `backing-up` leave a run that goes on or ends well.
local driver = require "trapheus.drivers.local"
local json = require "trapheus.json"
local path = require "trapheus.path"
local rehearse = require "rehearse"
local run_module = require "trapheus.run"
local witness = require "witness"
local tests = {}

-- Goes on with a run that was stopped, a slice of time at a time, as another process would.
local function go_on(result, slice_s, slices)
  local pipeline, world = path.script "scripts/restore.lua" (), result.world
  local run = result.run
  for _ = 1, slices do
    run = run_module.wrap(world, json.decode(json.encode(run.record)))
    local stopped = driver.run(pipeline, run, slice_s and { until_ms = world:now_ms() + slice_s * 1000 } or nil)
    if not stopped then return run.record.outcome, run end
    witness.equal(stopped, "the time limit", "why it stopped")
  end
  return nil, run
end

tests["a time limit of nothing stops at the first wait, and a resume goes on"] = function()
  local result = rehearse { limit_s = 0 }
  witness.equal(result.outcome, nil, "an outcome before the end")
  witness.equal(go_on(result, nil, 1), "restored")
  witness.equal(witness.committed(result.sandbox, "RestoreDBInstanceFromDBSnapshot"), 1, "restores")
end

for _, limit_s in ipairs { 1, 100, 1000, 1600 } do
  tests[("a run stopped after %d s goes on"):format(limit_s)] = function()
    local result = rehearse { limit_s = limit_s }
    witness.equal(result.outcome, nil, "an outcome before the end")
    witness.equal(go_on(result, nil, 1), "restored")
    witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 1, "deletions")
  end
end

tests["a run that only ever gets a minute at a time ends all the same, and sends nothing twice"] = function()
  local result = rehearse { limit_s = 60, snapshot = true }
  witness.equal(go_on(result, 60, 2000), "restored")
  witness.equal(#witness.renames(result.sandbox), 1, "renames")
  witness.equal(#witness.changes(result.sandbox, "RestoreDBInstanceFromDBSnapshot"), 1, "restores")
  witness.equal(#witness.changes(result.sandbox, "DeleteDBInstance"), 1, "deletions")
  witness.equal(#witness.changes(result.sandbox, "CreateDBSnapshot"), 2, "snapshots")
end

for _, duration in ipairs { 1, 5, 7, 12 } do
  tests[("%02d hours of backing-up after the restore"):format(duration)] = function()
    local result = rehearse { knobs = { restore_backup_s = duration * 3600, restore_backup_lag_s = 0 } }
    witness.equal(result.outcome, "restored")
  end
end

tests["hours of backing-up before the rename"] = function()
  local result = rehearse { knobs = { snapshot_s = 600, snapshot_tail_s = 5 * 3600 } }
  witness.equal(result.outcome, "restored")
end

local UNKNOWN = { "upgrading", "maintenance", "a-status-of-next-year", "configuring-something-new" }

for _, status in ipairs(UNKNOWN) do
  tests["two hours of `" .. status .. "` in the restore are waited for"] = function()
    local result = rehearse {
      prepare = function(sandbox)
        witness.once(sandbox, witness.creating, function(sb)
          sb:at(60, function() sb:disturb("mydb", status, 7200) end)
        end)
      end,
    }
    witness.equal(result.outcome, "restored")
  end
end

-- No second with twenty calls, no minute without one; after hours, no sixtieth of them, nor five minutes.
local function looks_in_time(audit)
  local began_ms, calls = audit[1].at_ms, 0
  local at_ms = began_ms
  for _, entry in ipairs(audit) do
    local gap_s = (entry.at_ms - at_ms) // 1000
    if gap_s < 1 then
      calls = calls + 1
      assert(calls <= 20, "twenty calls in a second")
    else
      local may_be_s = math.max(60, math.min((at_ms - began_ms) // 60000, 300))
      assert(gap_s <= may_be_s + 1, ("nobody looked for %d s, and %d are allowed"):format(gap_s, may_be_s))
      at_ms, calls = entry.at_ms, 1
    end
  end
end

tests["a wait is never busy, and never long"] = function()
  local result = rehearse { knobs = { restore_s = 6 * 3600 } }
  witness.equal(result.outcome, "restored")
  looks_in_time(result.sandbox.audit)
  assert(#result.sandbox.audit < 4000, "too many calls: " .. #result.sandbox.audit)
end

tests["nor is it where hours are expected"] = function()
  local result = rehearse { extend = function(pipeline)
    local looks = 0
    pipeline:insert("rename", { name = "window", advance = function(run)
      run:observe "original"
      looks = looks + 1
      return looks < 20 and run:wait("the window", 20 * 3600) or run:done()
    end })
  end }
  looks_in_time(result.sandbox.audit)
end

return tests
