--- The sandbox under arbitrary calls and faults: it refuses or obeys, and its own books always agree.
local fault_plan = require "trapheus.sandbox.fault_plan"
local json = require "trapheus.json"
local random = require "trapheus.sandbox.random"
local sandbox = require "trapheus.sandbox"

local tests = {}

local NAMES = { "a", "b", "c" }
local KINDS = { "drop", "lost", "dup", "zombie", "throttle", "500n", "500c", "503", "trunc", "garbage", "denied",
  "expired", "background_failure", "stuck" }

--- operation -> parameters, drawn.
local CALLS = {
  { "ModifyDBInstance", function(draw)
    return { DBInstanceIdentifier = draw(NAMES), NewDBInstanceIdentifier = draw(NAMES),
      ApplyImmediately = draw { true, false } }
  end },
  { "ModifyDBInstance", function(draw)
    return { DBInstanceIdentifier = draw(NAMES), DeletionProtection = draw { true, false },
      MultiAZ = draw { true, false }, Iops = draw { 12000, 20000 },
      DBParameterGroupName = draw { "default.postgres16", "production-postgres" },
      ApplyImmediately = draw { true, false } }
  end },
  { "RestoreDBInstanceFromDBSnapshot", function(draw)
    return { DBInstanceIdentifier = draw(NAMES), DBSnapshotIdentifier = draw(NAMES), MultiAZ = draw { true, false } }
  end },
  { "CreateDBSnapshot", function(draw)
    return { DBInstanceIdentifier = draw(NAMES), DBSnapshotIdentifier = draw(NAMES) }
  end },
  { "DeleteDBSnapshot", function(draw) return { DBSnapshotIdentifier = draw(NAMES) } end },
  { "DeleteDBInstance", function(draw)
    return { DBInstanceIdentifier = draw(NAMES), SkipFinalSnapshot = draw { true, false },
      DeleteAutomatedBackups = draw { true, false } }
  end },
  { "RebootDBInstance", function(draw) return { DBInstanceIdentifier = draw(NAMES) } end },
  { "AddTagsToResource", function(draw)
    return { ResourceName = "arn:aws:rds:us-east-1:123456789012:db:" .. draw(NAMES),
      Tags = { { Key = draw(NAMES), Value = "" } } }
  end },
  { "AddRoleToDBInstance", function(draw)
    return { DBInstanceIdentifier = draw(NAMES), RoleArn = draw(NAMES), FeatureName = "f" }
  end },
  { "DescribeDBInstances", function() return {} end },
  { "DescribeDBSnapshots", function() return {} end },
  { "DescribeEvents", function() return {} end },
}

--- Each living instance holds exactly its own name, and no name is both held and reserved.
local function check_books(sb)
  local living = 0
  for _, instance in ipairs(sb.instances) do
    if not instance.gone then
      living = living + 1
      assert(sb.names[instance.name] == instance, instance.name .. " is not held by who has it")
      assert(instance.data_version, instance.name)
    end
  end
  for name in pairs(sb.names) do
    living = living - 1
    assert(not sb.reserved[name], name .. " is held and reserved")
  end
  assert(living == 0, "a name is held by nobody")
end

-- Every view that was ever given stays as it was: the next change shows in another one. Returns what checks it.
local function watch_views(sb)
  local texts = {}
  local function note()
    for _, instance in ipairs(sb.instances) do
      for _, view in ipairs(instance.history[#instance.history].views) do
        texts[view] = texts[view] or json.encode(view)
      end
    end
  end
  return note, function()
    for view, text in pairs(texts) do assert(json.encode(view) == text, "a view was changed: " .. text) end
  end
end

local function story(seed)
  local stream = random.new(seed, "story")
  local function draw(list) return stream:pick(list) end
  local clock = { ms = 1700000000000 }
  local sb = sandbox.new {
    now_ms = function() return clock.ms end, seed = seed, preset = draw { "quick", "typical", "adversarial" },
  }
  sb.on_commit = check_books
  sb:add_instance { DBInstanceIdentifier = "a" }
  sb:add_snapshot { DBInstanceIdentifier = "a", DBSnapshotIdentifier = "a" }
  for _ = 1, stream:integer(0, 6) do
    local fault = { operation = draw(CALLS)[1], occurrence = stream:integer(1, 5), kind = draw(KINDS) }
    if fault_plan.check { fault } then sb:inject { fault } end
  end
  local done, note, check_views = {}, watch_views(sb)
  for _ = 1, 60 do
    note()
    clock.ms = clock.ms + stream:integer(0, 300) * 1000
    local step = draw(CALLS)
    if sb:call("rds", step[1], step[2](draw)) then done[step[1]] = true end
  end
  clock.ms = clock.ms + 86400000
  sb:advance()
  check_books(sb)
  check_views()
  return done
end

function tests.the_books_agree()
  local done = {}
  for seed = 1, 150 do
    for operation in pairs(story(seed)) do done[operation] = true end
  end
  for _, step in ipairs(CALLS) do assert(done[step[1]], step[1] .. " never succeeded") end
end

function tests.a_number_is_made_of_bytes_as_a_client_makes_it()
  for seed = 1, 100 do
    local bytes, number = random.new(seed, "client"), random.new(seed, "client")
    for _ = 1, 3 do assert(string.unpack("<I6", bytes:bytes(6)) / (1 << 48) == number:of_bytes()) end
  end
end

return tests
