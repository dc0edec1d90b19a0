--- Restores an Amazon RDS database in place: same identifier, same endpoint, same configuration.
---
---   trapheus scripts/restore.lua --id mydb --task create_snapshot
---
--- A step looks at RDS, makes at most one change, and says "done", "wait" or "fail"; it may be
--- run again at any moment. When one fails, those before it are undone, last first; once the
--- replacement is verified there is only forward.
local trapheus = require "trapheus"
local steps, databases = trapheus.steps, trapheus.databases

return trapheus.pipeline {
  name = "restore",

  -- The branch: a DB instance, or a DB cluster. The steps ask both the same; a cluster's members are parts of it.
  database = function(isCluster) return isCluster and databases.cluster or databases.instance end,

  steps = {
    steps.preflight, -- everything that can be refused is refused here; the original is captured
    steps.lock,      -- one run at a time                      undone: let go
    steps.fence,     -- deletion protection on the original    undone: as it was
    steps.snapshot,  -- made or replaced, awaited, pinned      kept
    steps.export,    -- to S3, if that is asked for            it goes on by itself
    steps.rename,    -- mydb becomes mydb-temp (members first) undone: mydb-temp becomes mydb
    steps.restore,   -- a replacement named mydb, its members  undone: deleted
    steps.configure, -- what the restore call did not take
    steps.verify,    -- as the original was? From here on there is only forward
    steps.delete,    -- the replacement is protected, then mydb-temp is deleted
    steps.finish,    -- protection as it was, our marks and the lock removed
  },

  tasks = {
    create_snapshot = {
      "preflight", "lock", "fence", "snapshot", "export", "rename", "restore", "configure", "verify", "delete",
      "finish",
    },
    db_restore = { "preflight", "lock", "fence", "rename", "restore", "configure", "verify", "delete", "finish" },
    create_snapshot_only = { "preflight", "lock", "snapshot", "export", "finish" },
  },
}
