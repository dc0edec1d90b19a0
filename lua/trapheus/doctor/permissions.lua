--- May the caller do what a restore of this database needs? By IAM's own simulation, where that is permitted.
local client = require "trapheus.aws.client"
local errors = require "trapheus.errors"
local policy = require "trapheus.policy"
local sorted = require "trapheus.sorted"

--- The user or role behind a caller; nil for the root of an account, who may do everything.
local function principal(arn)
  local partition, account, role = arn:match "^arn:([^:]+):sts::(%d+):assumed%-role/([^/]+)/"
  if role then return ("arn:%s:iam::%s:role/%s"):format(partition, account, role) end
  return not arn:find ":root$" and arn or nil
end

--- What the conditions of a statement expect, as the simulation wants to be told.
local function context_of(statement)
  local entries = {}
  for operator, expected in pairs(statement.Condition or {}) do
    for name, value in pairs(expected) do
      entries[#entries + 1] = { ContextKeyName = name, ContextKeyValues = { value },
        ContextKeyType = operator:find "^ForAnyValue" and "stringList" or "string" }
    end
  end
  return entries[1] and entries or nil
end

--- Neither actions nor resources are patterns there.
local function plain(list, stand_in)
  local result = {}
  for i, text in ipairs(list) do result[i] = text:gsub("%*", stand_in) end
  return result
end

local function simulate(iam, source, statement, missing)
  local request = { PolicySourceArn = source, ActionNames = plain(statement.Action, ""),
    ContextEntries = context_of(statement),
    ResourceArns = type(statement.Resource) == "table" and plain(statement.Resource, "x") or nil }
  local how = { repeatable = true }
  for result in iam:paginate("SimulatePrincipalPolicy", request, "EvaluationResults", how) do
    if result.EvalDecision ~= "allowed" then
      missing[("%s on %s"):format(result.EvalActionName, result.EvalResourceName or "*")] = true
    end
  end
end

local function simulate_all(about, document)
  local source = principal(about.caller.Arn)
  if not source then return "the root of the account may do everything" end
  local iam, missing = client.new("iam", { config = about.settings, region = about.region }), {}
  for _, statement in ipairs(document.Statement) do
    if statement.Effect == "Allow" then simulate(iam, source, statement, missing) end
  end
  local list = sorted.keys(missing)
  if #list == 0 then return "all that a restore needs, by IAM's simulation" end
  error(errors.new { code = "AccessDenied", message = "IAM's simulation denies " .. table.concat(list, ", ") }, 0)
end

--- An IAM that does not answer, or is not to be asked, says nothing about the restore.
---@param about trapheus.Patient
---@return string|false text
---@return string? why
return function(about)
  local result, err = errors.try(simulate_all, about, policy.build(about.needs))
  if result then return result end
  if err.operation ~= "SimulatePrincipalPolicy" then error(err, 0) end
  return false, ("IAM's simulation gave no answer (%s: %s): what is missing shows in a run"):format(err.code,
    (err.message:gsub("%.$", "")))
end
