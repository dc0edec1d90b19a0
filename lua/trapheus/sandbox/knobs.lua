--- Everything about RDS that is a guess, or differs from day to day: name, unit, three values, and what it
--- stands for. A value is a number, or { low, high } to draw from. Nothing may depend on the quick ones: they are kind.

local copy = require "trapheus.copy"

local knobs = {}

---@class trapheus.sandbox.Knob
---@field name string
---@field unit string
---@field quick number|number[]
---@field typical number|number[]
---@field adversarial number|number[]
---@field fact string What it stands for in the list of what is known of RDS: a row, a section, or an open question
---@field about string

local function row(name, unit, quick, typical, adversarial, fact, about)
  return {
    name = name, unit = unit, quick = quick, typical = typical, adversarial = adversarial, fact = fact, about = about,
  }
end

---@type trapheus.sandbox.Knob[]
knobs.register = {
  row("stale_s", "s", 0, { 0, 3 }, { 0, 60 }, "A5", "how old a Describe may be; two reads in a row may go backwards"),
  row("newborn_s", "s", 0, 0, 60, "A5", "for how long a Describe may be too old to show what was created; 0: never"),
  row("zombie_s", "s", { 1, 30 }, { 1, 300 }, { 1, 890 }, "Q4", "how late a request is executed that nobody waits for"),
  row("list_stale_s", "s", 0, 0, { 0, 30 }, "A5",
    "by how much older it may be if it names nothing: a list; never beyond the larger of the two"),
  row("stale_apart", "0 or 1", 0, 0, 1, "A5", "each object of a list is as old as it likes"),
  row("marker_is_position", "0 or 1", 0, 0, 1, "A6", "items that move between pages are missed, or come twice"),
  row("throttle_rate_per_s", "calls/s", 1000, 100, 3, "A1, Q7",
    "calls that the account is granted, all its users together"),
  row("throttle_burst", "calls", 1000, 200, 20, "A1, Q7", "calls that it may save up"),
  row("neighbour_per_s", "calls/s", 0, { 0, 2 }, { 0, 3.5 }, "A1", "what a neighbour takes of that"),
  row("throttle_exception_percent", "%", 0, 0, 50, "A1",
    "refusals spelt `ThrottlingException` rather than `Throttling`"),
  row("clock_offset_s", "s", 0, 0, { -120, 120 }, "A3", "how far the server's clock is ahead of the client's"),
  row("clock_drift_ppm", "ppm", 0, 0, { -50, 50 }, "A3", "by how much it is faster"),
  row("credentials_s", "s", 0, 0, 3600, "A4", "life of temporary credentials, which the client renews; 0: they last"),
  row("disturbance_every_s", "s", 0, 0, { 7200, 43200 }, "2.2",
    "from one thing RDS does by itself to the next; 0: none"),
  row("disturbance_s", "s", 30, { 60, 300 }, { 120, 1800 }, "2.2",
    "a backup, maintenance, a failover that nobody asked for"),
  row("rename_lag_s", "s", 0, { 1, 45 }, { 0, 60 }, "R7", "from the reply to a rename until its status shows"),
  row("rename_s", "s", 20, { 60, 300 }, { 300, 900 }, "R2", "a rename under way, still under the old name"),
  row("rename_label_percent", "%", 0, 50, 50, "R8", "renames that show `renaming` rather than `modifying`"),
  row("rename_gap_s", "s", 0, { 0, 15 }, { 0, 30 }, "R8, Q1", "neither name answers"),
  row("rename_both_s", "s", 0, 0, { 0, 5 }, "Q1", "both names answer (then there is no gap)"),
  row("rename_to_itself_reboots", "0 or 1", 0, 1, 1, "R9", "a rename to the present name is one, with its reboot"),
  row("rename_certificate", "0 or 1", 0, 1, 1, "R10", "a renamed instance has a new server certificate"),
  row("rename_event", "0 or 1", 1, 0, 0, "R11", "there is an event for the rename of an instance"),
  row("rename_leaves_domain", "0 or 1", 0, 0, 1, "R14, Q10", "a renamed instance has to join its domain again"),
  row("rename_fails_percent", "%", 0, 0, 3, "A9", "renames that fail in the background"),
  row("reserved_name_state", "0 or 1", 0, 0, 1, "Q6", "a name in between is refused for its state, not as taken"),
  row("failure_event", "0 or 1", 1, 1, 0, "A9", "there is an event for what fails in the background"),
  row("modify_fails_percent", "%", 0, 0, 3, "A9", "modifications that fail in the background"),
  row("modify_in_terminal", "0 or 1", 1, 0, 0, "T18", "an instance takes changes though it is beyond repair"),
  row("rename_reboot_s", "s", 20, { 30, 120 }, { 60, 180 }, "R1", "reboot under the new name"),
  row("name_release_s", "s", 0, { 0, 10 }, { 0, 120 }, "R12, Q3",
    "an old name is gone from Describe but cannot be used yet"),
  row("modify_lag_s", "s", 0, { 1, 20 }, { 0, 60 }, "R7", "from the reply to a modify until its status shows"),
  row("modify_s", "s", 5, { 20, 90 }, { 60, 600 }, "2.2", "a modification under way"),
  row("modify_in_backing_up", "0 or 1", 1, 0, 0, "T5, Q8", "an instance takes changes while it is `backing-up`"),
  row("storage_optimization_s", "s", 0, { 300, 3600 }, { 21600, 86400 }, "2.2",
    "serves, after a change of its storage"),
  row("reboot_s", "s", 10, { 20, 90 }, { 60, 300 }, "2.2", "RebootDBInstance"),
  row("snapshot_start_s", "s", 0, { 1, 10 }, { 5, 60 }, "S4", "until a new snapshot has its SnapshotCreateTime"),
  row("snapshot_s", "s", 30, { 60, 300 }, { 300, 7200 }, "S3", "a snapshot being created"),
  row("snapshot_fails_percent", "%", 0, 0, 3, "S3", "snapshots that fail"),
  row("snapshot_tail_s", "s", 0, { 0, 30 }, { 0, 300 }, "S2", "the instance is `backing-up` for longer than that"),
  row("snapshot_delete_s", "s", 1, { 5, 30 }, { 30, 300 }, "S3", "a snapshot being deleted"),
  row("snapshot_quota", "snapshots", 100, 100, 100, "S1", "manual snapshots a Region may hold"),
  row("instance_quota", "instances", 40, 40, 40, "T1", "instances a Region may hold"),
  row("storage_quota", "GiB", 102400, 102400, 102400, "T1", "storage of all instances of a Region"),
  row("create_s", "s", 30, { 120, 420 }, { 300, 1800 }, "2.2", "a new instance being created"),
  row("create_backup_s", "s", 0, { 20, 90 }, { 60, 600 }, "2.2", "its first backup, before it is `available`; 0: none"),
  row("restore_s", "s", 60, { 300, 900 }, { 900, 14400 }, "T4", "a restored instance being created"),
  row("restore_fails_percent", "%", 0, 0, 3, "T13", "restores that end in `incompatible-restore`"),
  row("restore_endpoint", "0 or 1", 1, 0, 0, "T8", "an instance has its endpoint while it is `creating`"),
  row("restore_keeps_secret", "0 or 1", 1, 0, 0, "1.3",
    "a restored instance has a managed secret if its source had one"),
  row("restore_merges_tags", "0 or 1", 0, 0, 1, "1.3, Q9", "it has its source's tags beside those that are given"),
  row("restore_pending_reboot_percent", "%", 0, 50, 100, "T7", "restores whose own parameter group waits for a reboot"),
  row("reboot_refused_s", "s", 0, { 0, 20 }, { 30, 300 }, "T7", "a new instance refuses a reboot for that long"),
  row("restore_flaps", "changes", 0, { 1, 3 }, { 2, 4 }, "T4", "changes of status between `creating` and `available`"),
  row("restore_flap_s", "s", 5, { 10, 60 }, { 30, 300 }, "T4", "each of those changes"),
  row("restore_backup_lag_s", "s", 0, { 5, 60 }, { 0, 300 }, "T5", "from the first `available` to the baseline backup"),
  row("restore_backup_s", "s", 0, { 60, 300 }, { 3600, 21600 }, "T5",
    "baseline backup: serves, refuses changes; 0: none"),
  row("delete_s", "s", 30, { 60, 600 }, { 300, 1200 }, "2.2", "an instance being deleted, still listed"),
  row("delete_precheck_s", "s", 0, 0, { 5, 60 }, "D8", "`delete-precheck` comes before `deleting`; 0: it does not"),
  row("delete_again", "0 or 1", 1, 0, 0, "D6", "an instance that is being deleted takes another deletion"),
  row("delete_in_creating", "0 or 1", 1, 1, 0, "D2", "an instance that is being created can be deleted"),
  row("stream_s", "s", 5, { 60, 300 }, { 300, 900 }, "1.3", "an activity stream starting, or its policy changing"),
  row("replication_s", "s", 5, { 30, 300 }, { 300, 900 }, "1.3", "replicated backups being shown at the instance"),
  row("cluster_rename_s", "s", 5, { 20, 120 }, { 60, 300 }, "C4",
    "a cluster's rename under way, still under the old name"),
  row("cluster_rename_member_endpoints", "0 or 1", 0, 0, 1, "C3",
    "members have other addresses once their cluster has another name"),
  row("multi_az_rename_members", "0 or 1", 1, 1, 0, "C5, Q2", "members of a Multi-AZ DB cluster follow its name"),
  row("writer_reboot_failover_percent", "%", 0, 25, 100, "C2",
    "a writer that reboots loses its role to another member"),
  row("member_flaps", "changes", 0, { 0, 2 }, { 1, 3 }, "T4",
    "a new member's changes of status before it is `available`"),
  row("secret_s", "s", 0, { 5, 60 }, { 30, 300 }, "1.3", "a secret of a master user being created"),
  row("cluster_endpoint_s", "s", 1, { 10, 60 }, { 60, 300 }, "C8",
    "a custom endpoint being created, modified or deleted"),
  row("stop_s", "s", 5, { 60, 300 }, { 300, 1800 }, "D7", "an instance or a cluster being stopped"),
  row("start_s", "s", 5, { 120, 600 }, { 300, 1800 }, "D7", "an instance or a cluster being started"),
  row("failover_s", "s", 5, { 20, 60 }, { 60, 180 }, "2.2", "FailoverDBCluster"),
  row("cluster_create_s", "s", 10, { 60, 180 }, { 120, 900 }, "2.2", "a new cluster being created"),
  row("cluster_restore_s", "s", 20, { 180, 600 }, { 600, 7200 }, "T14",
    "a restored cluster: `creating`, then `migrating`"),
  row("cluster_delete_s", "s", 10, { 30, 120 }, { 120, 600 }, "2.2", "a cluster being deleted, still listed"),
  row("cluster_quota", "clusters", 40, 40, 40, "T1", "clusters a Region may hold"),
  row("cluster_snapshot_quota", "snapshots", 100, 100, 100, "S1", "manual cluster snapshots a Region may hold"),
  row("restore_encrypts_cluster", "0 or 1", 0, 1, 1, "T11", "an unencrypted cluster snapshot is restored encrypted"),
  row("modify_http_endpoint", "0 or 1", 1, 0, 0, "1.3",
    "ModifyDBCluster switches the HTTP endpoint, not only its operations"),
  row("export_start_s", "s", 0, { 10, 120 }, { 60, 900 }, "S6", "an export task that is STARTING"),
  row("export_s", "s", 60, { 600, 3600 }, { 3600, 21600 }, "S6", "an export task that is IN_PROGRESS"),
  row("export_cancel_s", "s", 5, { 10, 120 }, { 60, 600 }, "S6", "an export task that is CANCELING"),
  row("proxy_follows_name", "0 or 1", 1, 1, 0, "1.3, Q5", "a proxy's target is whoever has the name, not who had it"),
  row("role_s", "s", 1, { 5, 30 }, { 30, 120 }, "1.3", "a role being attached or detached"),
}

local BY_NAME = {}
for _, knob in ipairs(knobs.register) do BY_NAME[knob.name] = knob end

local MOST = { ["%"] = 100, ["0 or 1"] = 1 }
local SIGNED = { clock_offset_s = true, clock_drift_ppm = true }
local SINGLE = { ["0 or 1"] = true, calls = true, snapshots = true, instances = true, clusters = true, GiB = true }

--- What is wrong with a value of a knob, which is a number or { low, high }; nil: nothing.
---@param name string
---@param value number|number[]
---@return string?
function knobs.problem(name, value)
  local unit, low, high = BY_NAME[name].unit, value, value
  if type(value) == "table" then low, high = value[1], value[2] end
  if low ~= high and SINGLE[unit] then return "one number is expected, not two to draw from" end
  if unit == "0 or 1" and low ~= 0 and low ~= 1 then return ("0 or 1 is expected, not %g"):format(low) end
  if low < 0 and not SIGNED[name] then return ("%g is less than 0"):format(low) end
  if low > high then return ("%g is more than %g"):format(low, high) end
  if high > (MOST[unit] or high) then return ("at most %g is expected, not %g"):format(MOST[unit], high) end
end

local function all_of(preset)
  local values = {}
  for _, knob in ipairs(knobs.register) do values[knob.name] = assert(knob[preset], "no such preset: " .. preset) end
  return values
end

local presets = {}

---@param preset "quick"|"typical"|"adversarial"
---@param given table<string, number|number[]>|nil
---@return table<string, number|number[]>
function knobs.values(preset, given)
  presets[preset] = presets[preset] or all_of(preset)
  local values = copy(presets[preset], true)
  for name, value in pairs(given or {}) do
    if values[name] == nil then error("no such knob: " .. tostring(name), 3) end
    values[name] = value
  end
  return values
end

return knobs
