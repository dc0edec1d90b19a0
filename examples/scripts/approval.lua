--- A restore that waits for a person before the database is moved aside: until a file named after it is there.
--- If it is not there within four hours the run has failed, with the original as it was.
---
---     APPROVALS=/srv/approvals trapheus approval.lua --id mydb --task create_snapshot
---     touch /srv/approvals/mydb        # the approval; it is not taken away: remove it before the next restore
---
--- Rehearse it with --sandbox. Change WITHIN_S, and what counts as an approval: a ticket asked for with
--- trapheus.request, a tag on the database. Only those who may approve should be able to write to the directory.
local trapheus = require "trapheus"

local WITHIN_S = 4 * 3600

local restore = trapheus.load "restore"

restore:insert("snapshot", {
  name = "approval",
  deadline_s = WITHIN_S,
  advance = function(run) -- looks once; it is called again after a wait, and by a run that is resumed
    local name = ("%s/%s"):format(os.getenv "APPROVALS" or ".", run.identifier)
    local file <close> = io.open(name)
    if file then return run:done() end
    return run:wait("the approval " .. name)
  end,
})

return restore
