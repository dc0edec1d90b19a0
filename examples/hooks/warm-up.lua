--- Reads the tables that matter once, before the restore is called done: storage restored from a snapshot is fetched
--- from S3 at the first read, which is slow. A table that cannot be read is told, and not a failure.
---
---     PGUSER=app PGDATABASE=shop TABLES="orders customers" trapheus restore --id mydb --task create_snapshot \
---       --hooks warm-up.lua
---
--- With --sandbox no database is read. It reads with count(*), which takes the whole table but not every index: where
--- these matter, use the extension pg_prewarm.
local trapheus = require "trapheus"

---@type trapheus.Hooks
return {
  verify = {
    timeout_s = 6 * 3600,
    run = function(run)
      local at = assert(run:endpoint(), "the replacement has no endpoint")
      for name in (os.getenv "TABLES" or "orders customers"):gmatch "%S+" do
        local ok, err = trapheus.try(trapheus.run, {
          argv = { "psql", "-XAtc", ("select count(*) from %s"):format(name) },
          env = { PGHOST = at.address, PGPORT = tostring(at.port), PGCONNECT_TIMEOUT = "20" },
          timeout_s = 3600,
          rehearse = { output = "1\n" },
        })
        print(ok and name .. " is warm" or ("%s stays cold: %s"):format(name, err))
      end
    end,
  },
}
