--- The master user of a new database: its name, and the password, which is checked and forgotten.

local validate = require "trapheus.sandbox.validate"

local master_user = {}

--- What differs between the engines that can be created here: of an instance, and of a cluster.
master_user.RULES = {
  postgres = { version = "^%d+", password = 128, username = 63, reserved = { rdsadmin = true, admin = true } },
  mysql = { version = "^%d+%.%d+", password = 41, username = 16, reserved = { rdsadmin = true } },
  mariadb = { version = "^%d+%.%d+", password = 41, username = 16, reserved = { rdsadmin = true } },
}

master_user.CLUSTER_RULES = {
  ["postgres"] = master_user.RULES.postgres, ["mysql"] = master_user.RULES.mysql,
  ["aurora-postgresql"] = master_user.RULES.postgres, ["aurora-mysql"] = master_user.RULES.mysql,
}

local function check_username(params, rules)
  validate.present(params, "MasterUsername")
  local name = params.MasterUsername
  if not name:find "^%a[%w_]*$" or #name > rules.username then
    validate.refuse_value("The parameter MasterUsername is not a valid identifier.")
  elseif rules.reserved[name:lower()] then
    validate.refuse_value("MasterUsername %s cannot be used as it is a reserved word used by the engine", name)
  end
end

local INVALID = "The parameter MasterUserPassword is not a valid password"

--- No message shows the password.
local function check_password(params, rules)
  local password = params.MasterUserPassword
  if params.ManageMasterUserPassword then
    if not password then return end
    validate.refuse_combination "MasterUserPassword and ManageMasterUserPassword exclude each other."
  end
  validate.present(params, "MasterUserPassword")
  if #password < 8 or #password > rules.password then
    validate.refuse_value("%s because it is %s than %d characters.", INVALID, #password < 8 and "shorter" or "longer",
      #password < 8 and 8 or rules.password)
  elseif not password:find "^[!-~]+$" or password:find '[/@"]' then
    validate.refuse_value("%s. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.", INVALID)
  end
end

---@param params table
---@param rules table
function master_user.check(params, rules)
  check_username(params, rules)
  check_password(params, rules)
end

return master_user
