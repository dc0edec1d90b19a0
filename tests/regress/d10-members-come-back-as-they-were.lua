--- D10: a cluster and its members come back with all that they were configured with, the old writer as the writer.
local clusters = require "clusters"
local rehearse = require "rehearse"
local witness = require "witness"
local tests = {}

local ENGINES = { "aurora-postgresql", "aurora-mysql" }

-- What the original's tool gave a member: the rest was lost.
local GIVEN_BEFORE = { DBInstanceIdentifier = true, DBClusterIdentifier = true, Engine = true, DBInstanceClass = true }

for _, engine in ipairs(ENGINES) do
  tests[engine .. ": nothing differs, and each member is asked for with its own settings"] = function()
    local originals = {}
    local result = rehearse { cluster = { Engine = engine }, members = 3, prepare = function(sandbox)
      for i = 1, 3 do originals["mydb-" .. i] = sandbox:instance("mydb-" .. i) end
    end }
    witness.equal(result.outcome, "restored")
    witness.equal(#result.document.settings.differing, 0, "differing settings")
    local created = witness.changes(result.sandbox, "CreateDBInstance")
    witness.equal(#created, 3, "members made")
    for _, entry in ipairs(created) do
      local was, sent, more = originals[entry.params.DBInstanceIdentifier], entry.params, 0
      witness.equal(sent.PromotionTier, was.PromotionTier, "tier")
      witness.equal(sent.AvailabilityZone, was.AvailabilityZone, "zone")
      witness.equal(sent.DBParameterGroupName, was.DBParameterGroups[1].DBParameterGroupName, "parameter group")
      witness.equal(sent.MonitoringInterval, was.MonitoringInterval, "monitoring")
      witness.equal(sent.CACertificateIdentifier, was.CACertificateIdentifier, "certificate")
      for name in pairs(sent) do more = more + (GIVEN_BEFORE[name] and 0 or 1) end
      assert(more >= 10, "only " .. more .. " more than before")
    end
  end
end

tests["the old writer is made first, alone, and writes"] = function()
  local spec = { cluster = {}, members = {
    { DBInstanceIdentifier = "aa" }, { DBInstanceIdentifier = "bb", PromotionTier = 15, IsClusterWriter = true },
    { DBInstanceIdentifier = "cc" }, { DBInstanceIdentifier = "dd" },
  } }
  local state, problems = clusters.watch(spec), nil
  local prepare = spec.prepare
  function spec.prepare(sandbox)
    prepare(sandbox)
    problems = witness.always(sandbox, function(sb)
      local writer, replacement = sb:instance "bb", sb:cluster "mydb"
      if not replacement or replacement.DbClusterResourceId == state.before.resource_id then return nil end
      local serves = writer and writer.DBClusterIdentifier == "mydb" and writer.DBInstanceStatus ~= "creating"
      if #replacement.DBClusterMembers > 1 and not serves then
        return "a reader was made before the writer served"
      end
    end)
  end
  local result = rehearse(spec)
  witness.equal(result.outcome, "restored")
  witness.none(problems)
  clusters.check_restored(result, state.before)
  witness.equal(witness.changes(result.sandbox, "CreateDBInstance")[1].params.DBInstanceIdentifier, "bb", "the first")
end

tests["the readers are made together, not one after the other"] = function()
  local most = 0
  local spec = { cluster = {}, members = 5, prepare = function(sandbox)
    witness.always(sandbox, function(sb)
      local creating = 0
      for _, member in ipairs(sb.instances) do
        creating = creating + (not member.gone and member.status == "creating" and 1 or 0)
      end
      most = math.max(most, creating)
    end)
  end }
  witness.equal(rehearse(spec).outcome, "restored")
  assert(most >= 3, most .. " at a time")
end

tests["Serverless v2 members can be made: the cluster is given its capacity"] = function()
  local result = rehearse { cluster = { ServerlessV2ScalingConfiguration = { MinCapacity = 1, MaxCapacity = 32 } },
    members = { { DBInstanceIdentifier = "w", DBInstanceClass = "db.serverless", IsClusterWriter = true } } }
  witness.equal(result.outcome, "restored")
  local sent = witness.changes(result.sandbox, "RestoreDBClusterFromSnapshot")[1].params
  witness.equal(sent.ServerlessV2ScalingConfiguration.MaxCapacity, 32, "capacity")
end

tests["engine and version are always given, or it would be the Region's default version"] = function()
  local version
  local result = rehearse { cluster = { Engine = "aurora-mysql" }, members = 1, prepare = function(sandbox)
    version = sandbox:cluster("mydb").EngineVersion
  end }
  witness.equal(witness.changes(result.sandbox, "RestoreDBClusterFromSnapshot")[1].params.EngineVersion, version)
  witness.equal(result.sandbox:cluster("mydb").EngineVersion, version, "version")
end

return tests
