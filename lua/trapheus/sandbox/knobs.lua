--- Everything about RDS that is a guess, or differs from day to day: name, unit, three values, and what it
--- stands for. A value is a number, or { low, high } to draw from. Nothing may depend on the quick ones: they are kind.

local knobs = {}

---@class trapheus.sandbox.Knob
---@field name string
---@field unit string
---@field quick number|number[]
---@field typical number|number[]
---@field adversarial number|number[]
---@field about string

local function row(name, unit, quick, typical, adversarial, about)
  return {
    name = name, unit = unit, quick = quick, typical = typical, adversarial = adversarial, about = about,
  }
end

---@type trapheus.sandbox.Knob[]
knobs.register = {
  row("stale_s", "s", 0, { 0, 3 }, { 0, 60 }, "how old a Describe may be; two reads in a row may go backwards"),
  row("zombie_s", "s", { 1, 30 }, { 1, 300 }, { 1, 890 }, "how late a request is executed that nobody waits for"),
  row("throttle_percent", "%", 0, 0, 5, "share of calls refused because others use up the account's rate"),
  row("rename_lag_s", "s", 0, { 1, 45 }, { 0, 60 }, "from the reply to a rename until its status shows"),
  row("rename_s", "s", 20, { 60, 300 }, { 300, 900 }, "a rename under way, still under the old name"),
  row("rename_label_percent", "%", 0, 50, 50, "renames that show `renaming` rather than `modifying`"),
  row("rename_gap_s", "s", 0, { 0, 15 }, { 0, 30 }, "neither name answers"),
  row("rename_both_s", "s", 0, 0, { 0, 5 }, "both names answer (then there is no gap)"),
  row("rename_reboot_s", "s", 20, { 30, 120 }, { 60, 180 }, "reboot under the new name"),
  row("name_release_s", "s", 0, { 0, 10 }, { 0, 120 }, "an old name is gone from Describe but cannot be used yet"),
  row("modify_lag_s", "s", 0, { 1, 20 }, { 0, 60 }, "from the reply to a modify until its status shows"),
  row("modify_s", "s", 5, { 20, 90 }, { 60, 600 }, "a modification under way"),
  row("modify_in_backing_up", "0 or 1", 1, 0, 0, "an instance takes changes while it is `backing-up`"),
  row("storage_optimization_s", "s", 0, { 300, 3600 }, { 21600, 86400 }, "serves, after a change of its storage"),
  row("reboot_s", "s", 10, { 20, 90 }, { 60, 300 }, "RebootDBInstance"),
  row("snapshot_start_s", "s", 0, { 1, 10 }, { 5, 60 }, "until a new snapshot has its SnapshotCreateTime"),
  row("snapshot_s", "s", 30, { 60, 300 }, { 300, 7200 }, "a snapshot being created"),
  row("snapshot_tail_s", "s", 0, { 0, 30 }, { 0, 300 }, "the instance is `backing-up` for longer than that"),
  row("snapshot_delete_s", "s", 1, { 5, 30 }, { 30, 300 }, "a snapshot being deleted"),
  row("snapshot_quota", "snapshots", 100, 100, 100, "manual snapshots a Region may hold"),
  row("instance_quota", "instances", 40, 40, 40, "instances a Region may hold"),
  row("storage_quota", "GiB", 102400, 102400, 102400, "storage of all instances of a Region"),
  row("create_s", "s", 30, { 120, 420 }, { 300, 1800 }, "a new instance being created"),
  row("create_backup_s", "s", 0, { 20, 90 }, { 60, 600 }, "its first backup, before it is `available`; 0: none"),
  row("restore_s", "s", 60, { 300, 900 }, { 900, 14400 }, "a restored instance being created"),
  row("restore_flaps", "changes", 0, { 1, 3 }, { 2, 4 }, "changes of status between `creating` and `available`"),
  row("restore_flap_s", "s", 5, { 10, 60 }, { 30, 300 }, "each of those changes"),
  row("restore_backup_lag_s", "s", 0, { 5, 60 }, { 0, 300 }, "from the first `available` to the baseline backup"),
  row("restore_backup_s", "s", 0, { 60, 300 }, { 3600, 21600 }, "baseline backup: serves, refuses changes; 0: none"),
  row("delete_s", "s", 30, { 60, 600 }, { 300, 1200 }, "an instance being deleted, still listed"),
  row("delete_in_creating", "0 or 1", 1, 1, 0, "an instance that is being created can be deleted"),
  row("secret_s", "s", 0, { 5, 60 }, { 30, 300 }, "a secret of a master user being created"),
  row("stream_s", "s", 5, { 60, 300 }, { 300, 900 }, "an activity stream starting, or its policy changing"),
  row("replication_s", "s", 5, { 30, 300 }, { 300, 900 }, "replicated backups being shown at the instance"),
  row("cluster_rename_s", "s", 5, { 20, 120 }, { 60, 300 }, "a cluster's rename under way, still under the old name"),
  row("multi_az_rename_members", "0 or 1", 1, 1, 0, "members of a Multi-AZ DB cluster follow its name"),
  row("writer_reboot_failover_percent", "%", 0, 25, 100, "a writer that reboots loses its role to another member"),
  row("member_flaps", "changes", 0, { 0, 2 }, { 1, 3 }, "a new member's changes of status before it is `available`"),
  row("cluster_endpoint_s", "s", 1, { 10, 60 }, { 60, 300 }, "a custom endpoint being created, modified or deleted"),
  row("failover_s", "s", 5, { 20, 60 }, { 60, 180 }, "FailoverDBCluster"),
  row("cluster_create_s", "s", 10, { 60, 180 }, { 120, 900 }, "a new cluster being created"),
  row("cluster_restore_s", "s", 20, { 180, 600 }, { 600, 7200 }, "a restored cluster: `creating`, then `migrating`"),
  row("cluster_delete_s", "s", 10, { 30, 120 }, { 120, 600 }, "a cluster being deleted, still listed"),
  row("cluster_quota", "clusters", 40, 40, 40, "clusters a Region may hold"),
  row("cluster_snapshot_quota", "snapshots", 100, 100, 100, "manual cluster snapshots a Region may hold"),
  row("restore_encrypts_cluster", "0 or 1", 0, 1, 1, "an unencrypted cluster snapshot is restored encrypted"),
  row("modify_http_endpoint", "0 or 1", 1, 0, 0, "ModifyDBCluster switches the HTTP endpoint, not only its operations"),
  row("role_s", "s", 1, { 5, 30 }, { 30, 120 }, "a role being attached or detached"),
}

---@param preset "quick"|"typical"|"adversarial"
---@param given table<string, number|number[]>|nil
---@return table<string, number|number[]>
function knobs.values(preset, given)
  local values = {}
  for _, knob in ipairs(knobs.register) do values[knob.name] = assert(knob[preset], "no such preset: " .. preset) end
  for name, value in pairs(given or {}) do
    if values[name] == nil then error("no such knob: " .. tostring(name), 3) end
    values[name] = value
  end
  return values
end

return knobs
