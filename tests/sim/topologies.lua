--- What is restored in a simulation: the databases that are there when it begins. Beside the one that is restored
--- there are always others, whose names look like those that a run makes; nothing may happen to them.
local clusters = require "clusters"

local OTHER = "mydb-template-1"

---@class trapheus.sim.Topology
---@field kind "instance"|"cluster"
---@field refused boolean?        preflight is to say no, and nothing is to be changed
---@field populate fun(sb: trapheus.Sandbox)

local function bystander(sb)
  sb:add_instance { DBInstanceIdentifier = OTHER, DeletionProtection = false }
  sb:add_snapshot { DBSnapshotIdentifier = OTHER .. "-snapshot", DBInstanceIdentifier = OTHER }
end

local function instance(fields, refused, more)
  return {
    kind = "instance",
    refused = refused,
    populate = function(sb)
      bystander(sb)
      local given = { DBInstanceIdentifier = "mydb", DeletionProtection = false }
      for field, value in pairs(fields) do given[field] = value end
      sb:add_instance(given)
      if more then more(sb) end
    end,
    add_snapshot = function(sb)
      sb:add_snapshot { DBSnapshotIdentifier = "mydb-snapshot", DBInstanceIdentifier = "mydb" }
    end,
  }
end

-- Without members it is a Multi-AZ DB cluster: RDS makes them.
local function cluster(fields, members, more)
  return {
    kind = "cluster",
    populate = function(sb)
      bystander(sb)
      local given = { DBClusterIdentifier = "mydb", DeletionProtection = false }
      for field, value in pairs(fields) do given[field] = value end
      sb:add_cluster(given, members)
      if more then more(sb) end
    end,
    add_snapshot = function(sb)
      sb:add_cluster_snapshot { DBClusterSnapshotIdentifier = "mydb-snapshot", DBClusterIdentifier = "mydb" }
    end,
  }
end

local function members(...)
  local list = {}
  for i, name in ipairs { ... } do list[i] = { DBInstanceIdentifier = name } end
  return list
end

local function no_database_name(sb) clusters.amend(sb, {}, { "DatabaseName" }) end

-- Another account shares one of its own; there is none that is called mydb-snapshot.
local function shared_snapshot(sb)
  local arn = "arn:aws:rds:us-east-1:210987654321:cluster-snapshot:"
  for _, name in ipairs { "another", "theirs" } do
    sb:add_cluster_snapshot { DBClusterSnapshotIdentifier = name, DBClusterIdentifier = "mydb", SnapshotType = "shared",
      DBClusterSnapshotArn = arn .. name, StorageEncrypted = false }
  end
end

---@type table<string, trapheus.sim.Topology>
return {
  instance = instance {},
  protected = instance { DeletionProtection = true },
  unretained = instance { BackupRetentionPeriod = 0 },
  leftover = instance({}, true, function(sb) sb:add_instance { DBInstanceIdentifier = "mydb-temp" } end),
  replicated = instance({ ReadReplicaDBInstanceIdentifiers = { "mydb-replica" } }, true),
  pending = instance({ PendingModifiedValues = { AllocatedStorage = 500 } }, true),
  aurora = cluster({ Engine = "aurora-postgresql" }, members("mydb-w", "mydb-temperature", "mydb-r2")),
  aurora1 = cluster({ Engine = "aurora-mysql", DeletionProtection = true }, members("mydb-w")),
  multi_az = cluster { Engine = "mysql" },
  nameless = cluster({ Engine = "aurora-postgresql" }, members("mydb-w"), no_database_name),
  shared = cluster({ Engine = "aurora-postgresql", StorageEncrypted = false }, members("mydb-w"), shared_snapshot),
}
