--- What an RDS status means for a restore. Sets are data: a status that is in none of them is
--- *unknown*, and unknown means wait, never act. RDS's own words; see the RDS User Guide,
--- "Viewing Amazon RDS DB instance status", and AWS's CloudFormation handlers.
local statuses = {}

local function set(words)
  local members = {}
  for word in words:gmatch "%S+" do members[word] = true end
  return members
end

--- How long a database is so, typically: the middle of what the sandbox takes to be typical (trapheus.sandbox.knobs).
statuses.typical_s = {
  creating = 600, modifying = 120, renaming = 180, rebooting = 60, ["backing-up"] = 180, deleting = 330,
  ["configuring-enhanced-monitoring"] = 60,
}

--- The endpoint is usable.
statuses.serving = set [[
  available backing-up storage-optimization storage-initialization storage-config-upgrade
  configuring-enhanced-monitoring configuring-iam-database-auth configuring-log-exports
  configuring-performance-insights configuring-activity-stream configuring-associated-roles
]]

--- No change is under way; whether anything is pending is for the database to say.
statuses.settled = set "available storage-optimization"

--- It will not come back by itself.
statuses.terminal_bad = set [[
  failed incompatible-restore incompatible-network incompatible-option-group incompatible-credentials
  incompatible-create restore-error restore-failed migration-failed cloning-failed
  inaccessible-encryption-credentials storage-full modify-failed upgrade-failed deleting deleted
]]

--- A person can bring it back: wait for one, never roll back blindly.
statuses.recoverable_bad = set [[
  inaccessible-encryption-credentials-recoverable incompatible-parameters insufficient-capacity stopped stopping
]]

--- A snapshot that will never be `available`.
statuses.snapshot_bad = set "failed incompatible-restore incompatible-parameters deleting deleted"

return statuses
