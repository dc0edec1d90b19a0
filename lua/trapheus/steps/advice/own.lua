--- Questions that need no call: about this machine, and about what needs a hand afterwards.
local log = require "trapheus.log"

local TOLERATED_SKEW_S = 60 -- AWS refuses a signature that is 5 min off

-- This machine ----------------------------------------------------------------------------------

local function credentials(about)
  local world = about.run.world
  local ends_at, what = world:credentials_end_at()
  if world:credentials_end_unknown() then
    return "the credentials are temporary, and nothing says when they end: a run that they do not outlast stops until "
      .. "'trapheus resume' has others; a profile or role whose credentials can be fetched again lasts"
  end
  if not ends_at or ends_at >= about.ends_at then return nil end
  return ("the credentials end at %s, in %s, which the run may outlast%s: use others, or go on with new ones by "
    .. "'trapheus resume %s'"):format(log.time(ends_at), log.duration(ends_at - about.run:now_s()),
    what and (" (%s)"):format(what) or "", about.run.id)
end

local function clock(about)
  local ahead_s = about.run.world:clock_ahead_s()
  if not ahead_s or math.abs(ahead_s) < TOLERATED_SKEW_S then return nil end
  return ("the clock of this machine is %s %s AWS's: set it, or AWS may refuse its signatures"):format(
    log.duration(math.abs(ahead_s)), ahead_s > 0 and "ahead of" or "behind")
end

local function nobody_told(about)
  if not about.run.world.unattended then return nil end
  return "nobody is told if this fails: see trapheus notify --help, or watch the exit code"
end

-- The replacement has what the snapshot has.
local function awaited_export(about)
  if not (about.run.facts.export and about.run.options.export_wait) then return nil end
  return "the export is waited for before the database is moved (--export-wait), which may take hours: what is written "
    .. "after the snapshot is not in the replacement, so keep writers away, or do without waiting"
end

-- Afterwards ----------------------------------------------------------------------------------

local function resource_id(about)
  local original, parts = about.original, {}
  if original.IAMDatabaseAuthenticationEnabled then
    parts[#parts + 1] = "put the new one, which the report gives, into the IAM policies for rds-db:connect that name it"
  end
  local days = original.PerformanceInsightsEnabled and original.PerformanceInsightsRetentionPeriod or 0
  if days > 7 then -- more than the free tier: somebody wants to keep it
    parts[#parts + 1] = ("its %d days of Performance Insights history stay behind"):format(days)
  end
  if #parts == 0 then return nil end
  return ("once restored it has another resource id than %s: %s"):format(about.seen.resource_id,
    table.concat(parts, "; "))
end

local function domain(about)
  local membership = (about.original.DomainMemberships or {})[1]
  if not membership then return nil end
  return ("it is joined to the domain %s: check afterwards that domain users can log in, and join again if not"):format(
    membership.FQDN or membership.Domain or "of its directory")
end

local function replicas(about)
  local names = {}
  for _, field in ipairs { "ReadReplicaDBInstanceIdentifiers", "ReadReplicaDBClusterIdentifiers",
    "ReadReplicaIdentifiers" } do
    for _, name in ipairs(about.original[field] or {}) do names[#names + 1] = name end
  end
  if #names == 0 then return nil end
  return ("its read replicas (%s) stay with the old database, and are on their own once that is deleted: make new ones "
    .. "of the replacement"):format(table.concat(names, ", "))
end

local function key(about)
  if about.run.database.RESTORE_TAKES_KEY or about.takes_snapshot or not about.snapshot then return nil end
  local theirs = about.snapshot.raw.KmsKeyId
  if not theirs or theirs == about.original.KmsKeyId then return nil end
  return ("the replacement will be encrypted with the snapshot's key %s, not with the database's: make sure that it "
    .. "is enabled"):format(theirs)
end

local function unfenced(about)
  if not about.run.options.no_fence then return nil end
  return "the original is not protected from deletion meanwhile (--no-fence): what stands in is the wait of 16 minutes "
    .. "after a call that was lost"
end

---@type trapheus.Question[]
return {
  { name = "credentials", ask = credentials },
  { name = "clock", ask = clock },
  { name = "alerts", ask = nobody_told },
  { name = "export", restoring = true, ask = awaited_export },
  { name = "fence", restoring = true, ask = unfenced },
  { name = "resource id", restoring = true, ask = resource_id },
  { name = "domain", restoring = true, ask = domain },
  { name = "read replicas", restoring = true, ask = replicas },
  { name = "KMS key", restoring = true, ask = key },
}
