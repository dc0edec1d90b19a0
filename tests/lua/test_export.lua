--- An export to S3: what is asked for, what can be exported, and what permits it.
local checks = require "trapheus.steps.checks.export"
local names = require "trapheus.names"
local options = require "trapheus.options"
local permissions = require "trapheus.permissions"
local policy = require "trapheus.policy"
local record = require "trapheus.fleet.record"
local rehearse = require "rehearse"
local trapheus = require "trapheus"
local usage = require "trapheus.usage"
local witness = require "witness"

local tests = {}

local equal = witness.equal

-- What is asked for -------------------------------------------------------------------------------------

local function given(...) return options.restore { "--id", "mydb", "--task", "create_snapshot", "--export", ... } end

local function refuses(expected, ...)
  local ok, err = pcall(given, ...)
  assert(not ok and usage.is(err), expected)
  assert(tostring(err):find(expected, 1, true), ("%q is not in %s"):format(expected, tostring(err)))
end

function tests.the_flags_are_remembered_with_the_run()
  local recorded = options.recorded(given("--export-bucket", "a-bucket", "--export-role", "writer", "--export-key",
    "alias/mine", "--export-prefix", "nightly/", "--export-tables", "app,app.public", "--export-tables", "other",
    "--export-wait", "--export-optional"))
  equal(recorded.export, true)
  equal(recorded.export_prefix, "nightly", "the prefix")
  equal(table.concat(recorded.export_tables, " "), "app app.public other", "the tables")
  equal(recorded.export_wait and recorded.export_optional, true)
  equal(options.recorded(options.restore { "--id", "mydb", "--task", "create_snapshot" }).export_tables, nil)
end

function tests.a_fleet_has_them_for_each_of_its_databases_and_remembers_them()
  local asked = options.fleet { "--task", "create_snapshot_only", "--export", "--export-prefix", "nightly", "a", "b" }
  local kept = record.given(asked)
  equal(("%s %s"):format(kept.export, kept.export_prefix), "true nightly")
  for _, id in ipairs { "a", "b" } do
    local recorded = options.recorded(options.of_target(kept, { id = id }))
    equal(("%s %s"):format(recorded.export, recorded.export_prefix), "true nightly", id)
  end
  local ok, err = pcall(options.of_target, asked, { id = "c", overrides = { task = "db_restore" } })
  assert(not ok and tostring(err):find("--export means nothing for db_restore", 1, true), tostring(err))
end

function tests.what_cannot_be_is_a_mistake_on_the_command_line()
  for _, row in ipairs {
    { "--export-bucket 'No_Bucket'", "--export-bucket", "No_Bucket" },
    { "--export-bucket 'ab'", "--export-bucket", "ab" }, { "--export-bucket 'a..b'", "--export-bucket", "a..b" },
    { "--export-role 'a/b'", "--export-role", "a/b" },
    { "--export-role 'arn:aws:iam::1:user/x'", "--export-role", "arn:aws:iam::1:user/x" },
    { "--export-key 'mine'", "--export-key", "mine" }, { "a key that AWS manages", "--export-key", "alias/aws/rds" },
    { "a key that AWS manages", "--export-key", "arn:aws:kms:us-east-1:123456789012:alias/aws/s3" },
    { "--export-prefix 'a:b'", "--export-prefix", "a:b" }, { "--export-prefix '/'", "--export-prefix", "/" },
    { "--export-prefix '/a'", "--export-prefix", "/a" }, { "--export-prefix 'a b'", "--export-prefix", "a b" },
    { "--export-tables 'a.b.c.d'", "--export-tables", "a.b.c.d" },
    { "--export-tables 'a..b'", "--export-tables", "a..b" }, { "--export-tables '.a'", "--export-tables", "app,.a" },
    { "--export-tables 'my-app'", "--export-tables", "my-app" },
  } do refuses(table.unpack(row)) end
end

function tests.they_mean_something_with_an_export_and_of_a_snapshot_that_is_made_only()
  local flags = { ["--export-bucket"] = "bucket", ["--export-tables"] = "app", ["--export-wait"] = false }
  for flag, argument in pairs(flags) do
    local ok, err = pcall(options.restore, { "--id", "mydb", "--task", "create_snapshot", flag, argument or nil })
    assert(not ok and tostring(err):find(flag .. " is for an export: --export is missing", 1, true), tostring(err))
  end
  local ok, err = pcall(options.restore, { "--id", "mydb", "--task", "db_restore", "--export" })
  assert(not ok and tostring(err):find("--export means nothing for db_restore", 1, true), tostring(err))
end

function tests.a_task_is_named_after_its_run_whatever_the_identifier()
  equal(names.export("mydb", "abcdefgh"), "mydb-abcdefgh")
  for length = 1, 58 do
    for _, id in ipairs { ("a"):rep(length), (("a-"):rep(length):sub(1, length):gsub("%-$", "b")) } do
      local name = names.export(id, "abcdefgh")
      local ok, why = names.valid(name, 60)
      assert(ok and name:find "%-abcdefgh$", why or name)
    end
  end
end

-- What can be exported ------------------------------------------------------------------------------------

local function plan(raw, how, region)
  local run = { options = { export = true }, identifier = "mydb", id = "abcdefgh",
    record = { account = "123456789012", region = region or "eu-west-1" } }
  for field, value in pairs(how or {}) do run.options[field] = value end
  return checks.plan(run, { raw = raw, arn = "arn:aws:rds:eu-west-1:123456789012:db:mydb" })
end

local MYSQL = { Engine = "mysql", EngineVersion = "8.0.40", StorageType = "gp3" }

local function possible(raw, how, region)
  local known, problems = plan(raw, how, region)
  assert(known, problems[1])
  return known
end

local function impossible(why, raw, how, region)
  local known, problems = plan(raw, how, region)
  assert(not known and #problems == 1 and problems[1]:find(why, 1, true), ("%q is not %q"):format(problems[1], why))
end

function tests.engines_versions_and_storage()
  for _, engine in ipairs { "oracle-ee", "sqlserver-ex", "db2-se", "custom-oracle-ee", "aurora" } do
    impossible(("the engine %s cannot be exported"):format(engine), { Engine = engine, EngineVersion = "15.0" })
  end
  for _, row in ipairs { { "mysql", "5.6.39", "5.6.40" }, { "mysql", "5.5.61", "5.6.40" },
    { "mysql", "8.0.11", "8.0.13" }, { "postgres", "9.4.20", "9.4.21" }, { "postgres", "10.6", "10.7" },
    { "mariadb", "10.1.19", "10.1.26" } } do
    impossible(("%s %s cannot be exported to S3: it takes %s"):format(table.unpack(row)),
      { Engine = row[1], EngineVersion = row[2] })
  end
  for _, row in ipairs { { "mysql", "8.4.3" }, { "mysql", "5.7.44" }, { "postgres", "17.2" }, { "postgres", "9.6.24" },
    { "mariadb", "11.4.4" }, { "mysql", "8.0.13" }, { "aurora-mysql", "8.0.mysql_aurora.3.08.0" },
    { "aurora-postgresql", "16.4" } } do
    possible { Engine = row[1], EngineVersion = row[2] }
  end
  impossible("magnetic storage", { Engine = "mysql", EngineVersion = "8.0.40", StorageType = "standard" })
end

function tests.tables_roles_keys_and_regions_that_do_not_fit()
  impossible("DATABASE or DATABASE.TABLE", MYSQL, { export_tables = { "app", "a.b.c" } })
  possible({ Engine = "postgres", EngineVersion = "16.4" }, { export_tables = { "a.b.c" } })
  impossible("--export-role is of account 999999999999", MYSQL, { export_role = "arn:aws:iam::999999999999:role/x" })
  impossible("--export-key is of us-east-1", MYSQL, { export_key = "arn:aws:kms:us-east-1:123456789012:key/abc" })
  for _, region in ipairs { "us-gov-west-1", "mx-central-1", "ap-southeast-5" } do
    impossible("there are no exports to S3 in " .. region, MYSQL, nil, region)
  end
end

function tests.what_is_not_said_is_as_the_template_makes_it()
  local known = possible(MYSQL)
  equal(known.bucket, "rds-snapshots-123456789012")
  equal(known.role, "arn:aws:iam::123456789012:role/trapheus-export-eu-west-1")
  equal(known.key, "alias/trapheus-export")
  known = possible(MYSQL, { export_role = "mine", export_bucket = "a-bucket", export_key = "alias/mine" })
  equal(known.role, "arn:aws:iam::123456789012:role/mine")
  equal(known.bucket .. " " .. known.key, "a-bucket alias/mine")
end

function tests.what_is_refused_changes_nothing()
  local result = rehearse { instance = { StorageType = "standard" }, options = { export = true } }
  equal(result.outcome, "refused")
  equal(#witness.changes(result.sandbox), 0, "changes")
  local message = result.record.failure.message
  assert(message:find("export: what has magnetic storage", 1, true), message)
end

function tests.snapshots_of_clusters()
  for engine, kind in pairs { ["aurora-postgresql"] = "aurora", postgres = "multi-az" } do
    local result = rehearse { task = "create_snapshot_only", cluster = { Engine = engine },
      options = { export = true } }
    equal(result.outcome, "snapshotted", kind)
    equal(result.sandbox.exports[1].fields.SourceArn,
      "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:mydb-snapshot")
  end
end

function tests.as_many_exports_as_there_may_be_are_a_warning()
  local result = rehearse { task = "create_snapshot_only", options = { export = true }, prepare = function(sandbox)
    for i = 1, 5 do
      local source = sandbox:add_snapshot { DBInstanceIdentifier = "mydb", DBSnapshotIdentifier = "s" .. i }
      assert(sandbox:operator("StartExportTask", { ExportTaskIdentifier = "e" .. i, SourceArn = source.DBSnapshotArn,
        S3BucketName = "theirs", IamRoleArn = "arn:aws:iam::123456789012:role/theirs", KmsKeyId = "alias/theirs" }))
    end
  end }
  local all = table.concat(result.record.warnings, "\n")
  assert(all:find("5 exports run in this account", 1, true), all)
end

function tests.a_wait_in_which_writes_are_lost_is_a_warning()
  for _, row in ipairs { { "create_snapshot", true }, { "create_snapshot" }, { "create_snapshot_only", true } } do
    local result = rehearse { task = row[1], options = { export = true, export_wait = row[2] } }
    local found = table.concat(result.record.warnings, "\n"):find("--export-wait", 1, true)
    equal(found ~= nil, row[1] == "create_snapshot" and row[2] == true, row[1])
  end
end

-- What permits it -----------------------------------------------------------------------------------------

local function statements(...)
  local asked = options.restore({ "mydb", "--sandbox", ... }, "policy")
  local document = policy.build(permissions.gather(trapheus.load "restore", asked))
  local found = {}
  for _, statement in ipairs(document.Statement) do
    for _, action in ipairs(statement.Action) do
      found[action] = found[action] or {}
      table.insert(found[action], statement)
    end
  end
  return found
end

function tests.what_an_export_needs_is_permitted_only_where_it_is_asked_for()
  for _, task in ipairs { "create_snapshot", "create_snapshot_only" } do
    local without = statements("--task", task)
    equal(without["rds:StartExportTask"], nil)
    for _, statement in ipairs(without["iam:PassRole"] or {}) do
      assert(statement.Condition.StringEquals["iam:PassedToService"] ~= "export.rds.amazonaws.com")
    end
    local with = statements("--task", task, "--export")
    local start = with["rds:StartExportTask"][1]
    for _, resource in ipairs(start.Resource) do assert(resource:find ":snapshot:mydb%-", resource) end
    assert(table.concat(start.Resource, " "):find(":snapshot:mydb-snapshot", 1, true))
    local passes
    for _, statement in ipairs(with["iam:PassRole"]) do
      local to = statement.Condition.StringEquals["iam:PassedToService"]
      passes = passes or to == "export.rds.amazonaws.com" and table.concat(statement.Resource, " ")
    end
    equal(passes, "arn:aws:iam::123456789012:role/trapheus-export-us-east-1", "the role")
    assert(with["rds:DescribeExportTasks"])
  end
end

function tests.the_key_of_an_export_by_whatever_it_is_known()
  local id, arn = "1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:us-east-1:123456789012:key/"
  for key, resource in pairs { [id] = arn .. id, [arn .. id] = arn .. id, ["alias/mine"] = arn .. "*",
    ["arn:aws:kms:us-east-1:123456789012:alias/mine"] = arn .. "*" } do
    local found
    for _, statement in ipairs(statements("--export", "--export-key", key)["kms:CreateGrant"]) do
      if statement.Sid == "ExportKey" then found = statement end
    end
    equal(found.Resource[1], resource, key)
    local condition = found.Condition and found.Condition["ForAnyValue:StringEquals"]
    equal(condition and condition["kms:ResourceAliases"], key:find "alias" and "alias/mine" or nil, key)
  end
end

return tests
