--- trapheus settings and trapheus diff: what they print, and what they take for equal.
local configuration = require "trapheus.configuration"
local json = require "trapheus.json"
local path = require "trapheus.path"
local usage = require "trapheus.usage"
local witness = require "witness"
local world_module = require "trapheus.world"

local tests = {}

-- Runs a script as the program does: exit code, and what it printed.
local function run(name, ...)
  local lines, print_before = {}, print
  _G.print = function(text) lines[#lines + 1] = text end
  local ok, code = pcall(path.script("scripts/" .. name .. ".lua")(), { ... })
  _G.print = print_before
  if not ok then error(code, 0) end
  return code, table.concat(lines, "\n")
end

local function saved(document)
  local name = os.tmpname()
  local file <close> = assert(io.open(name, "w"))
  file:write(type(document) == "string" and document or json.encode(document))
  return name
end

-- What the AWS CLI would have printed of a sandbox.
local function described(operation, list, prepare)
  local sandbox = world_module.sandbox().sandbox
  prepare(sandbox)
  return { [list] = assert(sandbox:call("rds", operation, {}))[list] }
end

local function instances(...)
  local given = { ... }
  return described("DescribeDBInstances", "DBInstances", function(sandbox)
    for _, fields in ipairs(given) do sandbox:add_instance(fields) end
  end)
end

function tests.settings_tells_how_each_travels()
  local code, text = run("settings", "mydb", "--sandbox")
  witness.equal(code, 0)
  for _, pattern in ipairs { "DBInstanceClass +db%.r6g%.xlarge +restore: DBInstanceClass",
    "PreferredMaintenanceWindow +sun:04:30%-sun:05:00 +modification: PreferredMaintenanceWindow",
    "AssociatedRoles .* own call: AddRoleToDBInstance", "MasterUsername +app_admin +with the snapshot",
    "AvailabilityZone .* left to RDS: .*MultiAZ", "DbiResourceId .* cannot: " } do
    assert(text:find(pattern), ("%s is not in:\n%s"):format(pattern, text))
  end
end

function tests.what_is_printed_can_be_compared_with_the_database()
  local _, text = run("settings", "mydb", "--sandbox", "--output", "json")
  local document = json.decode(text)
  witness.equal(document.kind .. " " .. document.identifier, "instance mydb")
  local file <close> = setmetatable({ name = saved(text) }, { __close = function(self) os.remove(self.name) end })
  local code, told = run("diff", file.name, "mydb", "--sandbox")
  witness.equal(code, 0, told)
  document.settings[2].value = "db.t4g.small" -- DBInstanceClass, after the resource id
  local other = saved(document)
  code, told = run("diff", other, file.name)
  os.remove(other)
  witness.equal(code, 9)
  assert(told:find "1 difference\n +DBInstanceClass +db%.t4g%.small | db%.r6g%.xlarge", told)
end

function tests.descriptions_of_the_aws_cli_are_compared()
  local name = saved(instances({ DBInstanceIdentifier = "one" },
    { DBInstanceIdentifier = "two", BackupRetentionPeriod = 3 }))
  local code, text = run("diff", name .. "#one", name .. "#two", "--output", "json")
  local ok, err = pcall(run, "diff", name, name .. "#two")
  os.remove(name)
  witness.equal(code, 9)
  local document = json.decode(text)
  witness.equal(#document.differing, 1)
  witness.equal(document.differing[1].name, "BackupRetentionPeriod")
  witness.equal(document.differing[1].b, 3)
  assert(not ok and usage.is(err) and tostring(err):find "more than one database; say FILE#NAME: one, two", err)
end

function tests.clusters_are_compared_with_their_members()
  local function cluster(tier, count)
    local fields = { DBClusterIdentifier = "orders" }
    local list = described("DescribeDBClusters", "DBClusters", function(sb) sb:add_cluster(fields, count) end)
    local members = described("DescribeDBInstances", "DBInstances", function(sb) sb:add_cluster(fields, count) end)
    list.DBInstances = members.DBInstances
    list.DBInstances[2].PromotionTier = tier
    return saved(list)
  end
  local a, b, c = cluster(1, 2), cluster(9, 2), cluster(1, 3)
  local code, text = run("diff", a, b)
  local more, told = run("diff", a, c)
  local same = run("diff", a, a)
  for _, name in ipairs { a, b, c } do os.remove(name) end
  witness.equal(code, 9)
  assert(text:find "orders%-2%.PromotionTier +1 | 9", text)
  witness.equal(more, 9)
  assert(told:find "orders%-3 +none | a member", told)
  witness.equal(same, 0)
end

function tests.a_file_without_the_members_says_that_they_are_not_compared()
  local fields = { DBClusterIdentifier = "orders" }
  local function add(sandbox) sandbox:add_cluster(fields, 2) end
  local alone = described("DescribeDBClusters", "DBClusters", add)
  local whole = described("DescribeDBClusters", "DBClusters", add)
  whole.DBInstances = described("DescribeDBInstances", "DBInstances", add).DBInstances
  local a, b = saved(alone), saved(whole)
  local code, text = run("diff", a, b)
  local _, told = run("diff", b, a, "--output", "json")
  for _, name in ipairs { a, b } do os.remove(name) end
  witness.equal(code, 0, text)
  assert(text:find "no difference\n +the members are not compared", text)
  witness.equal(json.decode(told).members_not_compared, true)
end

function tests.a_member_is_looked_at_and_compared_as_one()
  local function add(sandbox)
    sandbox:add_cluster({ DBClusterIdentifier = "mydb" }, 3)
    sandbox:add_instance { DBInstanceIdentifier = "alone" }
  end
  local world = world_module.sandbox()
  add(world.sandbox)
  local member = configuration.live(world, {}, "mydb-2")
  witness.equal(member.kind, "member")
  witness.equal(member.config.PromotionTier, 1)
  local name = saved(described("DescribeDBInstances", "DBInstances", add))
  witness.equal(configuration.saved(name .. "#mydb-2").kind, "member")
  local ok, err = pcall(run, "diff", name .. "#mydb-2", name .. "#alone")
  os.remove(name)
  assert(not ok and usage.is(err) and tostring(err):find "only two of a kind", tostring(err))
end

function tests.mistakes_are_named()
  for _, case in ipairs {
    { "no-such-file.json", "no%-such%-file%.json: No such file" },
    { "README.md", "README%.md is not JSON" },
  } do
    local ok, err = pcall(run, "diff", case[1], case[1])
    assert(not ok and usage.is(err) and tostring(err):find(case[2]), tostring(err))
  end
  local ok, err = pcall(run, "settings")
  assert(not ok and usage.is(err), tostring(err))
end

function tests.the_readme_has_the_figures()
  local _, text = run("settings", "--table")
  local figures = assert(text:match "carried over, of what can be set: (.+)$", text)
  local file <close> = assert(io.open("README.md"))
  assert(file:read "a":find(figures, 1, true), "README.md does not say: " .. figures)
end

return tests
