--- What a hook may take and what it sees: its limits, the view of the run, its words.
local core = require "trapheus.core"
local guard = require "trapheus.guard"
local hooks = require "trapheus.hooks"
local hooks_file = require "hooks_file"
local run_module = require "trapheus.run"
local tasks = require "trapheus.tasks"
local view = require "trapheus.view"
local witness = require "witness"
local world_module = require "trapheus.world"

local tests = {}

local equal, run_with = witness.equal, hooks_file.run

local function warnings(result) return table.concat(result.record.warnings, "\n") end

local function contains(text, part) assert(text:find(part, 1, true), ("no '%s' in: %s"):format(part, text)) end

-- Limits ------------------------------------------------------------------------------------

tests["a hook that loops is stopped"] = function()
  local world = world_module.sandbox { speed = 1 }
  local run = run_module.new(world, { identifier = "mydb", task = "db_restore", script = "restore", options = {} })
  for _, loop in ipairs {
    function() while true do end end,
    function() while true do pcall(function() while true do end end) end end,
    function() tasks.sleep(1000) end,
    function() tasks.all { function() while true do end end } end,
    function() guard.coroutine.wrap(function() while true do end end)() end,
  } do
    local ok, why = guard.call(run, { run = loop, what = "the hook", key = "x", timeout_s = 0.05 })
    assert(not ok)
    contains(why, "it has not ended after 0 s (timeout_s sets another limit)")
  end
end

tests["a file that loops when it is loaded is stopped"] = function()
  local ok, why = guard.limited(0.05, function() while true do end end)
  assert(not ok)
  contains(why, "it has not ended")
  assert(guard.limited(1, function() end))
end

tests["sleeping is not disturbed by the limit of what goes on"] = function()
  local result, seen = run_with [[return { before = { rename = function(run)
    local before = run:now_s()
    require("trapheus").sleep(3000)
    seen[1] = run:now_s() - before
  end } }]]
  equal(result.outcome, "restored")
  assert(seen[1] >= 3000, seen[1])
end

tests["while a hook waits the lease is kept"] = function()
  local result = run_with [[return { timeout_s = 86400, before = { rename = function()
    require("trapheus").sleep(3 * 3600)
  end } }]]
  equal(result.outcome, "restored")
  assert(#witness.changes(result.sandbox, "AddTagsToResource") > 3 * 2, "it was renewed")
  assert(not warnings(result):find "lease", warnings(result))
end

tests["a signal ends a hook that waits, and it is no failure"] = function()
  local world = world_module.sandbox {}
  local run = run_module.new(world, { identifier = "mydb", task = "db_restore", script = "restore", options = {} })
  local ok, why = guard.call(run, { what = "the hook", key = "x", timeout_s = 3600, run = function()
    world.stopped_by = "SIGTERM"
    tasks.sleep(1000)
  end })
  assert(not ok and why.wait == "the hook to be run again", tostring(why))
end

-- What it sees ------------------------------------------------------------------------------

tests["a view can be read and walked, and holds no world"] = function()
  local _, seen = run_with [[return { after = { restore = function(run)
    for _, step in ipairs(run.steps) do seen[#seen + 1] = step.name end
    seen.count = #run.steps
    for field, value in pairs(run.options) do seen.options = field end
    seen.world = run.world or run.run or run.record or getmetatable(run) ~= "read-only"
    seen.rehearsed = run.rehearsed
    seen.keys = run.facts.config.Engine
  end } }]]
  equal(table.concat(seen, " "), "preflight lock fence snapshot rename restore")
  equal(seen.count, 6)
  equal(seen.world, false)
  equal(seen.rehearsed, true)
  assert(seen.keys)
end

tests["of a cluster it sees the cluster"] = function()
  local result, seen = run_with([[return { verify = function(run)
    seen[1] = run.kind .. " " .. run:replacement().DBClusterIdentifier .. " " .. run:original().DBClusterIdentifier
    seen[2] = run:endpoint().address == run:replacement().Endpoint and run:endpoint().port
  end }]], { cluster = {} })
  equal(result.outcome, "restored")
  equal(seen[1], "cluster mydb mydb-temp")
  equal(math.type(seen[2]), "integer")
end

tests["what a hook prints is told, without secrets"] = function()
  local secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
  local before = os.getenv "AWS_SECRET_ACCESS_KEY"
  core.system.setenv("AWS_SECRET_ACCESS_KEY", secret)
  local result = run_with [[return { after = { restore = function(run)
    print("the key", os.getenv "AWS_SECRET_ACCESS_KEY")
    run:warn("look: " .. os.getenv "AWS_SECRET_ACCESS_KEY")
    error("again: " .. os.getenv "AWS_SECRET_ACCESS_KEY", 0)
  end } }]]
  core.system.setenv("AWS_SECRET_ACCESS_KEY", before)
  local said
  for _, event in ipairs(result.events) do
    for _, value in pairs(event) do assert(not tostring(value):find(secret, 1, true), event.event) end
    if event.event == "said" then said = event.message end
  end
  equal(said, "the key\t****")
  contains(warnings(result), "look: ****")
  contains(warnings(result), "again: ****")
end

tests["its globals are its own"] = function()
  local _, seen = run_with [[leaked = 1
    return { after = { lock = function() leaked = leaked + 1 seen[1] = leaked end } }]]
  equal(seen[1], 2)
  equal(rawget(_G, "leaked"), nil)
end

tests["every field and method of a view is declared"] = function()
  local declared, found = {}, { id = true, rehearsed = true }
  for line in io.lines "lua/trapheus/view.lua" do
    local name = line:match "^%-%-%-@field ([%w_]+)" or line:match "^function View:([%w_]+)"
    if name then declared[name] = true end
  end
  for _, field in ipairs(view.FIELDS) do found[field] = true end
  for method in pairs(view.METHODS) do found[method] = true end
  for name in pairs(found) do assert(declared[name], name .. " is not declared") end
  for name in pairs(declared) do assert(found[name], name .. " is only declared") end
end

-- The fields of a class, as they are annotated in a file.
local function declared_in(file, of)
  local declared, class = {}, nil
  for line in io.lines(file) do
    class = line:match "^%-%-%-@class ([%w._]+)" or class
    local name = line:match "^%-%-%-@field ([%w_]+)"
    if name and class == of then declared[name] = true end
  end
  assert(next(declared), of)
  return declared
end

tests["every field of an event is declared, and comes"] = function()
  local result, declared, found = run_with "return {}", declared_in("lua/trapheus/run.lua", "trapheus.Event"), {}
  local refused = run_with("return {}", { faults = {
    { operation = "CreateDBSnapshot", occurrence = 1, kind = "error", code = "InvalidDBInstanceState" } } })
  for _, list in ipairs { result.events, refused.events } do
    for _, event in ipairs(list) do
      for field in pairs(event) do
        assert(declared[field], field .. " is not declared")
        found[field] = true
      end
    end
  end
  for field in pairs(declared) do assert(found[field] or field == "detail", field .. " is only declared") end
end

tests["what require 'trapheus' gives is declared"] = function()
  local trapheus, declared = require "trapheus", declared_in("lua/trapheus/init.lua", "trapheus")
  for field in pairs(declared) do assert(trapheus[field] ~= nil, field .. " is only declared") end
  local notify = declared_in("lua/trapheus/init.lua", "trapheus.notify")
  for field in pairs(notify) do assert(trapheus.notify[field] ~= nil, field .. " is only declared") end
  for line in io.lines "lua/trapheus/init.lua" do
    local field = line:match "^  ([%w_]+) = { \"trapheus%." or line:match "^trapheus%.([%w_]+) ="
    assert(not field or declared[field] or notify[field], field)
  end
end

tests["every field of a program is declared"] = function()
  local declared = declared_in("lua/trapheus/program.lua", "trapheus.Program")
  for field in pairs(declared) do
    local ok, err = pcall(require "trapheus.program", { argv = { "true" }, [field] = print })
    assert(not ok and tostring(err):find("run: " .. field .. ": expected", 1, true), tostring(err))
  end
end

tests["every field of a hooks file is declared"] = function()
  local declared = declared_in("lua/trapheus/hooks.lua", "trapheus.Hooks")
  for field in pairs(hooks.FIELDS) do assert(declared[field], field .. " is not declared") end
  for field in pairs(declared) do assert(hooks.FIELDS[field], field .. " is only declared") end
end

return tests
