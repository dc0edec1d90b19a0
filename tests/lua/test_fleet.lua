--- Fleets on the sandbox: who begins when, what becomes of the others, and what is asked of AWS.
local fleet = require "trapheus.fleet"
local many = require "many"
local usage = require "trapheus.usage"
local witness = require "witness"
local tests = {}

local RESTORE = "RestoreDBInstanceFromDBSnapshot"

local function ids(count)
  local list = {}
  for i = 1, count do list[i] = ("db%d"):format(i) end
  return list
end

local function count_of(result, outcome)
  local count = 0
  for _, row in ipairs(result.state.runs) do count = count + (row.outcome == outcome and 1 or 0) end
  return count
end

-- As Describe shows it, once all has ended.
local function restored(sandbox, id) return sandbox:instance(id).restored_version ~= nil end

tests["all of them are restored, so many at a time"] = function()
  local result = many { ids = ids(12), flags = { "--concurrency", "4" } }
  witness.equal(result.code, 0)
  witness.equal(result.most, 4, "under way at a time")
  for _, id in ipairs(ids(12)) do
    witness.equal(result.rows[id].outcome, "restored", id)
    assert(restored(result.sandbox, id), id)
    witness.equal(result.sandbox:instance(id .. "-temp"), nil, "what is left of " .. id)
    assert(not witness.marked(result.sandbox:instance(id).TagList), id .. " is marked")
  end
end

tests["one that fails is nothing to the others"] = function()
  local result = many { ids = ids(6), flags = { "--keep-going" },
    faults = { { operation = RESTORE, occurrence = 2, kind = "terminal", status = "failed" } } }
  witness.equal(result.code, 8)
  witness.equal(count_of(result, "rolled_back"), 1)
  witness.equal(count_of(result, "restored"), 5)
end

tests["looks are shared"] = function()
  local result = many { ids = ids(20), flags = { "--concurrency", "20" } }
  witness.equal(result.code, 0)
  local looks = 0
  for _, entry in ipairs(result.sandbox.audit) do looks = looks + (witness.reads(entry.operation) and 1 or 0) end
  assert(looks / 20 < 110, ("%d reads for each"):format(looks // 20))
end

tests["none begins after one has failed, unless that is allowed"] = function()
  local function begun(...)
    local result = many { ids = ids(8), flags = { "--concurrency", "2", ... },
      faults = { { operation = "CreateDBSnapshot", occurrence = "every", kind = "denied" } } }
    witness.equal(result.code, 8)
    for i = #result.begun + 1, 8 do witness.equal(result.state.runs[i].status, "skipped") end
    return #result.begun
  end
  witness.equal(begun(), 2)
  witness.equal(begun "--fail-fast", 2)
  witness.equal(begun("--max-failures", "3"), 5)
  witness.equal(begun("--max-failures", "50%"), 6)
  witness.equal(begun "--keep-going", 8)
end

tests["the others begin when the canary has ended well"] = function()
  local first
  local result = many { ids = ids(5), flags = { "--canary", "1" }, event = function(id, event, all)
    if event.event == "stopped" and id == "db1" then first = #all.state.runs - all.state.wave end
    if id ~= "db1" then assert(all.state.runs[1].outcome == "restored", "before the canary has ended") end
  end }
  witness.equal(result.code, 0)
  witness.equal(first, 4, "the wave of the canary")
end

tests["none begins after a canary that fails, whatever else may fail"] = function()
  local result = many { ids = ids(5), flags = { "--canary", "1", "--keep-going" },
    faults = { { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" } } }
  witness.equal(result.code, 8)
  witness.equal(#result.begun, 1)
  witness.equal(result.rows.db1.status, "rolled_back")
  witness.equal(result.rows.db5.status, "skipped")
end

tests["a wave begins when the one before it has ended"] = function()
  local result = many { ids = ids(10), flags = { "--waves", "2,30%" }, event = function(id, _, all)
    local i = tonumber(id:match "%d+")
    for earlier = 1, i > 5 and 5 or i > 2 and 2 or 0 do
      assert(all.state.runs[earlier].outcome, ("%s before db%d has ended"):format(id, earlier))
    end
  end }
  witness.equal(result.code, 0)
  witness.equal(result.state.waves, 3)
end

tests["a plan for all changes nothing"] = function()
  local print_before, printed = io.stdout, {}
  io.stdout = { write = function(_, ...) printed[#printed + 1] = table.concat { ... } return true end, -- luacheck: ignore
    flush = function() return true end }
  local ok, result = pcall(many, { ids = ids(3), flags = { "--plan" } })
  io.stdout = print_before -- luacheck: ignore
  assert(ok, result)
  witness.equal(result.code, 0)
  witness.equal(#witness.changes(result.sandbox), 0, "changes")
  local text = table.concat(printed)
  for _, id in ipairs(ids(3)) do assert(text:find("RestoreDBInstanceFromDBSnapshot " .. id, 1, true), id) end
end

local function refused(pattern, spec)
  local ok, err = pcall(many, spec)
  assert(not ok and usage.is(err) and tostring(err):find(pattern), tostring(err))
end

tests["what cannot be is refused before anything is called"] = function()
  refused("nothing is to be restored", { ids = {} })
  refused("a is there already", { ids = { "a", "A" } })
  refused("x.csv:2: a is there already %(x.csv:1%)", { ids = { { id = "a", where = "x.csv:1" },
    { id = "a", where = "x.csv:2" } } })
  refused("no hyphen may be last", { ids = { "a-" } })
  refused("%-%-max%-failures 'some'", { ids = { "a" }, flags = { "--max-failures", "some" } })
  refused("%-%-max%-failures '101%%'", { ids = { "a" }, flags = { "--max-failures", "101%" } })
  refused("%-%-waves '0'", { ids = { "a" }, flags = { "--waves", "0,5" } })
  refused("exclude each other", { ids = { "a" }, flags = { "--keep-going", "--fail-fast" } })
  refused("%-%-concurrency '0'", { ids = { "a" }, flags = { "--concurrency", "0" } })
end

-- What goes wrong ------------------------------------------------------------------------------

tests["a fleet that is throttled slows down and ends well"] = function()
  local result = many { ids = ids(12), flags = { "--concurrency", "12" },
    knobs = { throttle_rate_per_s = 2, throttle_burst = 20 } }
  witness.equal(result.code, 0)
  local throttled = 0
  for _, entry in ipairs(result.sandbox.audit) do throttled = throttled + (entry.outcome == "Throttling" and 1 or 0) end
  assert(throttled > 0, "nobody was throttled")
  assert(throttled < #result.sandbox.audit / 10, ("%d of %d calls were throttled"):format(throttled,
    #result.sandbox.audit))
end

tests["a fleet whose calls get lost ends well, and sends nothing twice"] = function()
  local result = many { ids = ids(6), flags = { "--keep-going" }, faults = {
    { operation = "*", occurrence = "5%", kind = "lost" }, { operation = "*", occurrence = "3%", kind = "500n" },
    { operation = "DescribeDBInstances", occurrence = "5%", kind = "throttle" } } }
  for _, row in ipairs(result.state.runs) do
    witness.equal(row.outcome, "restored", row.id .. ": " .. tostring(row.message))
  end
  witness.equal(witness.committed(result.sandbox, RESTORE), 6, "restores")
  witness.equal(witness.committed(result.sandbox, "DeleteDBInstance"), 6, "deletes")
end

tests["a slow fleet with stale reads ends well"] = function()
  local result = many { ids = ids(3), flags = { "--preset", "adversarial", "--keep-going" }, knobs = {
    snapshot_fails_percent = 0, restore_fails_percent = 0, rename_fails_percent = 0, modify_fails_percent = 0 } }
  for _, row in ipairs(result.state.runs) do
    witness.equal(row.outcome, "restored", row.id .. ": " .. tostring(row.message))
  end
end

tests["who may not ask about others asks about his own"] = function()
  local shared = 0
  local result = many { ids = ids(4), prepare = function(all)
    local sandbox = all.world.sandbox
    local serve = sandbox.serve
    function sandbox.serve(sb, service, operation, params, ...)
      if params and params.Filters and #params.Filters[1].Values > 1 then
        shared = shared + 1
        return nil, { code = "AccessDenied", message = "not all of these", status = 403 }
      end
      return serve(sb, service, operation, params, ...)
    end
  end }
  witness.equal(result.code, 0)
  assert(shared > 0, "nothing was asked for together")
end

tests["a service that knows no such filter is asked one by one"] = function()
  local shared = 0
  local result = many { ids = ids(4), prepare = function(all)
    local serve = all.world.sandbox.serve
    all.world.sandbox.serve = function(sb, service, operation, params, ...)
      if params and params.Filters and #params.Filters[1].Values > 1 then
        shared = shared + 1
        return nil, { code = "InvalidParameterValue", message = "Unrecognized filter name", status = 400 }
      end
      return serve(sb, service, operation, params, ...)
    end
  end }
  witness.equal(result.code, 0)
  assert(shared > 0 and shared < 10, ("asked together %d times"):format(shared))
end

tests["a mistake in the program ends one run and no other"] = function()
  local result = many { ids = ids(3), flags = { "--keep-going" }, event = function(id, event)
    if id == "db2" and event.event == "call" and event.operation == RESTORE then error("a mistake", 0) end
  end }
  witness.equal(result.code, 8)
  witness.equal(result.rows.db1.outcome, "restored")
  witness.equal(result.rows.db2.status, "interrupted")
  assert(result.rows.db2.message:find "a mistake", result.rows.db2.message)
  witness.equal(result.rows.db3.outcome, "restored")
end

tests["a time limit stops all of them at safe points"] = function()
  local result = many { ids = ids(5), flags = { "--timeout", "10m", "--concurrency", "3" } }
  witness.equal(result.code, 7)
  for i, row in ipairs(result.state.runs) do
    witness.equal(row.status, i <= 3 and "interrupted" or "skipped", row.id)
  end
  witness.equal(#result.fleet.world.journal:list(), 3, "runs that can be gone on with")
end

-- Examples --------------------------------------------------------------------------------------

-- Runs a script of one's own, in a sandbox that has these instances.
local function run_example(name, instances, ...)
  local trapheus, result = require "trapheus", {}
  local real = fleet.new
  trapheus.fleet = function(arguments)
    local all = real(arguments)
    for _, id in ipairs(instances) do all.world.sandbox:add_instance { DBInstanceIdentifier = id } end
    all.board = { event = function() end, finish = function(_, state) result.state = state end }
    result.sandbox = all.world.sandbox
    return all
  end
  result.code = assert(loadfile("examples/fleets/" .. name .. ".lua", "t"))()({ "--sandbox", ... })
  trapheus.fleet = nil
  return result
end

tests["example: staging"] = function()
  local result = run_example("staging", { "production", "staging-a", "staging-b" }, "--task", "db_restore",
    "--canary", "1")
  witness.equal(result.code, 0)
  witness.equal(#result.state.runs, 2)
  witness.equal(result.state.waves, 2)
  for _, id in ipairs { "staging-a", "staging-b" } do assert(restored(result.sandbox, id), id) end
  assert(not restored(result.sandbox, "production"))
  assert(result.sandbox:snapshot "staging-a-morning", "the snapshot that is restored from")
end

tests["example: staging, where the canary fails: the rest is left alone"] = function()
  local result = run_example("staging", { "staging-a", "staging-b", "staging-c" }, "--task", "db_restore",
    "--canary", "1", "--fault", "RestoreDBInstanceFromDBSnapshot:1:denied")
  witness.equal(result.code, 8)
  witness.equal(result.state.runs[1].outcome, "rolled_back")
  for i = 2, 3 do witness.equal(result.state.runs[i].status, "skipped") end
  local changes = witness.changes(result.sandbox)
  assert(#changes > 0)
  for _, call in ipairs(changes) do witness.equal(call.params.DBInstanceIdentifier:sub(1, 9), "staging-a") end
end

tests["no example is forgotten"] = function()
  local pipe <close> = assert(io.popen "ls examples/fleets")
  for name in pipe:lines() do assert(tests["example: " .. name:gsub("%.lua$", "")], name) end
end

tests["a script that names its databases takes no others"] = function()
  local ok, err = pcall(fleet.new, { "--task", "create_snapshot", "--sandbox", "mydb" })
  assert(not ok and usage.is(err) and tostring(err):find "says itself", tostring(err))
end

return tests
