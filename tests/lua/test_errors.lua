local errors = require "trapheus.errors"

local tests = {}

function tests.an_error_names_operation_code_and_request()
  local err = errors.new { code = "DBInstanceNotFound", message = "DBInstance orders not found.", status = 404,
    operation = "DescribeDBInstances", request_id = "KDw2", attempts = 1 }
  assert(tostring(err)
    == "DescribeDBInstances: DBInstanceNotFound: DBInstance orders not found. (HTTP 404, request KDw2)")
  assert(err.retryable == false and err.ambiguous == false)
end

function tests.an_error_without_a_reply_is_short()
  local err = errors.new { code = "ConnectError", message = "connection refused", attempts = 3 }
  assert(tostring(err) == "ConnectError: connection refused (3 attempts)")
  assert(tostring(errors.new { code = "NoRegion" }) == "NoRegion: NoRegion")
end

function tests.is_tells_ours_from_others()
  local err = errors.new { code = "Throttling" }
  assert(errors.is(err) and errors.is(err, "Throttling") and not errors.is(err, "AccessDenied"))
  for _, other in ipairs { "Throttling", { code = "Throttling" }, 5 } do assert(not errors.is(other)) end
  assert(not errors.is(nil))
end

local CLASSES = {
  { "DescribeDBInstances", "Throttling", "throttle" },
  { "RestoreDBInstanceFromDBSnapshot", "InternalFailure", "transient" },
  { "RestoreDBInstanceFromDBSnapshot", "InsufficientDBInstanceCapacity", "transient" },
  { "CreateDBSnapshot", "InvalidDBInstanceState", "conflict-wait" },
  { "DeleteDBInstance", "InvalidDBInstanceState", "already-done" },
  { "DeleteDBInstance", "DBInstanceNotFound", "already-done" },
  { "ModifyDBInstance", "DBInstanceNotFound", "fatal" },
  { "DescribeDBInstances", "DBInstanceNotFound", "context" },
  { "RestoreDBInstanceFromDBSnapshot", "DBInstanceAlreadyExists", "already-done" },
  { "ModifyDBInstance", "DBInstanceAlreadyExists", "fatal" },
  { "DescribeDBInstances", "ExpiredToken", "auth" },
  { "ModifyDBInstance", "AccessDenied", "auth" },
  { "ModifyDBInstance", "ConnectionLost", "transient" },
  { "ModifyDBInstance", "SnapshotQuotaExceeded", "fatal" },
  { "ModifyDBInstance", "Unheard", "fatal" },
}

function tests.classes_are_those_of_the_table()
  for _, row in ipairs(CLASSES) do
    local class = errors.class(row[1], row[2])
    assert(class == row[3], ("%s %s: %s"):format(row[1], row[2], class))
  end
end

function tests.an_unknown_code_is_judged_by_its_status()
  assert(errors.class("ModifyDBInstance", "Odd", 503) == "transient")
  assert(errors.class("ModifyDBInstance", "Odd", 429) == "throttle")
  assert(errors.class("ModifyDBInstance", "Odd", 400) == "fatal")
end

return tests
