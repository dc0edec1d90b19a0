--- What Describe shows and is no setting of the database itself, so that a test can say of every member of the service
--- model what becomes of it. A path that ends with "." stands for all that is below it.
---
---   identity  the database's own: name, ARN, addresses, when it was made
---   status    how it is, not how it is to be
---   elsewhere a property of something that a restore does not touch, or that is another setting's consequence
---   cluster   of a member: the cluster has it
local INSTANCE = {
  identity = {
    "DBInstanceIdentifier", "DBInstanceArn", "DBClusterIdentifier", "InstanceCreateTime", "Endpoint.Address",
    "Endpoint.HostedZoneId", "ListenerEndpoint.", "DbInstancePort", "EnhancedMonitoringResourceArn",
    "LatestRestorableTime",
  },
  status = {
    "DBInstanceStatus", "PendingModifiedValues.", "StatusInfos[].", "PercentProgress", "AutomaticRestartTime",
    "DBSecurityGroups[].Status", "VpcSecurityGroups[].Status", "DBParameterGroups[].ParameterApplyStatus",
    "OptionGroupMemberships[].Status", "DomainMemberships[].Status", "AssociatedRoles[].Status",
    "MasterUserSecret.SecretStatus", "IsStorageConfigUpgradeAvailable", "StorageVolumeStatus",
    "StorageOperationStatus", "StorageOperationPercentProgress", "AdditionalStorageVolumes[].StorageVolumeStatus",
    "AdditionalStorageVolumes[].StorageOperationStatus",
    "AdditionalStorageVolumes[].StorageOperationPercentProgress", "ReadReplicaSourceDBInstanceIdentifier",
    "ReadReplicaSourceDBClusterIdentifier",
  },
  elsewhere = {
    "DBSubnetGroup.DBSubnetGroupDescription", "DBSubnetGroup.VpcId", "DBSubnetGroup.SubnetGroupStatus",
    "DBSubnetGroup.Subnets[].SubnetIdentifier", "DBSubnetGroup.Subnets[].SubnetAvailabilityZone.Name",
    "DBSubnetGroup.Subnets[].SubnetOutpost.Arn", "DBSubnetGroup.Subnets[].SubnetStatus",
    "DBSubnetGroup.DBSubnetGroupArn", "DBSubnetGroup.SupportedNetworkTypes[]", "UpgradeRolloutOrder",
    "CertificateDetails.CAIdentifier", "CertificateDetails.ValidTill",
  },
}

local CLUSTER = {
  identity = {
    "DBClusterIdentifier", "DBClusterArn", "ClusterCreateTime", "CloneGroupId", "Endpoint", "ReaderEndpoint",
    "HostedZoneId", "EarliestRestorableTime", "LatestRestorableTime", "EarliestBacktrackTime",
    "BacktrackConsumedChangeRecords", "CrossAccountClone",
  },
  status = {
    "Status", "PercentProgress", "AutomaticRestartTime", "PendingModifiedValues.", "StatusInfos[].",
    "ReplicationSourceIdentifier", "DBClusterOptionGroupMemberships[].Status", "VpcSecurityGroups[].Status",
    "AssociatedRoles[].Status", "DomainMemberships[].Status", "DBClusterMembers[].DBClusterParameterGroupStatus",
    "MasterUserSecret.SecretStatus", "GlobalWriteForwardingStatus", "IOOptimizedNextAllowedModificationTime",
    "LimitlessDatabase.MinRequiredACU",
  },
  elsewhere = {
    "MultiAZ", "StorageThroughput", "UpgradeRolloutOrder", "CertificateDetails.ValidTill", "DBSystemId",
    "DomainMemberships[].FQDN", "DomainMemberships[].OU", "DomainMemberships[].AuthSecretArn",
    "DomainMemberships[].DnsIps[]",
  },
}

local MEMBER = {
  identity = INSTANCE.identity,
  status = INSTANCE.status,
  elsewhere = INSTANCE.elsewhere,
  cluster = {
    "MasterUsername", "DBName", "Endpoint.Port", "AllocatedStorage", "PreferredBackupWindow",
    "BackupRetentionPeriod", "VpcSecurityGroups[].VpcSecurityGroupId", "DBSubnetGroup.DBSubnetGroupName", "MultiAZ",
    "EngineVersion", "LicenseModel", "Iops", "StorageThroughput", "OptionGroupMemberships[].OptionGroupName",
    "CharacterSetName", "StorageType", "StorageEncryptionType", "StorageEncrypted", "KmsKeyId",
    "DomainMemberships[].Domain", "DomainMemberships[].IAMRoleName", "IAMDatabaseAuthenticationEnabled",
    "DatabaseInsightsMode", "EnabledCloudwatchLogsExports[]", "DeletionProtection", "AssociatedRoles[].RoleArn",
    "AssociatedRoles[].FeatureName", "MaxAllocatedStorage", "NetworkType", "ActivityStreamStatus",
    "ActivityStreamKmsKeyId", "ActivityStreamMode", "MasterUserSecret.SecretArn", "MasterUserSecret.KmsKeyId",
    "EngineLifecycleSupport",
  },
  never = { -- no member of an Aurora cluster has it
    "ReadReplicaDBInstanceIdentifiers[]", "ReadReplicaDBClusterIdentifiers[]", "ReplicaMode",
    "NcharCharacterSetName", "SecondaryAvailabilityZone", "TdeCredentialArn", "DomainMemberships[].FQDN",
    "DomainMemberships[].OU", "DomainMemberships[].AuthSecretArn", "DomainMemberships[].DnsIps[]", "Timezone",
    "ProcessorFeatures[].Name", "ProcessorFeatures[].Value", "AutomationMode", "ResumeFullAutomationModeTime",
    "CustomerOwnedIpEnabled", "ActivityStreamKinesisStreamName", "ActivityStreamEngineNativeAuditFieldsIncluded",
    "AwsBackupRecoveryPointArn", "DBInstanceAutomatedBackupsReplications[].DBInstanceAutomatedBackupsArn",
    "BackupTarget", "CustomIamInstanceProfile", "ActivityStreamPolicyStatus", "DBSystemId", "MultiTenant",
    "DedicatedLogVolume", "AdditionalStorageVolumes[].VolumeName", "AdditionalStorageVolumes[].AllocatedStorage",
    "AdditionalStorageVolumes[].IOPS", "AdditionalStorageVolumes[].MaxAllocatedStorage",
    "AdditionalStorageVolumes[].StorageThroughput", "AdditionalStorageVolumes[].StorageType",
    "DBSecurityGroups[].DBSecurityGroupName",
  },
}

---@type table<string, table<string, string[]>>
return { instance = INSTANCE, cluster = CLUSTER, member = MEMBER }
