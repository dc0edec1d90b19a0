--- What stands beside instances and snapshots: kinds of which this account has none, STS, SES, webhooks.

local errors = require "trapheus.sandbox.errors"
local tables = require "trapheus.sandbox.tables"

local others = { operations = { rds = {}, sts = {}, ses = {}, webhook = {} } }

---@class trapheus.sandbox.Absent
---@field operation string
---@field field string Of the result
---@field by string The parameter that names one
---@field code string What naming one answers
---@type trapheus.sandbox.Absent[]
local ABSENT = {
  { operation = "DescribeBlueGreenDeployments", field = "BlueGreenDeployments", by = "BlueGreenDeploymentIdentifier",
    code = "BlueGreenDeploymentNotFoundFault" },
  { operation = "DescribeGlobalClusters", field = "GlobalClusters", by = "GlobalClusterIdentifier",
    code = "GlobalClusterNotFoundFault" },
  { operation = "DescribeExportTasks", field = "ExportTasks", by = "ExportTaskIdentifier",
    code = "ExportTaskNotFound" },
  { operation = "DescribeDBProxies", field = "DBProxies", by = "DBProxyName", code = "DBProxyNotFoundFault" },
  { operation = "DescribeDBProxyTargets", field = "Targets", by = "DBProxyName", code = "DBProxyNotFoundFault" },
}

for _, absent in ipairs(ABSENT) do
  others.operations.rds[absent.operation] = function(_, params)
    local name = params[absent.by]
    if name then errors.refuse(absent.code, ("%s not found."):format(name)) end
    return { [absent.field] = {} }
  end
end

function others.operations.sts.GetCallerIdentity(sb)
  return { Account = sb.account, UserId = "AIDASANDBOX", Arn = ("arn:aws:iam::%s:user/sandbox"):format(sb.account) }
end

function others.operations.ses.SendEmail(sb, params)
  local mail = tables.copy(params)
  mail.at_ms = sb.now
  table.insert(sb.mail, mail)
  sb:committed()
  return { MessageId = ("%016x-sandbox"):format(#sb.mail) }
end

function others.operations.webhook.webhook(sb, params)
  table.insert(sb.webhooks, { at_ms = sb.now, url = params.url, body = params.body })
  sb:committed()
  return true
end

return others
