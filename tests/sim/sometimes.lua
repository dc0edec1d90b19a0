--- What a campaign must have seen at least once: one that never got there has proved little.
local sometimes = { LIST = {} }

local function row(name, seen) table.insert(sometimes.LIST, { name = name, seen = seen }) end

local function outcome(name) return function(play) return play.outcome == name end end

-- What the runs were told of: an event whose text matches.
local function told(event, pattern)
  return function(play)
    for _, seen in ipairs(play.events) do
      local text = seen.why or seen.message or seen.target or ""
      if seen.event == event and text:find(pattern) then return true end
    end
  end
end

local function stepped(label)
  return function(play)
    for _, step in ipairs(play.hosts[1].run.record.steps) do
      if step.name == label then return true end
    end
  end
end

local function failed_in(step)
  return function(play)
    local failure = play.hosts[1].run.record.failure
    return failure ~= nil and failure.step == step
  end
end

local function died(site, when)
  return function(play)
    for _, death in ipairs(play.died) do
      if death.site == site and death.when == when then return true end
    end
  end
end

-- The calls that did more than look.
local function notable(play)
  local list = {}
  for _, entry in ipairs(play.sandbox.audit) do
    if entry.committed or entry.fault or entry.late or entry.by ~= "client" then list[#list + 1] = entry end
  end
  return list
end

-- Such an entry of the sandbox's audit.
local function audited(holds)
  return function(play)
    play.notable = play.notable or notable(play)
    for _, entry in ipairs(play.notable) do
      if holds(entry) then return true end
    end
  end
end

local function met(kind) return audited(function(entry) return entry.fault == kind end) end

local function did(operation, field)
  return audited(function(entry)
    return entry.operation == operation and entry.committed and entry.by == "client"
      and (not field or entry.params[field] ~= nil)
  end)
end

for _, name in ipairs { "restored", "rolled_back", "failed", "refused", "snapshotted" } do
  row("ends as " .. name, outcome(name))
end
row("is parked, and ends well later", function(play) return play.parked[1] and play.outcome == "restored" end)
row("is parked, and is rolled back later", function(play) return play.parked[1] and play.outcome == "rolled_back" end)
for _, step in ipairs { "preflight", "fence", "snapshot", "rename", "restore", "configure", "verify" } do
  row("fails in " .. step, failed_in(step))
end
for _, step in ipairs { "fence", "snapshot", "rename", "restore", "lock" } do
  row("undoes " .. step, stepped("undo " .. step))
end
for _, when in ipairs { "before", "after", "refused" } do
  row("dies " .. when .. " a journal write", died("journal", when))
end
row("dies before a call", died("call", "before"))
row("dies after a call", died("call", "after"))
row("dies between two looks", died("look", "before"))
row("sleeps between two looks", died("look", "asleep"))
for _, kind in ipairs { "drop", "lost", "dup", "zombie", "throttle", "500n", "500c", "503", "trunc", "garbage", "slow",
  "reset", "dns", "tls", "expired", "revoked", "denied", "terminal", "background_failure", "stuck" } do
  row("meets " .. kind, met(kind))
end
row("a late request is executed", audited(function(entry) return entry.late and entry.committed end))
row("a late request is refused", audited(function(entry) return entry.late and entry.outcome ~= "ok" end))
row("waits until a lost call is certainly dead", told("waiting", "certainly dead"))
row("sends again after a lost call", function(play)
  for _, sent in ipairs(play.watch.sent) do
    for i = 2, #sent.times do
      if sent.times[i - 1].ambiguous then return true end
    end
  end
end)
row("adopts a replacement whose reply was lost", function(play)
  for _, sent in ipairs(play.watch.sent) do
    local once = sent.operation:find "^RestoreDB" and #sent.times == 1
    if once and sent.times[1].ambiguous then return play.outcome == "restored" end
  end
end)
row("replaces a snapshot by way of an interim one", did("DeleteDBSnapshot"))
row("takes a final snapshot", did("DeleteDBInstance", "FinalDBSnapshotIdentifier"))
row("reboots for a parameter group", did("RebootDBInstance"))
row("waits for a baseline backup", told("waiting", "backing%-up"))
row("somebody else changes something meanwhile", audited(function(entry) return entry.by == "operator" end))
row("another host goes on", function(play) return play.hosts[1].elsewhere end)
row("a rival is kept away", function(play)
  local rival = play.hosts[2]
  return rival and rival.run.record.outcome ~= "restored" and play.outcome == "restored"
end)
row("a run stops as another one has its lease", function(play)
  for _, host in ipairs(play.hosts) do
    if (host.run.record.failure or {}).code == "LeaseLost" then return true end
  end
end)
row("another snapshot has the name of the pinned one", function(play)
  local failure = play.hosts[1].run.record.failure
  return failure and failure.message:find "no longer the one that was pinned" ~= nil
end)
row("a snapshot of another account is restored", function(play)
  return play.outcome == "restored" and play.case.topology == "shared"
end)
row("an export is made", did "StartExportTask")
row("an alert does not arrive", audited(function(entry) return entry.service == "webhook" and entry.fault end))
row("a cluster is restored", function(play) return play.watch.kind == "cluster" and play.outcome == "restored" end)
row("a cluster is rolled back", function(play)
  return play.watch.kind == "cluster" and play.outcome == "rolled_back"
end)
row("a member is made", audited(function(entry)
  return entry.operation == "CreateDBInstance" and entry.committed and entry.by == "client" end))
row("something takes as long as is recorded", function(play) return play.hosts[1].run.misled == false end)
row("a record misleads", function(play) return play.hosts[1].run.misled end)
row("a failed reader is made again", told("call", "^mydb%-r2$"))

---@param counts table<string, integer>  By name, added to.
---@param play trapheus.sim.Play
function sometimes.note(counts, play)
  for _, seen in ipairs(sometimes.LIST) do
    if seen.seen(play) then counts[seen.name] = (counts[seen.name] or 0) + 1 end
  end
end

---@param counts table<string, integer>
---@return string[]  Those that never were.
function sometimes.missing(counts)
  local list = {}
  for _, seen in ipairs(sometimes.LIST) do
    if not counts[seen.name] then list[#list + 1] = seen.name end
  end
  return list
end

return sometimes
