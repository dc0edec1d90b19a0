--- What is refused of a DB instance.
---@type trapheus.Checks
local checks = { original = {}, names = {}, snapshot = {} }

function checks.original.no_member(_, original)
  local cluster = original.raw.DBClusterIdentifier
  if cluster then return ("it is a member of the cluster %s: restore the cluster, --id %s"):format(cluster, cluster) end
end

function checks.original.no_replica(run, original)
  local raw = original.raw
  local source = raw.ReadReplicaSourceDBInstanceIdentifier or raw.ReadReplicaSourceDBClusterIdentifier
  if source then return ("it is a read replica of %s: restore that one"):format(source) end
  local replicas = table.move(raw.ReadReplicaDBInstanceIdentifiers or {}, 1, 99, 1, {})
  table.move(raw.ReadReplicaDBClusterIdentifiers or {}, 1, 99, #replicas + 1, replicas)
  if #replicas > 0 and not run.options.allow_replicas then
    return ("it has read replicas (%s), which would stay with the old database: --allow-replicas accepts that"):format(
      table.concat(replicas, ", "))
  end
end

return checks
