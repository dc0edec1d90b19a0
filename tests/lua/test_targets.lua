--- Which databases a fleet is about: what is read, what is refused before anything is changed, and in which words.
local csv = require "trapheus.fleet.csv"
local json = require "trapheus.json"
local targets = require "trapheus.fleet.targets"
local usage = require "trapheus.usage"
local witness = require "witness"
local world_module = require "trapheus.world"

local tests = {}

--- Calls f with a file of that name that holds a text; the file is gone afterwards.
local function with_file(name, text, f)
  local path = os.tmpname()
  os.remove(path)
  path = path .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local ok, result = pcall(f, path)
  os.remove(path)
  if not ok then error(result, 0) end
  return result
end

local function read(name, text, more)
  return with_file(name, text, function(path)
    local given = { targets = { path } }
    for field, value in pairs(more or {}) do given[field] = value end
    local list = targets.read(given)
    for _, target in ipairs(list) do target.where = target.where and target.where:gsub("^.*/lua_[^.:]*", "") end
    return list
  end)
end

-- Every target in a line.
local function told(list)
  local lines = {}
  for i, target in ipairs(list) do
    lines[i] = ("%s %s %s%s"):format(target.where or "-", target.id, target.kind or "?",
      next(target.overrides) and " " .. json.encode(target.overrides) or "")
  end
  return table.concat(lines, "\n")
end

local function says(expected, f, ...)
  local ok, err = pcall(f, ...)
  assert(not ok, "it was taken")
  assert(usage.is(err), "no usage error: " .. tostring(err))
  assert(tostring(err):find(expected, 1, true), ("%q, not %q"):format(tostring(err), expected))
  return tostring(err)
end

-- Files ---------------------------------------------------------------------------------------

local READ = {
  { ".csv", "id,task,keep-original\norders,db_restore,true\nUsers,,\n",
    '.csv:2 orders ? {"keep_original":true,"task":"db_restore"}\n.csv:3 users ?' },
  { ".csv", "\xEF\xBB\xBFid\r\n\r\norders\r\nusers", ".csv:3 orders ?\n.csv:4 users ?" },
  { ".csv", 'id,set,set\norders,"VpcSecurityGroupIds=sg-1,sg-2",MultiAZ=true\nusers,,"DBName=a""\nb"\nlast,,\n',
    '.csv:2 orders ? {"set":["VpcSecurityGroupIds=sg-1,sg-2","MultiAZ=true"]}\n'
      .. '.csv:3 users ? {"set":["DBName=a\\"\\nb"]}\n.csv:5 last ?' },
  { ".CSV", "identifier,isCluster,--snapshot\na,true,x\nb,false,\nc,,\n",
    '.CSV:2 a cluster {"snapshot":"x"}\n.CSV:3 b instance\n.CSV:4 c ?' },
  { ".csv", "id,cluster,instance\na,true,false\nb,,true\n", ".csv:2 a cluster\n.csv:3 b instance" },
  { ".json", '["orders",\n "Users"]', ".json:1 orders ?\n.json:2 users ?" },
  { ".json", '[\n{"id":"a","set":["X=[{"],"keep_original":false,"snapshot":null},\n\n{"identifier":"b",\n'
    .. '"isCluster":false,"set":"Y=1"}]',
    '.json:2 a ? {"keep_original":false,"set":["X=[{"]}\n.json:4 b instance {"set":["Y=1"]}' },
  { ".txt", "# all of them\norders # the big one\r\n\n  users\t\n", ".txt:2 orders ?\n.txt:4 users ?" },
  { "", "orders\nusers", ":1 orders ?\n:2 users ?" },
}

for i, row in ipairs(READ) do
  tests[("read %02d"):format(i)] = function() witness.equal(told(read(row[1], row[2])), row[3]) end
end

tests["the format can be said"] = function()
  witness.equal(told(read(".hosts", "id,task\na,db_restore\n", { format = "csv" })),
    '.hosts:2 a ? {"task":"db_restore"}')
end

tests["files and names are put together"] = function()
  witness.equal(told(read(".txt", "b\n", { target = { "A" } })), "- a ?\n.txt:1 b ?")
end

-- suffix, text, a part of what is answered
local REFUSED = {
  { ".csv", "", "a first line with the names of the columns is expected" },
  { ".csv", "id\n", "it names no database" },
  { ".csv", "id,tsk\norders,x\n", ".csv:1: unknown field 'tsk' (did you mean task?)" },
  { ".csv", "id,keep original\na,true\n", "did you mean keep-original?" },
  { ".csv", "id,password\na,hunter2\n", "unknown field 'password': known are " },
  { ".csv", "id,https://hooks.example.com/T0/B0/secret\na,b\n", ".csv:1: unknown field that is no word" },
  { ".csv", "id,timeout\na,3h\n", ".csv:1: --timeout is said of all of them, not of one" },
  { ".csv", "id,,task\na,,\n", ".csv:1: column 2 has no name" },
  { ".csv", "id;task\na;db_restore\n", ".csv:1: columns are separated by commas, not by ';'" },
  { ".csv", "id\ttask\na\tdb_restore\n", "not by tabs" },
  { ".csv", "id,id\na,b\n", ".csv:2: 'id' is given twice" },
  { ".csv", "id,identifier\na,b\n", ".csv:2: 'identifier' is given twice" },
  { ".csv", "task\ndb_restore\n", ".csv:2: id is missing" },
  { ".csv", "id,task\n,db_restore\n", ".csv:2: id is missing" },
  { ".csv", "id,task\na\n", ".csv:2: there are 1 fields, and the first line names 2" },
  { ".csv", "id\na,b\n", ".csv:2: there are 2 fields, and the first line names 1" },
  { ".csv", 'id,task\na,"db_restore\nb,x\n', ".csv:2: a quoted field has no end" },
  { ".csv", 'id\n"a"b\n', ".csv:2: a comma or the end of the line is expected behind a field" },
  { ".csv", 'id\na"b"\n', ".csv:2: there is a quote in a field that does not begin with one" },
  { ".csv", "id\ra\rb\r", ".csv:1: a comma or the end of the line is expected" },
  { ".csv", "id,no-fence\na,yes\n", ".csv:2: no-fence: true or false is expected" },
  { ".csv", "id\nmy_db\n", ".csv:2: id: no valid name: only letters, digits and hyphens" },
  { ".csv", "id,cluster,instance\na,true,true\n", ".csv:2: cluster and instance exclude each other" },
  { ".csv", "id\na\0b\n", ".csv:2: it is no text in UTF-8" },
  { ".csv", "id\na\xE9\n", ".csv:2: it is no text in UTF-8" },
  { ".csv", "\xFF\xFEi\0d\0", "it is UTF-16; save it as UTF-8" },
  { ".json", "", "line 1" },
  { ".json", '["a"', ".json: line 1" },
  { ".json", '{"id":"a"}', "a list is expected: of names, or of objects with an id and flags" },
  { ".json", "[]", "it names no database" },
  { ".json", '["a",\n7]', ".json:2: a name or an object is expected" },
  { ".json", '["a",\n["b"]]', ".json:2: a name or an object is expected" },
  { ".json", '["a",\nnull]', ".json:2: a name or an object is expected" },
  { ".json", '[{"id":7}]', ".json:1: id: a name is expected" },
  { ".json", '[{"id":null}]', ".json:1: id is missing" },
  { ".json", '[\n{"id":"a","keep_original":"maybe"}]', ".json:2: keep_original: true or false is expected" },
  { ".json", '[{"id":"a","snapshot":7}]', ".json:1: snapshot: a text is expected" },
  { ".json", '[{"id":"a","set":[7]}]', ".json:1: set: a text, or a list of texts, is expected" },
  { ".json", '[{"id":"a","isCluster":"x"}]', ".json:1: isCluster: true or false is expected" },
  { ".json", '[\n{"id":"a","snapshto":"x"}]', ".json:2: unknown field 'snapshto' (did you mean snapshot?)" },
  { ".json", '[{"id":"a",\n"id" : "b"}]', ".json:1: 'id' is given twice" },
  { ".txt", "# nothing\n\n", "it names no database" },
  { ".txt", "a\nb c\n", ".txt:2: one name a line is expected" },
  { ".txt", "id,task\na,b\n", ".txt:1: one name a line is expected; --format csv is for tables" },
  { ".txt", "a\n1b\n", ".txt:2: id: no valid name: the first character must be a letter" },
  { ".yaml", "- a\n", "is it csv, json or lines? --format says so" },
  { ".txt", "orders\nusers\nOrders\n", ".txt:3: orders is named twice, first in " },
}

for i, row in ipairs(REFUSED) do
  tests[("refused %02d"):format(i)] = function()
    local message = says(row[3], read, row[1], row[2])
    assert(not message:find "hunter2" and not message:find "secret", "it tells a secret: " .. message)
  end
end

tests["a file that is not there, or is a directory, is named"] = function()
  says("--targets: /no/such.csv: No such file", targets.read, { targets = { "/no/such.csv" } })
  says("--targets: tests: Is a directory", targets.read, { targets = { "tests" } })
end

tests["a file without an end is not read to it"] = function()
  says("/dev/zero: it has more than 16 MiB", targets.read, { targets = { "/dev/zero" } })
end

tests["names on the command line are checked as well"] = function()
  says("'my_db' is no valid name: only letters", targets.read, { target = { "my_db" } })
  says("orders: orders is named twice", targets.read, { target = { "orders", "ORDERS" } })
  says("nothing is to be restored", targets.read, {})
  says("--format says of what kind --targets is", targets.read, { target = { "a" }, format = "csv" })
end

tests["of many mistakes of a kind some are told"] = function()
  local message = says("and 5 more of this kind", read, ".txt", ("orders\n"):rep(26))
  witness.equal(select(2, message:gsub("\n", "")), 20)
end

-- CSV as such ---------------------------------------------------------------------------------

-- Writes any field so that it is read again.
local function quoted(field) return '"' .. field:gsub('"', '""') .. '"' end

tests["whatever is quoted is read again"] = function()
  local state = 11
  local function number(most)
    state = (state * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    return (state >> 20) % most + 1
  end
  local alphabet = { '"', ",", "\n", "\r", "\r\n", " ", "a", "é", "=" }
  for _ = 1, 300 do
    local records, lines = {}, {}
    for i = 1, number(4) do
      local record, cells = {}, {}
      for j = 1, number(4) do
        local parts = {}
        for k = 1, number(6) do parts[k] = alphabet[number(#alphabet)] end
        record[j] = table.concat(parts)
        cells[j] = quoted(record[j])
      end
      records[i], lines[i] = record, table.concat(cells, ",")
    end
    local read_again = assert(csv.parse(table.concat(lines, "\r\n")))
    witness.equal(#read_again, #records)
    for i, record in ipairs(records) do
      witness.equal(table.concat(read_again[i], "|"), table.concat(record, "|"))
    end
  end
end

-- What is there -------------------------------------------------------------------------------

local function tags(map)
  local list = {}
  for key, value in pairs(map) do list[#list + 1] = { Key = key, Value = value } end
  return list
end

local function populated()
  local world = world_module.sandbox {}
  local sandbox = world.sandbox
  for _, knob in ipairs { "instance_quota", "cluster_quota" } do sandbox.knobs[knob] = 1000 end
  sandbox.knobs.storage_quota = 1000000
  local function instance(name, more)
    local fields = { DBInstanceIdentifier = name }
    for field, value in pairs(more or {}) do fields[field] = value end
    sandbox:add_instance(fields)
  end
  instance("staging-a", { TagList = tags { env = "staging", owner = "x=y" }, Engine = "mysql" })
  instance("staging-b", { TagList = tags { env = "staging" }, Engine = "postgres" })
  instance("staging-old-temp", { TagList = tags { env = "staging" } })
  instance("staging-copy", { TagList = tags { env = "staging" }, ReadReplicaSourceDBInstanceIdentifier = "staging-a" })
  instance("prod", { TagList = tags { env = "prod" } })
  sandbox:add_cluster({ DBClusterIdentifier = "staging-c", Engine = "aurora-postgresql",
    TagList = tags { env = "staging" } }, { { DBInstanceIdentifier = "staging-c-1", IsClusterWriter = true } })
  sandbox:add_cluster({ DBClusterIdentifier = "prod-c" }, { { DBInstanceIdentifier = "staging-like",
    IsClusterWriter = true } })
  return world
end

local function selected(given, world)
  world = world or populated()
  local list, left_out = targets.read(given, world.rds)
  return told(list), table.concat(left_out, "\n"), world
end

tests["databases are selected by tag, engine and name"] = function()
  local both = "- staging-a instance\n- staging-b instance\n- staging-c cluster"
  local found, left_out = selected { tag = { "env=staging" } }
  witness.equal(found, both)
  assert(left_out:find("left out: staging-copy: a read replica of staging-a", 1, true), left_out)
  assert(left_out:find("left out: staging-old-temp: an original that was moved aside", 1, true), left_out)
  witness.equal(selected { tag = { "env=staging" }, engine = { "mysql", "aurora-*" } },
    "- staging-a instance\n- staging-c cluster")
  witness.equal(selected { tag = { "env", "owner=x=y" } }, "- staging-a instance")
  found, left_out = selected { match = { "STAGING-?", "staging-l*" } }
  witness.equal(found, both)
  witness.equal(left_out, "left out: staging-like: a member of the cluster prod-c, which is not selected")
  found, left_out = selected { match = { "staging-?" }, instance = true }
  witness.equal(found, "- staging-a instance\n- staging-b instance")
  witness.equal(left_out, "left out: staging-c: a DB cluster")
end

tests["a selection only looks"] = function()
  local _, _, world = selected { match = { "*" } }
  witness.equal(#witness.changes(world.sandbox), 0)
end

tests["more than a page is selected"] = function()
  local world = populated()
  for i = 1, 230 do world.sandbox:add_instance { DBInstanceIdentifier = ("many-%03d"):format(i) } end
  local list = targets.read({ match = { "many-*" } }, world.rds)
  witness.equal(#list, 230)
  witness.equal(list[230].id, "many-230")
  local ids = {}
  for i, target in ipairs(list) do ids[i] = target.id end
  witness.equal(#targets.read({ target = ids }, world.rds), 230)
end

tests["a selection of nothing is a mistake, and says what may have been meant"] = function()
  says("no database in us-east-1 is selected by --tag env=stagin (did you mean env=staging?)", selected,
    { tag = { "env=stagin" } })
  says("--engine postgress (did you mean postgres?), --match a*", selected, { match = { "a*" },
    engine = { "postgress" } })
  says("left out: staging-copy: a read replica of staging-a", selected, { match = { "staging-copy" } })
  says("--tag '': KEY or KEY=VALUE is expected", selected, { tag = { "" } })
  says("--tag '=x': KEY or KEY=VALUE is expected", selected, { tag = { "=x" } })
  says("named or selected", selected, { tag = { "a" }, target = { "b" } })
  says("--sandbox needs --from-describe", targets.read, { tag = { "a" } })
end

tests["those that are named are looked up, and the kind is found"] = function()
  witness.equal(selected { target = { "Prod", "staging-c" } }, "- prod instance\n- staging-c cluster")
end

tests["what is not there, or is a member, is named with its place"] = function()
  local world = populated()
  local function read_there(text)
    return with_file(".csv", text, function(path) return targets.read({ targets = { path } }, world.rds) end)
  end
  says(".csv:3: prd: no database in us-east-1 has this name; did you mean prod?", read_there, "id\nprod\nprd\n")
  says(".csv:2: prod: it is a DB instance, not a DB cluster", read_there, "id,cluster\nprod,true\n")
  says(".csv:2: staging-c-1: it is a member of the cluster staging-c: name that", read_there, "id\nstaging-c-1\n")
  local message = says("staging-c-1: it is a member of the cluster staging-c, which is in ", read_there,
    "id\nstaging-c\nstaging-c-1\nnobody\n")
  assert(message:find(".csv:4: nobody: no database", 1, true), "all are told at once: " .. message)
  says("prod: it is a DB instance, not a DB cluster", selected, { target = { "prod" }, cluster = true })
  says("nobody: no database in us-east-1 has this name", selected, { target = { "nobody" } })
  witness.equal(#witness.changes(world.sandbox), 0)
end

tests["an instance and a cluster of one name are told apart by kind"] = function()
  local world = populated()
  world.sandbox:add_cluster({ DBClusterIdentifier = "prod" }, { { DBInstanceIdentifier = "prod-1",
    IsClusterWriter = true } })
  says("prod: a DB instance and a DB cluster have this name: say instance or cluster", selected,
    { target = { "prod" } }, world)
  witness.equal(selected({ target = { "prod" }, cluster = true }, world), "- prod cluster")
  says("named twice", selected, { match = { "prod" } }, world)
end

return tests
