--- What can be exported to S3, and where to. RDS User Guide, "Supported Regions and DB engines for exporting snapshots
--- to S3" and the limitations in "Exporting DB snapshot data to Amazon S3"; the same of the Aurora User Guide.
local names = require "trapheus.names"
local sorted = require "trapheus.sorted"

local export = {}

--- By engine the oldest minor version of each of the first major versions that can be exported; none: all can.
local ENGINES = {
  ["mariadb"] = { "10.0.32", "10.1.26", "10.2.12" }, ["mysql"] = { "5.6.40", "5.7.24", "8.0.13" },
  ["postgres"] = { "9.4.21", "9.5.16", "9.6.6", "10.7", "11.2" }, ["aurora-mysql"] = {}, ["aurora-postgresql"] = {},
}

--- The Regions that have no export.
local WITHOUT = { ["ap-east-2"] = true, ["ap-southeast-5"] = true, ["ap-southeast-6"] = true, ["ap-southeast-7"] = true,
  ["mx-central-1"] = true, ["us-gov-east-1"] = true, ["us-gov-west-1"] = true }

local function numbers(version)
  local list = {}
  for number in (version or ""):gmatch "%d+" do list[#list + 1] = tonumber(number) end
  return list
end

-- Of the first `count` numbers of two versions: less than 0, 0, or more.
local function compare(a, b, count)
  for i = 1, count do
    if (a[i] or 0) ~= (b[i] or 0) then return (a[i] or 0) - (b[i] or 0) end
  end
  return 0
end

-- The version that is needed, if this one is too old.
local function too_old(name, version)
  local have = numbers(version)
  for _, text in ipairs(have[1] and ENGINES[name] or {}) do
    local needed = numbers(text)
    local major = compare(have, needed, #needed - 1)
    if major < 0 or major == 0 and compare(have, needed, #needed) < 0 then return text end
    if major == 0 then return nil end
  end
end

-- Each answers nil, or why not. `raw` is the original as Describe gives it.

local function engine(_, raw)
  if ENGINES[raw.Engine] then return nil end
  return ("the engine %s cannot be exported to S3: %s can"):format(raw.Engine, table.concat(sorted.keys(ENGINES), ", "))
end

local function version(_, raw)
  local needed = too_old(raw.Engine, raw.EngineVersion)
  return needed and ("%s %s cannot be exported to S3: it takes %s"):format(raw.Engine, raw.EngineVersion, needed)
end

local function region(run)
  return WITHOUT[run.record.region] and ("there are no exports to S3 in %s: copy the snapshot to another Region, and "
    .. "export it there"):format(run.record.region)
end

local function storage(_, raw)
  return raw.StorageType == "standard" and "what has magnetic storage (standard) cannot be exported to S3"
end

-- A schema is known to PostgreSQL only.
local function tables(run, raw)
  if (raw.Engine or ""):find "postgres" then return nil end
  for _, part in ipairs(run.options.export_tables or {}) do
    if part:find "%..*%." then
      return ("--export-tables '%s': with %s it is DATABASE or DATABASE.TABLE"):format(part, raw.Engine)
    end
  end
end

-- A name is of the account and partition that the database is in.
local function role_arn(run, database_arn)
  local name = run.options.export_role or "trapheus-export-" .. run.record.region
  return name:find "^arn:" and name
    or ("arn:%s:iam::%s:role/%s"):format(database_arn:match "^arn:([^:]+)", run.record.account, name)
end

local function role(run)
  local account = (run.options.export_role or ""):match "^arn:[^:]*:iam::(%d+):"
  return account and account ~= run.record.account and ("--export-role is of account %s, the database of %s: a role is "
    .. "passed in its own account only"):format(account, run.record.account)
end

local function key(run)
  local of = (run.options.export_key or ""):match "^arn:[^:]*:kms:([^:]*):"
  return of and of ~= run.record.region and ("--export-key is of %s, the database of %s: a key of its Region is needed")
    :format(of, run.record.region)
end

local CHECKS = { engine, version, region, storage, tables, role, key }

--- The export of a run.
---@param run trapheus.Run
---@param original trapheus.Database
---@return trapheus.ExportFacts? known  nil: it is not possible
---@return string[] problems             why not
function export.plan(run, original)
  local options, problems = run.options, {}
  for _, check in ipairs(CHECKS) do problems[#problems + 1] = check(run, original.raw) or nil end
  if problems[1] then return nil, problems end
  return { name = names.export(run.identifier, run.id),
    bucket = options.export_bucket or "rds-snapshots-" .. run.record.account, prefix = options.export_prefix,
    role = role_arn(run, original.arn), key = options.export_key or "alias/trapheus-export",
    tables = options.export_tables }, problems
end

return export
