--- What is made of the table of an instance's settings.
local model = require "trapheus.aws.model"
local equal = require("witness").equal
local settings = require("trapheus.settings").load "instance"

local tests = {}

local rds = model.load "rds"

-- Capturing -------------------------------------------------------------------------------------

local function instance(fields)
  local raw = {
    DBInstanceClass = "db.r6g.large", Engine = "postgres", EngineVersion = "16.4", AllocatedStorage = 500,
    StorageType = "gp3", Iops = 12000, StorageThroughput = 500, MultiAZ = false, AvailabilityZone = "eu-west-1b",
    Endpoint = { Port = 5432 }, BackupRetentionPeriod = 7,
  }
  for field, value in pairs(fields or {}) do raw[field] = value end
  return raw
end

local function capture(fields) return settings:capture(instance(fields)) end

function tests.capture_reads_through_structures_and_lists()
  local config = capture {
    DBSubnetGroup = { DBSubnetGroupName = "private" },
    VpcSecurityGroups = { { VpcSecurityGroupId = "sg-2" }, { VpcSecurityGroupId = "sg-1", Status = "active" } },
    DBParameterGroups = { { DBParameterGroupName = "tuned" } },
    DomainMemberships = { { FQDN = "corp.example.org", DnsIps = { "10.0.0.1", "10.0.0.2" }, AuthSecretArn = "arn" } },
  }
  equal(config.Port, 5432)
  equal(config.DBSubnetGroupName, "private")
  equal(table.concat(config.VpcSecurityGroupIds, " "), "sg-1 sg-2", "sorted, as order means nothing")
  equal(config.DBParameterGroupName, "tuned")
  equal(config.DomainFqdn, "corp.example.org")
end

function tests.all_addresses_of_a_directory_are_kept()
  local config = capture {
    DomainMemberships = { { FQDN = "corp.example.org", DnsIps = { "10.0.0.1", "10.0.0.2" }, AuthSecretArn = "arn" } },
  }
  equal(table.concat(settings:restore(config).DomainDnsIps, " "), "10.0.0.1 10.0.0.2")
end

function tests.what_is_missing_has_its_default_or_nothing()
  local config = settings:capture {}
  equal(config.MultiAZ, false)
  equal(config.MonitoringInterval, 0)
  equal(config.DBInstanceClass, nil)
  equal(config.Tags, nil)
  equal(config.EnableCloudwatchLogsExports, nil)
end

function tests.reserved_tags_are_no_setting()
  local config = capture { TagList = {
    { Key = "owner", Value = "me" }, { Key = "aws:cloudformation:stack-name", Value = "x" },
    { Key = "rds:auto", Value = "y" }, { Key = "trapheus:run", Value = "abcdefgh" }, { Key = "Aws", Value = "mine" },
    { Key = "drds:x", Value = "mine" },
  } }
  local keys = {}
  for i, tag in ipairs(config.Tags) do keys[i] = tag.Key end
  equal(table.concat(keys, " "), "Aws drds:x owner")
end

function tests.a_captured_configuration_is_plain_data()
  local json = require "trapheus.json"
  local config = capture { TagList = { { Key = "b", Value = "2" }, { Key = "a", Value = "1" } },
    EnabledCloudwatchLogsExports = { "upgrade", "postgresql" } }
  local again = json.decode(json.encode(config))
  equal(#settings:diff(config, again), 0, "differences after a crash")
  equal(next(settings:modify(config, again)), nil, "modifications after a crash")
end

-- The restore call --------------------------------------------------------------------------------

function tests.storage_of_gp3_below_the_threshold_sends_no_performance()
  for _, case in ipairs {
    { "postgres", 399, false }, { "postgres", 400, true }, { "mysql", 20, false }, { "mariadb", 4000, true },
    { "oracle-ee", 199, false }, { "oracle-ee", 200, true }, { "db2-se", 399, false },
  } do
    local given = settings:restore(capture { Engine = case[1], AllocatedStorage = case[2] })
    local what = ("%s, %d GiB"):format(case[1], case[2])
    equal(given.Iops ~= nil, case[3], what .. ": Iops")
    equal(given.StorageThroughput ~= nil, case[3], what .. ": StorageThroughput")
    equal(given.StorageType, "gp3", what)
  end
end

function tests.other_storage_sends_what_it_has()
  local io2 = settings:restore(capture { StorageType = "io2", Iops = 20000 })
  equal(io2.Iops, 20000)
  equal(io2.StorageThroughput, nil, "throughput of io2")
  local gp2 = settings:restore(capture { StorageType = "gp2", Iops = 1500 })
  equal(gp2.Iops, nil, "IOPS of gp2")
  equal(gp2.StorageThroughput, nil, "throughput of gp2")
end

function tests.sql_server_takes_no_storage_at_the_restore()
  local given = settings:restore(capture { Engine = "sqlserver-se", EngineVersion = "15.00" })
  for _, parameter in ipairs { "AllocatedStorage", "StorageType", "Iops", "StorageThroughput" } do
    equal(given[parameter], nil, parameter)
  end
end

function tests.a_zone_is_given_without_multi_az_only()
  local single = settings:restore(capture {})
  equal(single.AvailabilityZone, "eu-west-1b")
  equal(single.MultiAZ, false)
  local multi = settings:restore(capture { MultiAZ = true })
  equal(multi.AvailabilityZone, nil)
  equal(multi.MultiAZ, true)
end

function tests.a_database_name_goes_to_engines_that_take_it()
  equal(settings:restore(capture { DBName = "app" }).DBName, nil)
  equal(settings:restore(capture { Engine = "oracle-ee", DBName = "ORCL" }).DBName, "ORCL")
  equal(settings:restore(capture { Engine = "oracle-ee-cdb" }).Engine, nil, "the engine of a container database")
end

function tests.false_is_sent_and_nothing_is_not()
  local given = settings:restore(capture { PubliclyAccessible = false, AutoMinorVersionUpgrade = false })
  equal(given.PubliclyAccessible, false)
  equal(given.AutoMinorVersionUpgrade, false)
  equal(given.CopyTagsToSnapshot, false)
  equal(given.DBName, nil)
  equal(given.DeletionProtection, nil, "protection is for the end")
  equal(given.PreferredMaintenanceWindow, nil, "only a modification takes it")
end

function tests.what_cannot_be_carried_over_is_not_sent()
  local config = capture { TdeCredentialArn = "arn:tde", MasterUserSecret = { SecretArn = "arn:secret" } }
  local given = settings:restore(config)
  equal(given.TdeCredentialArn, nil)
  equal(given.ManageMasterUserPassword, nil)
  local names = {}
  for i, row in ipairs(settings:impossible(config)) do
    names[i] = row.name
    assert(#row.why > 20, row.name .. " has no reason")
  end
  equal(table.concat(names, " "), "MasterUserSecretArn TdeCredentialArn")
end

function tests.only_parameters_of_the_call_are_sent()
  local restore = rds.shapes.RestoreDBInstanceFromDBSnapshotMessage.members
  local modify = rds.shapes.ModifyDBInstanceMessage.members
  local config = capture { MonitoringInterval = 60, MonitoringRoleArn = "arn", PerformanceInsightsEnabled = true,
    TagList = { { Key = "a", Value = "b" } }, EnabledCloudwatchLogsExports = { "postgresql" } }
  for parameter in pairs(settings:restore(config)) do assert(restore[parameter], parameter) end
  for parameter in pairs(settings:modify(config, settings:capture {})) do assert(modify[parameter], parameter) end
end

-- The modification ----------------------------------------------------------------------------------

function tests.no_difference_no_modification()
  equal(next(settings:modify(capture {}, capture {})), nil)
end

function tests.one_difference_one_parameter()
  local given = settings:modify(capture { PreferredMaintenanceWindow = "sun:04:30-sun:05:00" },
    capture { PreferredMaintenanceWindow = "mon:10:00-mon:10:30" })
  equal(given.PreferredMaintenanceWindow, "sun:04:30-sun:05:00")
  given.PreferredMaintenanceWindow = nil
  equal(next(given), nil)
end

function tests.groups_are_sent_together()
  local given = settings:modify(capture { MonitoringInterval = 30, MonitoringRoleArn = "arn:role" },
    capture { MonitoringInterval = 60, MonitoringRoleArn = "arn:role" })
  equal(given.MonitoringInterval, 30)
  equal(given.MonitoringRoleArn, "arn:role", "the role, though it is the same")
  local insights = { PerformanceInsightsEnabled = true, PerformanceInsightsKMSKeyId = "key",
    PerformanceInsightsRetentionPeriod = 465, DatabaseInsightsMode = "advanced" }
  given = settings:modify(capture(insights), capture { PerformanceInsightsEnabled = true,
    PerformanceInsightsKMSKeyId = "key", PerformanceInsightsRetentionPeriod = 465, DatabaseInsightsMode = "standard" })
  equal(given.DatabaseInsightsMode, "advanced")
  equal(given.EnablePerformanceInsights, true)
  equal(given.PerformanceInsightsRetentionPeriod, 465)
  equal(given.MonitoringInterval, nil, "another group")
end

function tests.switched_off_monitoring_sends_no_role()
  local given = settings:modify(capture { MonitoringInterval = 0 },
    capture { MonitoringInterval = 60, MonitoringRoleArn = "arn:role" })
  equal(given.MonitoringInterval, 0)
  equal(given.MonitoringRoleArn, nil)
end

function tests.log_types_are_a_difference()
  local function logs(wanted, found)
    return settings:modify(capture { EnabledCloudwatchLogsExports = wanted },
      capture { EnabledCloudwatchLogsExports = found }).CloudwatchLogsExportConfiguration
  end
  local given = logs({ "audit", "error" }, { "error", "general" })
  equal(table.concat(given.EnableLogTypes, " "), "audit")
  equal(table.concat(given.DisableLogTypes, " "), "general")
  given = logs({ "audit" }, {})
  equal(table.concat(given.EnableLogTypes, " "), "audit")
  equal(given.DisableLogTypes, nil)
  equal(logs({ "b", "a" }, { "a", "b" }), nil, "another order")
end

function tests.a_major_version_is_left_to_a_person()
  local function version(engine, wanted, found)
    return settings:modify(capture { Engine = engine, EngineVersion = wanted },
      capture { Engine = engine, EngineVersion = found }).EngineVersion
  end
  equal(version("postgres", "16.4", "16.1"), "16.4")
  equal(version("postgres", "16.4", "15.8"), nil)
  equal(version("postgres", "9.6.24", "9.6.1"), "9.6.24")
  equal(version("postgres", "9.6.24", "9.5.2"), nil)
  equal(version("mysql", "8.0.39", "8.0.28"), "8.0.39")
  equal(version("mysql", "8.4.3", "8.0.39"), nil)
  equal(version("mariadb", "10.11.9", "10.6.1"), nil)
end

function tests.protection_and_what_cannot_be_is_never_modified()
  local given = settings:modify(capture { DeletionProtection = true, TdeCredentialArn = "arn:tde" }, capture {})
  equal(next(given), nil)
end

-- Comparing -----------------------------------------------------------------------------------------

function tests.a_difference_names_both_values_and_whether_it_matters()
  local differing = settings:diff(
    capture { VpcSecurityGroups = { { VpcSecurityGroupId = "sg-1" } }, AutoMinorVersionUpgrade = true },
    capture { VpcSecurityGroups = { { VpcSecurityGroupId = "sg-default" } }, AutoMinorVersionUpgrade = false })
  equal(#differing, 2)
  equal(differing[1].name, "VpcSecurityGroupIds")
  equal(differing[1].wanted[1], "sg-1")
  equal(differing[1].found[1], "sg-default")
  equal(differing[1].security, true)
  equal(differing[2].name, "AutoMinorVersionUpgrade")
  equal(differing[2].security, nil)
end

function tests.order_is_no_difference_and_a_missing_element_is()
  local function groups(...)
    local list = {}
    for i, id in ipairs { ... } do list[i] = { VpcSecurityGroupId = id } end
    return capture { VpcSecurityGroups = list }
  end
  equal(#settings:diff(groups("a", "b"), groups("b", "a")), 0)
  equal(#settings:diff(groups("a", "b"), groups "a"), 1)
  equal(#settings:diff(groups "a", groups("a", "b")), 1)
end

function tests.what_an_older_client_does_not_show_is_what_rds_gives_by_itself()
  local today = { NetworkType = "IPV4", BackupTarget = "region", DatabaseInsightsMode = "standard",
    EngineLifecycleSupport = "open-source-rds-extended-support" }
  equal(#settings:diff(capture(), capture(today)), 0)
  equal(#settings:compare(capture(today), capture()), 0)
  equal(next(settings:modify(capture(), capture(today))), nil, "a modification")
  equal(settings:restore(capture()).EngineLifecycleSupport, nil, "what is not known is not sent")
  for field, value in pairs { NetworkType = "DUAL", DatabaseInsightsMode = "advanced",
    EngineLifecycleSupport = "open-source-rds-extended-support-disabled" } do
    equal(#settings:diff(capture(), capture { [field] = value }), 1, field)
  end
end

function tests.protection_is_compared_at_the_end_only()
  equal(#settings:diff(capture { DeletionProtection = true }, capture { DeletionProtection = false }), 0)
end

function tests.a_zone_of_multi_az_is_chosen_by_rds()
  local differing = settings:diff(capture { MultiAZ = true, AvailabilityZone = "eu-west-1a" },
    capture { MultiAZ = true, AvailabilityZone = "eu-west-1b" })
  equal(#differing, 0, "differences")
end

function tests.carried_names_what_was_there()
  local carried = {}
  for _, name in ipairs(settings:carried(capture { TdeCredentialArn = "arn" })) do carried[name] = true end
  assert(carried.DBInstanceClass and carried.Port and not carried.TdeCredentialArn and not carried.DBName)
end

return tests
