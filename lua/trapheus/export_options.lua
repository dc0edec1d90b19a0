--- The flags of an export: what can be said of them without asking AWS.
local usage = require "trapheus.usage"

local export_options = {}

--- The fields that mean something with --export only.
export_options.FIELDS = { "export_bucket", "export_role", "export_key", "export_prefix", "export_tables", "export_wait",
  "export_optional" }

local LONGEST_LIST = 200 * 1024 -- bytes, of ExportOnly

local function is_bucket(text)
  return #text >= 3 and #text <= 63 and text:find "^[%l%d][%l%d.-]*[%l%d]$" ~= nil and not text:find("..", 1, true)
end

local function is_role(text)
  return #text <= 64 and text:find "^[%w+=,.@_-]+$" or text:find "^arn:[%w-]+:iam::%d+:role/[%w+=,.@_/-]+$"
end

local KEYS = { "^%x+%-%x+%-%x+%-%x+%-%x+$", "^mrk%-%x+$", "^alias/[%w/_-]+$", "^arn:[%w-]+:kms:[%w-]+:%d+:key/[%w-]+$",
  "^arn:[%w-]+:kms:[%w-]+:%d+:alias/[%w/_-]+$" }

local function is_key(text)
  for _, pattern in ipairs(KEYS) do
    if text:find(pattern) then return true end
  end
  return false
end

-- "database", "database.…" or "database.….…", of the characters that a partial export takes.
local function is_part(text)
  local _, dots = text:gsub("%.", "")
  return dots <= 2 and not text:find "[^%w$_.]" and not text:find("..", 1, true) and not text:find "^%."
    and not text:find "%.$"
end

local function check_tables(list)
  for _, part in ipairs(list) do
    if not is_part(part) then
      usage.fail("--export-tables '%s': DATABASE, DATABASE.TABLE, DATABASE.SCHEMA or DATABASE.SCHEMA.TABLE is "
        .. "expected, of letters, digits, $ and _ (what is called otherwise is only exported with all the rest)", part)
    end
  end
  if #table.concat(list, ",") > LONGEST_LIST then usage.fail "--export-tables: the list may have 200 KB" end
end

--- Raises a usage error. A prefix is left without the slash at its end.
---@param given trapheus.Given
function export_options.check(given)
  local bucket, role, key, prefix = given.export_bucket, given.export_role, given.export_key, given.export_prefix
  if bucket and not is_bucket(bucket) then
    usage.fail("--export-bucket '%s' is no name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens are "
      .. "expected", bucket)
  elseif role and not is_role(role) then
    usage.fail("--export-role '%s' is no role: its name or its ARN is expected", role)
  elseif key and not is_key(key) then
    usage.fail("--export-key '%s' is no KMS key: its id, its ARN or an alias (alias/NAME) is expected", key)
  elseif key and key:find "alias/aws/" then
    usage.fail("--export-key '%s' is a key that AWS manages, which the role of an export cannot use: one of your own "
      .. "is needed", key)
  end
  if prefix then
    given.export_prefix = prefix:match "^(.-)/*$"
    if given.export_prefix == "" or prefix:find '[:%c%s\\`"]' or prefix:find "^/" then
      usage.fail("--export-prefix '%s': a path as 'nightly/orders' is expected, without a slash at its start, and "
        .. "without : \\ ` \" or blanks", prefix)
    end
  end
  check_tables(given.export_tables or {})
end

return export_options
