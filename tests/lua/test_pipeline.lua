--- Extending the shipped pipeline, and what a hook that fails or a crash does to a run.
local errors = require "trapheus.errors"
local marks = require "trapheus.marks"
local pipeline_module = require "trapheus.pipeline"
local rehearse = require "rehearse"
local witness = require "witness"

local tests = {}

local equal = witness.equal

local function passing(name, log)
  return { name = name, advance = function(run)
    log[#log + 1] = name
    return run:done()
  end }
end

local function steps_of(result)
  local names = {}
  for i, step in ipairs(result.record.steps) do names[i] = step.name end
  return table.concat(names, " ")
end

-- Letting go ----------------------------------------------------------------------------------------

-- The next ten looks are not answered, as after a signal.
local function let_go(run)
  local rds, left = run.world.rds, 10
  local real = rds.transport
  rds.transport = setmetatable({ send = function(_, call)
    left = left - 1
    if left < 0 or not call.read_only then return real:send(call) end
    error(errors.new { code = "Interrupted", retryable = true }, 0)
  end }, { __index = real })
end

for _, step in ipairs { "lock", "snapshot", "verify" } do
  tests["a look that is let go is no reason to refuse, nor to fail: " .. step] = function()
    local result = rehearse { extend = function(pipeline) pipeline:before(step, let_go) end }
    equal(result.outcome, "restored", result.record.failure and result.record.failure.message)
  end
end

-- Building ----------------------------------------------------------------------------------------

tests["a task that names no step is a mistake in the script"] = function()
  local ok, err = pcall(pipeline_module.new, { name = "mine", steps = { passing("one", {}) },
    tasks = { go = { "one", "two" } } })
  assert(not ok and tostring(err):find "task go names no step of this pipeline: two", tostring(err))
end

tests["only what pipeline.new made is a pipeline"] = function()
  assert(pipeline_module.is(pipeline_module.new { name = "mine", steps = {}, tasks = {} }))
  assert(not pipeline_module.is {} and not pipeline_module.is(nil))
end

tests["a step or a hook that is not there is a mistake"] = function()
  local pipeline = pipeline_module.new { name = "mine", steps = { passing("one", {}) }, tasks = { go = { "one" } } }
  local function nothing() end
  for _, call in ipairs {
    function() pipeline:before("renam", nothing) end, function() pipeline:after("renam", nothing) end,
    function() pipeline:replace("renam", passing("x", {})) end,
    function() pipeline:insert("renam", passing("x", {})) end,
    function() pipeline:remove "renam" end,
  } do
    local ok, err = pcall(call)
    assert(not ok and tostring(err):find "no step 'renam'", tostring(err))
    assert(tostring(err):find "test_pipeline", "the caller's line: " .. tostring(err))
  end
  local ok, err = pcall(pipeline.before, pipeline, "one", "no function")
  assert(not ok and tostring(err):find "function is expected", tostring(err))
end

-- Hooks -------------------------------------------------------------------------------------------

tests["hooks run once each, before the first look and after the last, in order"] = function()
  local log = {}
  local result = rehearse { extend = function(pipeline)
    pipeline:before("snapshot", function(run) log[#log + 1] = "before 1 " .. run.identifier end)
    pipeline:before("snapshot", function() log[#log + 1] = "before 2" end)
    pipeline:after("snapshot", function(run) log[#log + 1] = "after " .. run.facts.snapshot.name end)
    pipeline:before("rename", function() log[#log + 1] = "rename" end)
  end }
  equal(result.outcome, "restored")
  equal(table.concat(log, ", "), "before 1 mydb, before 2, after mydb-snapshot, rename")
end

tests["a hook sees the world before the step has changed it"] = function()
  local seen
  local result = rehearse { extend = function(pipeline)
    pipeline:before("rename", function(run)
      seen = run.world.rds:DescribeDBInstances { DBInstanceIdentifier = "mydb" }.DBInstances[1].DbiResourceId
    end)
  end }
  equal(result.outcome, "restored")
  equal(seen, result.record.facts.original.resource_id, "who held the name")
end

tests["a hook before the rename that fails leaves everything as it was"] = function()
  local original
  local result = rehearse {
    prepare = function(sandbox) original = sandbox:instance "mydb" end,
    extend = function(pipeline) pipeline:before("rename", function() error("not on a Friday", 0) end) end,
  }
  equal(result.outcome, "failed")
  equal(result.record.failure.step, "rename")
  assert(result.record.failure.message:find "the hook before rename: not on a Friday", result.record.failure.message)
  equal(#witness.renames(result.sandbox), 0, "renames")
  local now = result.sandbox:instance "mydb"
  equal(now.DbiResourceId, original.DbiResourceId, "who holds the name")
  equal(now.DeletionProtection, false, "protection")
end

tests["a hook before a later step that fails rolls back"] = function()
  for _, step in ipairs { "restore", "configure", "verify" } do
    local original
    local result = rehearse {
      prepare = function(sandbox) original = sandbox:instance "mydb" end,
      extend = function(pipeline) pipeline:before(step, function() error("no", 0) end) end,
    }
    equal(result.outcome, "rolled_back", step)
    equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
  end
end

tests["a hook before the deletion that fails keeps the original, and the run has restored"] = function()
  local result = rehearse {
    extend = function(pipeline) pipeline:before("delete", function() error("keep it", 0) end) end,
  }
  equal(result.outcome, "restored")
  assert(result.sandbox:instance "mydb-temp", "the original is there")
  local told = table.concat(result.record.warnings, "\n")
  assert(told:find "keep it" and told:find "mydb%-temp", told)
end

tests["a hook after a step that fails is a warning"] = function()
  local result = rehearse {
    extend = function(pipeline) pipeline:after("restore", function() error("no metrics", 0) end) end,
  }
  equal(result.outcome, "restored")
  assert(table.concat(result.record.warnings, "\n"):find "the hook after restore: no metrics", "no warning")
end

tests["hooks do not run on the way back"] = function()
  local count = 0
  local result = rehearse {
    faults = {
      { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" },
    },
    extend = function(pipeline)
      for _, step in ipairs { "fence", "rename", "restore" } do
        pipeline:before(step, function() count = count + 1 end)
      end
    end,
  }
  equal(result.outcome, "rolled_back")
  equal(count, 3, "hooks that ran")
end

tests["a hook that was journalled is not repeated after a crash"] = function()
  local before, after, crashed = 0, 0, {}
  local result = rehearse {
    extend = function(pipeline)
      pipeline:before("rename", function() before = before + 1 end)
      pipeline:after("rename", function() after = after + 1 end)
    end,
    crash = function(kind, entry, when)
      local where = kind .. " " .. (entry.step or entry.key or "")
      local wanted = kind == "intent" and entry.step == "rename" or kind == "step" and entry.step == "restore"
      if not wanted or when ~= "after" or crashed[where] then return false end
      crashed[where] = true
      return true
    end,
  }
  equal(result.outcome, "restored")
  equal(result.crashes, 2, "crashes")
  equal(before, 1, "hooks before")
  equal(after, 1, "hooks after")
end

tests["a crash at the record of a hook is no failure of the hook"] = function()
  local runs, written = { before = 0, after = 0 }, 0
  local result = rehearse {
    extend = function(pipeline)
      pipeline:before("rename", function() runs.before = runs.before + 1 end)
      pipeline:after("rename", function() runs.after = runs.after + 1 end)
    end,
    crash = function(kind, entry, when)
      if kind == "hook" and when == "after" then written = written + 1 end
      return kind == "hook" and when == "after" or kind == "intent" and when == "after" and entry.operation
        == "ModifyDBInstance" and entry.sends == 1 and entry.step == "rename"
    end,
  }
  equal(result.outcome, "restored")
  assert(result.crashes >= 2, "it crashed")
  equal(runs.before, 1, "hooks before")
  equal(runs.after, 1, "hooks after")
  equal(written, 2, "hooks in the journal")
end

tests["a hook whose record was not written is run again: at least once"] = function()
  local runs, crashed = 0, false
  local result = rehearse {
    extend = function(pipeline) pipeline:before("rename", function() runs = runs + 1 end) end,
    crash = function(kind, _, when)
      if kind == "hook" and when == "before" and not crashed then
        crashed = true
        return true
      end
    end,
  }
  equal(result.outcome, "restored")
  equal(runs, 2, "hooks that ran")
end

-- Steps -------------------------------------------------------------------------------------------

tests["an inserted step runs after the other, in every task that has that one"] = function()
  for _, task in ipairs { "create_snapshot", "create_snapshot_only" } do
    local log = {}
    local result = rehearse { task = task,
      extend = function(pipeline) pipeline:insert("snapshot", passing("copy", log)) end }
    assert(result.outcome == "restored" or result.outcome == "snapshotted", result.outcome)
    equal(#log, 1, "looks")
    assert(steps_of(result):find "snapshot copy", steps_of(result))
  end
end

tests["an inserted step that fails is undone with those before it"] = function()
  local undone
  local result = rehearse { extend = function(pipeline)
    pipeline:insert("rename", { name = "notice",
      advance = function(run) return run:done() end,
      undo = function(run)
        undone = run.record.direction
        return run:done()
      end })
    pipeline:insert("notice", { name = "stop", advance = function(run) return run:fail "enough" end })
  end }
  equal(result.outcome, "rolled_back")
  equal(undone, "back")
  equal(result.record.failure.step, "stop")
  assert(steps_of(result):find "undo notice undo rename undo snapshot undo fence", steps_of(result))
end

tests["an inserted step waits as it likes, and its waits are told"] = function()
  local looks = 0
  local result = rehearse { extend = function(pipeline)
    pipeline:insert("lock", { name = "window", advance = function(run)
      looks = looks + 1
      return looks < 4 and run:wait("the window to open", 60) or run:done()
    end })
  end }
  equal(result.outcome, "restored")
  equal(looks, 4, "looks")
  local told = 0
  for _, event in ipairs(result.events) do
    if event.event == "waiting" and event.why == "the window to open" then told = told + 1 end
  end
  equal(told, 1, "the same wait is told once")
end

tests["a wait that refusals interrupt goes on afterwards"] = function()
  local answers, since = { "the window", "AWS", "AWS again", "the window", "the door" }, {}
  rehearse { extend = function(pipeline)
    pipeline:insert("lock", { name = "window", advance = function(run)
      since[#since + 1] = run.record.waiting and run.record.waiting.since_ms
      local why = table.remove(answers, 1)
      if not why then return run:done() end
      return why:find "^AWS" and run:wait_patiently(why) or run:wait(why)
    end })
  end }
  equal(#since, 5, "looks that found the run waiting")
  assert(since[2] > since[1] and since[3] > since[2], "a refusal is something else to wait for")
  equal(since[4], since[1], "when the window was first waited for")
  assert(since[5] > since[3], "what comes next begins when it comes")
end

tests["what takes a day is looked at a few hundred times, and its lease is kept"] = function()
  local looks, least_s = 0, math.huge
  local result = rehearse { extend = function(pipeline)
    pipeline:insert("rename", { name = "window", advance = function(run)
      local seen = run:observe "original"
      local held = marks.lease(seen.tags)
      looks, least_s = looks + 1, math.min(least_s, held.ends_at - run:now_s())
      local began_s = run.record.steps[#run.record.steps].started_at
      return run:now_s() - began_s < 86400 and run:wait "the window" or run:done()
    end })
  end }
  equal(result.outcome, "restored")
  assert(looks > 300 and looks < 600, looks) -- one a minute would be 1440
  assert(least_s > 600, least_s)
end

tests["a replaced step stands in for the other, under its name"] = function()
  local log = {}
  local result = rehearse { extend = function(pipeline) pipeline:replace("configure", passing("mine", log)) end }
  equal(#log, 1, "looks")
  assert(steps_of(result):find "restore configure verify", steps_of(result))
end

tests["a removed step is in no task"] = function()
  local result = rehearse { extend = function(pipeline) pipeline:remove "delete" end }
  equal(result.outcome, "restored")
  assert(not steps_of(result):find "delete", steps_of(result))
  equal(#witness.changes(result.sandbox, "DeleteDBInstance"), 0, "deletions")
end

tests["one pipeline's hooks are not another's"] = function()
  rehearse { extend = function(pipeline) pipeline:remove "delete" end }
  equal(witness.committed(rehearse({}).sandbox, "DeleteDBInstance"), 1, "deletions of a fresh pipeline")
end

-- Ends --------------------------------------------------------------------------------------------

tests["a mistake in a step is raised with its place, and the run stays as it is"] = function()
  local ok, err = pcall(rehearse, { extend = function(pipeline)
    pipeline:replace("configure", { advance = function() return nil + 1 end })
  end })
  assert(not ok and tostring(err):find "arithmetic" and tostring(err):find "test_pipeline", tostring(err))
end

tests["a step that is past its deadline fails, and what was done is undone"] = function()
  local result = rehearse { extend = function(pipeline)
    pipeline:insert("lock", { name = "window", deadline_s = 600,
      advance = function(run) return run:wait "the window to open" end })
  end }
  equal(result.outcome, "failed")
  assert(result.record.failure.message:find "window is not done after", result.record.failure.message)
end

tests["a step may park: what was begun stays as it is"] = function()
  local result = rehearse { extend = function(pipeline)
    pipeline:insert("rename", { name = "ask", advance = function(run) return run:park("a question", "answer it") end })
  end }
  equal(result.outcome, "parked")
  equal(result.record.parked.todo, "answer it")
  assert(result.sandbox:instance "mydb-temp", "the original stays aside")
  equal(result.document.next, "trapheus resume " .. result.run.id)
end

tests["turning back undoes what was done, and is not possible once the replacement is verified"] = function()
  local result = rehearse { limit_s = 1200 }
  local run = result.run
  assert(run.record.outcome == nil and run.facts.moving, "it stopped in the middle")
  assert(pipeline_module.turn_back(run))
  require("trapheus.drivers.local").run(require("trapheus.path").script "scripts/restore.lua" (), run)
  equal(run.record.outcome, "rolled_back")
  equal(result.sandbox:instance("mydb").DbiResourceId, run.facts.original.resource_id, "who holds the name")
  assert(pipeline_module.turn_back(run), "nothing is left to undo")
  equal(run.record.outcome, "rolled_back")
  local restored = rehearse({}).run
  local ok, why = pipeline_module.turn_back(restored)
  assert(not ok and why:find "has ended as restored", why)
  restored.record.outcome = nil
  ok, why = pipeline_module.turn_back(restored)
  assert(not ok and why:find "only forward", why)
end

-- Looking -----------------------------------------------------------------------------------------

-- A step that looks at the original twice, with `between` in between: how often RDS was asked.
local function looks_with(between)
  local asked
  local result = rehearse { extend = function(pipeline)
    pipeline:insert("snapshot", { name = "twice", advance = function(run)
      run:look_anew()
      local before = #run.world.sandbox.audit
      local first = run:observe "original"
      between(run)
      local second = run:observe "original"
      asked = #run.world.sandbox.audit - before
      equal(first.resource_id, second.resource_id)
      return run:done()
    end })
  end }
  equal(result.outcome, "restored")
  return asked
end

tests["what is seen within one look is asked for once"] = function()
  equal(looks_with(function() end), 1, "calls")
end

tests["after some time it is asked for again"] = function()
  equal(looks_with(function(run) witness.pass(run.world, 2) end), 2, "calls")
end

tests["after a change it is asked for again"] = function()
  equal(looks_with(function(run)
    run:mutate(run:observe("original"):protect(true))
  end), 3, "calls: a look, which is that of the lease as well, the change, and a look")
end

tests["what a hook does is seen at once"] = function()
  local protected
  local result = rehearse { extend = function(pipeline)
    pipeline:after("snapshot", function(run)
      run.world.rds:ModifyDBInstance { DBInstanceIdentifier = "mydb", DeletionProtection = false }
    end)
    pipeline:insert("snapshot", { name = "see", advance = function(run)
      protected = run:observe("original").protected
      return run:done()
    end })
  end, knobs = { stale_s = 0, snapshot_tail_s = 0 } }
  equal(result.outcome, "restored")
  equal(protected, false, "deletion protection, as it is seen")
end

tests["what only time brings is waited for without a look in between"] = function()
  local waits = {}
  local result = rehearse { extend = function(pipeline)
    local ends_ms
    pipeline:insert("snapshot", { name = "patient", advance = function(run)
      local now_ms = run.world:now_ms()
      ends_ms = ends_ms or now_ms + 100000
      waits[#waits + 1] = (ends_ms - now_ms) / 1000
      return now_ms < ends_ms and run:wait_out("the time to come", (ends_ms - now_ms) / 1000) or run:done()
    end })
  end }
  equal(result.outcome, "restored")
  equal(#waits, 3, "looks: at first, after a minute, at the end")
  assert(waits[2] > 39 and waits[2] < 42 and waits[3] <= 0 and waits[3] > -2, table.concat(waits, " "))
end

return tests
