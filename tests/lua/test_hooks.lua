--- Hooks files: what is refused when they are loaded, what is called when, and what becomes of a run when one fails.
local core = require "trapheus.core"
local hooks = require "trapheus.hooks"
local hooks_file = require "hooks_file"
local driver = require "trapheus.drivers.local"
local errors = require "trapheus.errors"
local interrupt = require "interrupt"
local path = require "trapheus.path"
local rehearse = require "rehearse"
local run_module = require "trapheus.run"
local usage = require "trapheus.usage"
local witness = require "witness"
local world_module = require "trapheus.world"

local tests = {}

local equal = witness.equal

local with_file, run_with = hooks_file.with, hooks_file.run

local function warnings(result) return table.concat(result.record.warnings, "\n") end

local function contains(text, part) assert(text:find(part, 1, true), ("no '%s' in: %s"):format(part, text)) end

-- Loading -----------------------------------------------------------------------------------

-- What a file says, and parts of what is answered.
local REFUSED = {
  { "return 7", "it returns a number; a table of hooks is expected" },
  { "", "it returns a nil" },
  { "return {", "is not a Lua script" },
  { "error 'on loading'", "on loading" },
  { "return { befor = {} }", "befor: there is no such field (did you mean before?)" },
  { "return { print, before = {} }", "1: there is no such field; known" },
  { "return { colour = {} }", "colour: there is no such field; known are after, before, on_event" },
  { "return { before = print }", "before: a table of functions, by step is expected, not a function" },
  { "return { before = { renam = print } }", "before.renam: there is no such step (did you mean rename?)" },
  { "return { after = { [1] = print } }", "after.1: there is no such step; known are configure, delete" },
  { "return { before = { rename = true } }", "before.rename: a function, or a table with run is expected, not a bool" },
  { "return { verify = 'psql' }", "verify: a function, or a table with run is expected, not a string" },
  { "return { verify = {} }", "verify.run: a function is expected, not a nil" },
  { "return { verify = { run = print, timeout = 5 } }",
    "verify.timeout: there is no such field (did you mean timeout_s?)" },
  { "return { verify = { run = print, timeout_s = 0 } }", "verify.timeout_s: a number of seconds up to 604800" },
  { "return { verify = { run = print, timeout_s = 0/0 } }", "verify.timeout_s: a number of seconds" },
  { "return { timeout_s = '5' }", "timeout_s: a number of seconds up to 604800 is expected, not a string" },
  { "return { verify = { run = print, ['repeat'] = 1 } }", "verify.repeat: true or false is expected, not a number" },
}

for i, row in ipairs(REFUSED) do
  tests[("refused %02d: %s"):format(i, row[1])] = function()
    with_file(row[1], function(name)
      local ok, err = pcall(function()
        hooks.check_steps(hooks.load(name), path.script "scripts/restore.lua" ())
      end)
      assert(not ok and usage.is(err), tostring(err))
      contains(tostring(err), name)
      contains(tostring(err), row[2])
    end)
  end
end

tests["a file that others may write is refused"] = function()
  with_file("return {}", function(name)
    assert(os.execute("chmod 666 " .. name))
    local ok, err = pcall(hooks.load, name)
    assert(not ok and usage.is(err), tostring(err))
    contains(tostring(err), name .. " may be written by others")
  end)
end

tests["a file that is not there, and one that is given twice"] = function()
  local ok, err = pcall(hooks.load_all, { "/no/such/hooks.lua" })
  assert(not ok and usage.is(err), tostring(err))
  contains(tostring(err), "/no/such/hooks.lua")
  with_file("return {}", function(name)
    ok, err = pcall(hooks.load_all, { name, name })
    assert(not ok and usage.is(err), tostring(err))
    contains(tostring(err), "is given twice")
  end)
end

-- What is called, and what fails ------------------------------------------------------------

tests["hooks are called around the steps, in order"] = function()
  local result, seen = run_with [[
    local function note(text) return function(run) seen[#seen + 1] = text .. " " .. (run.step or run.outcome) end end
    return { before = { rename = note "before" }, after = { rename = note "after" }, verify = note "verify",
      on_success = note "success", on_failure = note "failure" }]]
  equal(result.outcome, "restored")
  equal(table.concat(seen, ", "), "before rename, after rename, verify verify")
  result.pipeline:ended(result.run)
  equal(seen[4], "success restored")
end

tests["a before hook that fails stops the run before the step"] = function()
  local result = run_with "return { before = { rename = function() error('not on a Friday', 0) end } }"
  equal(result.outcome, "failed")
  equal(#witness.renames(result.sandbox), 0, "renames")
  contains(result.record.failure.message, "the hook before rename (")
  contains(result.record.failure.message, "not on a Friday")
end

tests["a before hook of preflight that fails refuses"] = function()
  local result = run_with "return { before = { preflight = function() return false, 'a freeze' end } }"
  equal(result.outcome, "refused")
  contains(result.record.failure.message, "a freeze")
  equal(#witness.changes(result.sandbox), 0, "changes")
end

-- What a verify hook does, and what is told.
local NOT_VERIFIED = {
  ["an error"] = { "error('orders are missing', 0)", "orders are missing" },
  ["an error that is no text"] = { "error({})", "table: " },
  ["false"] = { "return false", "it answered false" },
  ["false and why"] = { "return false, 'orders are missing'", "orders are missing" },
  ["nonsense"] = { "return 'fine'", "it returned a string; nothing, true, or false and a reason is expected" },
  ["writing to the run"] = { "run.facts.verified = true", "run.verified: a hook only sees the run" },
  ["changing an option"] = { "run.options.keep_original = true", "run.keep_original: a hook only sees the run" },
  ["a call that AWS refuses"] = { [[require("trapheus").client("rds"):DescribeDBInstances {
    DBInstanceIdentifier = "nobody" }]], "DBInstanceNotFound" },
  ["sleeping for too long"] = { "require('trapheus').sleep(4000)", "it has not ended after 1 h 6 min" },
}

for what, row in pairs(NOT_VERIFIED) do
  tests["not verified: " .. what] = function()
    local original
    local result = run_with(("return { timeout_s = 3960, verify = function(run) %s end }"):format(row[1]),
      { prepare = function(sandbox) original = sandbox:instance "mydb" end })
    equal(result.outcome, "rolled_back")
    contains(result.record.failure.message, "the hook verify (")
    contains(result.record.failure.message, row[2])
    equal(result.sandbox:instance("mydb").DbiResourceId, original.DbiResourceId, "who holds the name")
  end
end

tests["a verify hook that agrees is asked once, and the replacement is looked at again after it"] = function()
  local result, seen = run_with [[return { verify = function(run)
    seen[#seen + 1] = run:replacement().DBInstanceIdentifier .. " " .. run:original().DBInstanceIdentifier
    return true
  end }]]
  equal(result.outcome, "restored")
  equal(table.concat(seen, ", "), "mydb mydb-temp")
end

tests["what a verify hook breaks is seen"] = function()
  local result = run_with [[return { verify = function()
    require("trapheus").client("rds"):ModifyDBInstance { DBInstanceIdentifier = "mydb", PubliclyAccessible = true,
      ApplyImmediately = true }
  end }]]
  equal(result.outcome, "rolled_back")
  contains(result.record.failure.message, "PubliclyAccessible")
end

tests["an after hook that fails is a warning"] = function()
  local result = run_with "return { after = { restore = function() error('no metrics', 0) end } }"
  equal(result.outcome, "restored")
  contains(warnings(result), "the hook after restore (")
  contains(warnings(result), "no metrics")
end

tests["a hook of an end that fails is a warning"] = function()
  local result = run_with "return { on_success = function() error('no mail', 0) end }"
  result.pipeline:ended(result.run)
  contains(warnings(result), "no mail")
end

tests["of a run that fails on_failure is told, after the outcome is durable"] = function()
  local result, seen = run_with([[return {
    on_failure = function(run) seen[1] = run.outcome .. ": " .. run.failure.message end,
    on_success = function() seen[2] = true end }]], { instance = { DBInstanceStatus = "stopped" } })
  result.pipeline:ended(result.run)
  contains(seen[1], "refused: ")
  equal(seen[2], nil)
end

tests["events are handed over; one that fails is a warning, and no more are"] = function()
  local result, seen = run_with [[return { on_event = function(event, run)
    seen[#seen + 1] = event.event .. " " .. event.step
    if event.event == "done" and event.step == "lock" then error "enough" end
  end }]]
  equal(result.outcome, "restored")
  equal(seen[1], "started preflight")
  equal(seen[#seen], "done lock")
  contains(warnings(result), "the hook on_event (")
  contains(warnings(result), "enough")
end

tests["an event is not to be changed"] = function()
  local result = run_with "return { on_event = function(event) event.parameters = {} end }"
  contains(warnings(result), "event.parameters: a hook only sees the run")
end

-- Journal -----------------------------------------------------------------------------------

local NOTE = "function(run) seen[#seen + 1] = run.step end"

local function crash_in_rename()
  return interrupt.once(function(kind, entry, when)
    return kind == "intent" and entry.step == "rename" and when == "after"
  end)
end

tests["a resumed run does not repeat a hook that has ended"] = function()
  local result, seen = run_with(("return { before = { rename = %s } }"):format(NOTE), { crash = crash_in_rename() })
  equal(result.crashes, 1, "crashes")
  equal(result.outcome, "restored")
  equal(#seen, 1, "calls")
end

tests["unless it says repeat"] = function()
  local result, seen = run_with(("return { before = { rename = { run = %s, ['repeat'] = true } } }"):format(NOTE),
    { crash = crash_in_rename() })
  equal(result.crashes, 1, "crashes")
  equal(result.outcome, "restored")
  equal(#seen, 2, "calls")
end

tests["a verify hook that repeats ends all the same"] = function()
  local result, seen = run_with(("return { verify = { run = %s, ['repeat'] = true } }"):format(NOTE))
  equal(result.outcome, "restored")
  equal(#seen, 1, "calls")
end

tests["a hook that the program died in is called again"] = function()
  local result, seen = run_with(("return { before = { rename = %s } }"):format(NOTE),
    { crash = interrupt.once(function(kind, _, when) return kind == "hook" and when == "before" end) })
  equal(result.outcome, "restored")
  equal(#seen, 2, "calls")
end

for _, point in ipairs { "before = { restore", "after = { restore", "verify = { run" } do
  tests["a signal in a hook leaves the run where it is: " .. point] = function()
    local world
    local result, seen = run_with(([[return { %s = function(run)
      seen[#seen + 1] = run.step
      if #seen == 1 then
        seen.world.stopped_by = "SIGTERM"
        require("trapheus").sleep(60)
      end
    end } }]]):format(point), { also = function(pipeline, list)
        pipeline:before("preflight", function(run) list.world, world = run.world, run.world end)
      end })
    equal(result.outcome, nil)
    world.stopped_by = nil
    local run = run_module.wrap(world, result.record)
    driver.run(result.pipeline, run)
    equal(run.record.outcome, "restored")
    equal(#seen, 2, "calls")
  end
end

tests["a hook that fails as a signal has come is run again"] = function()
  for _, point in ipairs { "before", "after" } do
    local world, calls = nil, 0
    local result = rehearse { extend = function(pipeline)
      pipeline[point](pipeline, "restore", function(run)
        world, calls = run.world, calls + 1
        if calls > 1 then return end
        world.stopped_by = "SIGTERM"
        error "its look was let go"
      end)
    end }
    equal(result.outcome, nil, point)
    world.stopped_by = nil
    local run = run_module.wrap(world, result.record)
    driver.run(result.pipeline, run)
    equal(run.record.outcome, "restored", point)
    equal(calls, 2, "calls")
    for _, warning in ipairs(run.record.warnings) do assert(not warning:find "let go", warning) end
  end
end

-- Going on ----------------------------------------------------------------------------------

-- A run that was begun with the hooks of a file.
local function begun(name)
  return run_module.new(world_module.sandbox {}, { identifier = "mydb", task = "db_restore", script = "restore",
    options = { hooks = hooks.remembered(hooks.load_all { name }) } })
end

tests["a run that goes on has the hooks that it began with"] = function()
  with_file("return {}", function(name)
    local run = begun(name)
    equal(hooks.again(run, {}, false)[1].file, core.system.realpath(name))
    equal(#run.record.warnings, 0, "warnings")
    equal(#hooks.again(run, { no_hooks = true }, false), 0)
    equal(run.record.options.hooks, nil)
  end)
end

tests["a file that has changed is called as it is when that is meant, or when the run goes back"] = function()
  for _, how in ipairs { { { accept_changes = true }, false }, { {}, true } } do
    with_file("return {}", function(name)
      local run = begun(name)
      assert(io.open(name, "w")):write("return { timeout_s = 5 }"):close()
      local ok, err = pcall(hooks.again, run, {}, false)
      assert(not ok and errors.is(err, "OtherHooks"), tostring(err))
      contains(tostring(err), "--accept-changes")
      equal(hooks.again(run, how[1], how[2])[1].hooks.timeout_s, 5)
      contains(run.record.warnings[1], name .. " has changed")
    end)
  end
end

tests["what is meant once is what the run remembers"] = function()
  with_file("return {}", function(name)
    local run = begun(name)
    assert(io.open(name, "w")):write("return { timeout_s = 5 }"):close()
    hooks.again(run, { accept_changes = true }, false)
    equal(#hooks.again(run, {}, false), 1)
  end)
end

tests["without one of them it only goes back"] = function()
  local run = with_file("return {}", begun)
  local ok, err = pcall(hooks.again, run, {}, false)
  assert(not ok and usage.is(err), tostring(err))
  contains(tostring(err), "--no-hooks")
  equal(#hooks.again(run, {}, true), 0)
  contains(run.record.warnings[1], "it goes back without hooks: ")
end

return tests
