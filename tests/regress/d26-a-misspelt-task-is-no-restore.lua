--- D26: a task that is not known is a usage error before any call; it never becomes a restore.
local options = require "trapheus.options"
local usage = require "trapheus.usage"
local witness = require "witness"
local tests = {}

local MISSPELT = {
  "creat_snapshot", "create_snapshots", "create-snapshot", "Create_Snapshot", "CREATE_SNAPSHOT", "create_snapshot ",
  " create_snapshot", "create_snapshot_onl", "create_snapshot_only_", "db_restor", "db-restore", "restore",
  "DB_RESTORE",
  "", " ", "snapshot", "create_snapshot,db_restore", "create_snapshot\n", "create_snapshot\0", "true", "nil", "*",
}

local function refused(arguments)
  local ok, err = pcall(options.restore, arguments)
  assert(not ok, "it was accepted")
  assert(usage.is(err), tostring(err))
  return tostring(err)
end

for i, task in ipairs(MISSPELT) do
  tests[("%02d --task %q"):format(i, task)] = function()
    local message = refused { "--id", "mydb", "--task", task }
    assert(message:find "create_snapshot, db_restore, create_snapshot_only", message)
  end
  tests[("%02d --input with the task %q"):format(i, task)] = function()
    local json = require "trapheus.json"
    refused { "--input", json.encode { identifier = "mydb", task = task, isCluster = false } }
  end
end

tests["a task that is no text"] = function()
  for _, value in ipairs { "1", "true", "null", "[]", "{}", '["db_restore"]' } do
    refused { "--input", ('{"identifier":"mydb","task":%s}'):format(value) }
  end
end

tests["no task at all"] = function()
  refused { "--id", "mydb" }
  refused { "--input", '{"identifier":"mydb"}' }
  refused { "--input", '{"identifier":"mydb","Task":"db_restore"}' }
end

tests["the three tasks, and no other, are taken"] = function()
  for _, task in ipairs { "create_snapshot", "db_restore", "create_snapshot_only" } do
    witness.equal(options.restore({ "--id", "mydb", "--task", task }).task, task)
  end
end

tests["only the tasks that the options know are in the pipeline"] = function()
  local pipeline = require("trapheus.path").script "scripts/restore.lua" ()
  local names = {}
  for task in pairs(pipeline.tasks) do names[#names + 1] = task end
  table.sort(names)
  witness.equal(table.concat(names, " "), "create_snapshot create_snapshot_only db_restore", "tasks")
end

return tests
