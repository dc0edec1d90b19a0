--- The identity of a snapshot: its ARN and create time. Its name alone may be another one's by now.
local pinned = {}

---@class trapheus.Pinned       Plain data.
---@field name string
---@field asked_as string       what it is looked up by: its name, or the ARN of a shared one
---@field arn string
---@field created_at number
---@field made boolean?         by this run

---@param snapshot trapheus.Snapshot
---@param asked_as string?      default: its name
---@return trapheus.Pinned
function pinned.new(snapshot, asked_as)
  return { name = snapshot.name, asked_as = asked_as or snapshot.name, arn = snapshot.arn,
    created_at = snapshot.created_at }
end

---@param known trapheus.Pinned
---@param snapshot trapheus.Snapshot
---@return boolean
function pinned.is(known, snapshot)
  return snapshot.arn == known.arn and snapshot.created_at == known.created_at
end

--- Is the snapshot that is restored from still there, to be used?
---@param run trapheus.Run
---@return trapheus.Answer?  nil: it is.
function pinned.lost(run)
  local known = run.facts.snapshot
  local seen = run.database.snapshot(run.world.rds, known.asked_as)
  if not seen or not pinned.is(known, seen) then
    return run:fail(("the snapshot %s is no longer the one that was pinned"):format(known.name))
  end
  if seen.status ~= "available" then return run:wait(("the snapshot %s (%s)"):format(known.name, seen.status)) end
end

return pinned
