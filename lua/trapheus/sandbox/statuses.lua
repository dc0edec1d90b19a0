--- The statuses that there are, so that a misspelt one is seen. RDS User Guide, "Viewing DB instance status"; Aurora
--- User Guide, "Viewing DB cluster status".

local function set(words)
  local members = {}
  for word in words:gmatch "%S+" do members[word] = true end
  return members
end

local SNAPSHOT = set [[
  creating copying available deleting deleted failed incompatible-restore incompatible-parameters
]]

return {
  instance = set [[
    available backing-up backtracking configuring-enhanced-monitoring configuring-iam-database-auth
    configuring-log-exports configuring-activity-stream configuring-associated-roles
    configuring-performance-insights validating-configuration unsupported-configuration automation-paused
    converting-to-vpc moving-to-vpc creating delete-precheck deleting deleted failed
    inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable incompatible-create
    incompatible-credentials incompatible-network incompatible-option-group incompatible-parameters
    incompatible-restore insufficient-capacity maintenance modifying modify-failed rebooting renaming
    resetting-master-credentials restore-error starting stopped stopping storage-config-upgrade
    storage-initialization storage-full storage-optimization upgrading upgrade-failed
  ]],
  cluster = set [[
    available backing-up backtracking cloning-failed configuring-enhanced-monitoring
    configuring-iam-database-auth configuring-activity-stream archiving archived insufficient-capacity
    insufficient-resource-limits replication-suspended storage-failure creating deleting deleted failed
    failing-over inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable
    incompatible-network incompatible-parameters incompatible-restore maintenance migrating migration-failed
    modifying preparing-data-migration promoting rebooting renaming resetting-master-credentials restore-failed
    scaling-capacity scaling-compute scaling-storage starting stopped stopping storage-optimization
    update-iam-db-auth upgrading
  ]],
  snapshot = SNAPSHOT,
  --- Nothing but a person or a deletion ends these.
  terminal = set [[
    failed incompatible-create incompatible-credentials incompatible-network incompatible-option-group
    incompatible-restore insufficient-capacity migration-failed cloning-failed restore-error restore-failed
  ]],
}
