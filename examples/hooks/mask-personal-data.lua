--- Masks personal data in the replacement before the restore is called done: if a statement fails, everything is undone
--- and the original is back. Change STATEMENTS to your tables. The endpoint answers while this runs: keep the
--- application stopped until the restore has ended. The snapshot holds the data as it was.
---
---     PGUSER=app PGDATABASE=shop trapheus restore --id mydb --task create_snapshot --hooks mask-personal-data.lua
---
--- With --sandbox nothing is asked of a real database. psql takes the password from ~/.pgpass or PGPASSWORD.
local trapheus = require "trapheus"

local STATEMENTS = {
  "update customers set name = 'customer ' || id, email = id || '@example.com', phone = null",
  "update addresses set street = 'street ' || id",
}

---@type trapheus.Hooks
return {
  verify = {
    timeout_s = 2 * 3600,
    run = function(run)
      local at = assert(run:endpoint(), "the replacement has no endpoint")
      local argv = { "psql", "-Xqat", "-v", "ON_ERROR_STOP=1", "--single-transaction" } -- all of it, or none
      for _, statement in ipairs(STATEMENTS) do
        argv[#argv + 1] = "-c"
        argv[#argv + 1] = statement
      end
      trapheus.run {
        argv = argv,
        env = { PGHOST = at.address, PGPORT = tostring(at.port), PGCONNECT_TIMEOUT = "20" },
        timeout_s = 3600,
        rehearse = { output = "" },
      }
      print(("%s is masked, by %d statements"):format(run.identifier, #STATEMENTS))
    end,
  },
}
