--- The flags of a restore: what is taken, what is refused before anything is called, and what is remembered.
local options = require "trapheus.options"
local usage = require "trapheus.usage"
local equal = require("witness").equal

local tests = {}

local function with(...)
  local arguments = { "--id", "mydb", "--task", "db_restore" }
  return table.move({ ... }, 1, select("#", ...), #arguments + 1, arguments)
end

local function input(text) return { "--input", text } end

-- A temporary file with some text.
local function file(text)
  local name = os.tmpname()
  local handle <close> = assert(io.open(name, "w"))
  handle:write(text)
  return name
end

-- What is typed, and a part of what is answered.
local REFUSED = {
  { {}, "%-%-id is missing" },
  { { "--id", "mydb" }, "%-%-task is missing" },
  { { "--task", "db_restore" }, "%-%-id is missing" },
  { { "--id" }, "%-%-id" },
  { { "--id", "mydb", "--task" }, "%-%-task" },
  { with "--frobnicate", "%-%-frobnicate" },
  { with "--tsk", "%-%-tsk" },
  { with "stray", "too many arguments" },
  { with("--id", "other"), "%-%-id" },
  { with("--task", "create_snapshot"), "%-%-task" },
  { { "--id", "mydb", "--task", "creat_snapshot" }, "'creat_snapshot' is not known" },
  { { "mydb", "--task", "db_restore" }, "did you mean %-%-id mydb%?" },
  { { "--id", "1db", "--task", "db_restore" }, "first character" },
  { { "--id", "my_db", "--task", "db_restore" }, "only letters" },
  { { "--id", "my--db", "--task", "db_restore" }, "hyphen" },
  { { "--id", "mydb-", "--task", "db_restore" }, "hyphen" },
  { { "--id", "", "--task", "db_restore" }, "empty" },
  { { "--id", ("a"):rep(64), "--task", "db_restore" }, "64 characters" },
  { { "--id", ("a"):rep(59), "--task", "db_restore" }, "moved to" },
  { with("--cluster", "--instance"), "exclude each other" },
  { with("--final-snapshot", "last", "--skip-final-snapshot"), "exclude each other" },
  { with("--final-snapshot", "la_st"), "%-%-final%-snapshot" },
  { with("--snapshot", "not valid"), "%-%-snapshot" },
  { { "--id", "mydb", "--task", "create_snapshot", "--snapshot", "arn:aws:rds:eu-west-1:1:snapshot:x" }, "a name" },
  { with("--replace-snapshot", "quickly"), "safe, direct" },
  { with("--output", "yaml"), "text, json, jsonl" },
  { with("--knob", "rename_s=60"), "%-%-knob is for a rehearsal: %-%-sandbox is missing" },
  { with("--preset", "quick"), "%-%-preset is for a rehearsal" },
  { with("--seed", "3"), "%-%-seed is for a rehearsal" },
  { with("--sandbox", "--preset", "typicl"), "did you mean typical" },
  { with("--timeout", "0"), "%-%-timeout" },
  { with("--timeout", "0s"), "%-%-timeout" },
  { with "--timeout=-5m", "%-%-timeout" },
  { with("--timeout", "5w"), "%-%-timeout" },
  { with("--timeout", "soon"), "%-%-timeout" },
  { with("--timeout", "1h30m"), "%-%-timeout" },
  { with("--timeout", ""), "%-%-timeout" },
  { with("--pace", "0"), "%-%-pace" },
  { with("--pace", "0.5"), "%-%-pace" },
  { with "--pace=-3", "%-%-pace" },
  { with("--pace", "fast"), "%-%-pace" },
  { with("--pace", "nan"), "%-%-pace" },
  { with("--pace", "inf"), "%-%-pace" },
  { with("--pace", "1e7"), "%-%-pace" },
  { input "", "JSON" },
  { input "{", "JSON" },
  { input "mydb", "JSON" },
  { input '{"identifier":"mydb"} x', "JSON" },
  { input "[]", "object" },
  { input '["mydb"]', "object" },
  { input '"mydb"', "object" },
  { input "null", "object" },
  { input "{}", "%-%-id is missing" },
  { input '{"identifier":"mydb"}', "%-%-task is missing" },
  { input '{"identifier":"mydb","taks":"db_restore"}', "unknown key 'taks'" },
  { input '{"identifier":"mydb","task":"db_restore","isclu":true}', "unknown key 'isclu'" },
  { input '{"identifier":7,"task":"db_restore"}', "identifier must be a string" },
  { input '{"identifier":"mydb","task":"db_restore","isCluster":"yes"}', "isCluster must be a boolean" },
  { input '{"identifier":"mydb","task":null}', "task must be a string" },
  { input '{"identifier":"my db","task":"db_restore"}', "only letters" },
  { { "--id", "mydb", "--input", '{"identifier":"other","task":"db_restore"}' }, "given twice" },
  { { "--task", "db_restore", "--input", '{"identifier":"mydb","task":"db_restore"}' }, "given twice" },
  { input "@/no/such/file", "/no/such/file" },
  { input "@tests", "tests" },
}

for i, row in ipairs(REFUSED) do
  tests[("refused %02d: %s"):format(i, table.concat(row[1], " "):sub(1, 60))] = function()
    local ok, err = pcall(options.restore, row[1])
    assert(not ok, "it was taken")
    assert(usage.is(err), "no usage error: " .. tostring(err))
    assert(tostring(err):find(row[2]), tostring(err))
  end
end

tests["identifier and task are enough, and the kind is looked up"] = function()
  local given = options.restore(with())
  equal(given.id, "mydb")
  equal(given.task, "db_restore")
  equal(given.cluster or given.instance, nil, "the kind")
end

tests["identifiers are case-insensitive"] = function()
  equal(options.restore({ "--id", "MyDB", "--task", "db_restore" }).id, "mydb")
end

tests["a document says the same"] = function()
  local given = options.restore(input '{"identifier":"MyDB","task":"create_snapshot","isCluster":false}')
  equal(given.id, "mydb")
  equal(given.task, "create_snapshot")
  equal(given.instance, true, "an instance")
  given = options.restore(input '{"identifier":"mydb","task":"db_restore","isCluster":true}')
  equal(given.cluster, true, "a cluster")
end

tests["a document may lie in a file"] = function()
  local name = file '{"identifier":"mydb","task":"db_restore"}'
  local given = options.restore(input("@" .. name))
  os.remove(name)
  equal(given.id, "mydb")
end

tests["a document that is no JSON is named by its file"] = function()
  local name = file "identifier: mydb"
  local ok, err = pcall(options.restore, input("@" .. name))
  os.remove(name)
  assert(not ok and tostring(err):find(name, 1, true), tostring(err))
end

tests["half of it may be flags, and a flag overrides the kind"] = function()
  local given = options.restore { "--task", "db_restore", "--input", '{"identifier":"mydb"}' }
  equal(given.id, "mydb")
  given = options.restore { "--instance", "--input", '{"identifier":"mydb","task":"db_restore","isCluster":true}' }
  equal(given.cluster, nil)
  equal(given.instance, true)
end

local DURATIONS = { ["90s"] = 90, ["45m"] = 2700, ["12h"] = 43200, ["2d"] = 172800, ["30"] = 30, ["1.5h"] = 5400 }

for text, seconds in pairs(DURATIONS) do
  tests["a timeout of " .. text] = function()
    equal(options.restore(with("--timeout", text)).timeout_s, seconds)
  end
end

tests["a pace is a number"] = function()
  equal(options.restore(with("--pace", "60")).pace, 60)
  equal(options.restore(with("--pace", "1")).pace, 1)
end

tests["lists are split at commas and collected"] = function()
  local given = options.restore(with("--email-to", "a@x.org,b@x.org", "--email-to", "c@x.org"))
  equal(table.concat(given.email_to, " "), "a@x.org b@x.org c@x.org")
  equal(given.slack, nil, "webhooks")
end

tests["a snapshot may be an ARN where it is only read"] = function()
  local arn = "arn:aws:rds:eu-west-1:123456789012:snapshot:shared-one"
  equal(options.restore(with("--snapshot", arn)).snapshot, arn)
end

tests["what is remembered with the run has no webhook and no address"] = function()
  local given = options.restore(with("--slack", "env:T0SECRET", "--email-to", "a@x.org",
    "--email-from", "b@x.org", "--keep-original", "--no-fence", "--snapshot", "mine", "--endpoint-url", "https://x.org",
    "--profile", "prod"))
  local recorded = options.recorded(given)
  equal(recorded.keep_original, true)
  equal(recorded.no_fence, true)
  equal(recorded.snapshot, "mine")
  local text = require("trapheus.json").encode(recorded)
  for _, secret in ipairs { "T0SECRET", "x.org", "prod" } do
    assert(not text:find(secret, 1, true), "remembered: " .. secret)
  end
end

tests["every flag that changes what a run does is remembered"] = function()
  local given = options.restore { "--id", "mydb", "--task", "create_snapshot", "--final-snapshot", "last",
    "--delete-automated-backups", "--replace-snapshot", "direct", "--no-fence", "--allow-replicas",
    "--allow-foreign-snapshot", "--snapshot", "s" }
  local recorded, count = options.recorded(given), 0
  for _ in pairs(recorded) do count = count + 1 end
  equal(count, 7, "flags")
  equal(options.recorded(options.restore(with "--keep-original")).keep_original, true)
  equal(options.recorded(options.restore(with "--skip-final-snapshot")).skip_final_snapshot, true)
end

tests["flags that contradict each other or would do nothing are refused"] = function()
  for _, arguments in ipairs {
    with("--keep-original", "--final-snapshot", "last"), with("--quiet", "--verbose"), with("--sandbox", "--pace", "2"),
    with("--final-snapshot", "mydb-snapshot"), { "--id", "mydb", "--task", "create_snapshot_only", "--no-fence" },
    { "--id", "mydb", "--task", "db_restore", "--replace-snapshot", "safe" },
  } do
    local ok, err = pcall(options.restore, arguments)
    assert(not ok and usage.is(err), table.concat(arguments, " "))
  end
end

tests["a command about a run takes its id, and no flags of a restore"] = function()
  local given = options.read("resume", { "abcd2345", "--timeout", "1h" })
  equal(given.run, "abcd2345")
  equal(given.timeout_s, 3600)
  equal(options.read("resume", {}).run, nil)
  for _, arguments in ipairs { { "--id", "mydb" }, { "a", "b" }, { "--keep-original" } } do
    local ok, err = pcall(options.read, "resume", arguments)
    assert(not ok and usage.is(err), tostring(err))
  end
end

return tests
