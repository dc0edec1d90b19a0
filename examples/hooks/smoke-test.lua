--- Asks the replacement for its data before the original is given up: no rows, no restore.
---
---     PGUSER=app PGDATABASE=shop TABLE=orders trapheus restore --id mydb --task create_snapshot --hooks smoke-test.lua
---
--- psql takes the password from ~/.pgpass or PGPASSWORD.
local trapheus = require "trapheus"

---@type trapheus.Hooks
return {
  verify = {
    timeout_s = 300,
    run = function(run)
      local at = assert(run:endpoint(), "the replacement has no endpoint")
      local reply = trapheus.run {
        argv = { "psql", "-XAtc", ("select count(*) from %s"):format(os.getenv "TABLE" or "orders") },
        env = { PGHOST = at.address, PGPORT = tostring(at.port), PGCONNECT_TIMEOUT = "20" },
        rehearse = { output = "1\n" },
      }
      local rows = tonumber(reply.output) or 0
      print(("%s answers, with %d rows"):format(run.identifier, rows))
      return rows > 0, "the table is empty"
    end,
  },
}
