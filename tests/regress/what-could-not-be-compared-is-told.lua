--- Another machine that finds a verified replacement, and not the journal in which stood what could not be carried
--- over, says that it does not know.
local driver = require "trapheus.drivers.local"
local hosts = require "hosts"
local path = require "trapheus.path"
local recover = require "trapheus.recover"
local witness = require "witness"
local tests = {}

-- The machine is lost when only the marks on the replacement are left to be taken off.
local function lost_at_the_end()
  return assert(hosts.lost({ task = "db_restore", snapshot = true, knobs = { stale_s = 0 },
    options = { keep_original = true },
    faults = { { operation = "ModifyDBInstance", occurrence = 3, kind = "denied" } }, -- a setting
  }, function(kind, entry, when)
    local is_last = kind == "intent" and entry.operation == "RemoveTagsFromResource" and entry.target.name == "mydb"
    return is_last and when == "before"
  end), "it was not lost")
end

tests["by who ends a run without its journal"] = function()
  local world = lost_at_the_end()
  witness.pass(world, 1900)
  local other, pipeline = hosts.another(world), path.script "scripts/restore.lua" ()
  local run = recover.run(other, pipeline, "mydb", "restore")
  driver.run(pipeline, run)
  witness.equal(run.record.outcome, "restored")
  assert(table.concat(run.record.warnings, "\n"):find "could not be compared", "nobody is told")
end

return tests
