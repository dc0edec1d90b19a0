--- The calls to STS that give temporary credentials.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local source = require "trapheus.aws.credentials.source"

local sts = {}

--- The name of a session that has been given none.
---@return string
function sts.session_name()
  return ("trapheus-%d"):format(core.clock.wall_ms() // 1000)
end

--- Calls STS where the user's settings say it is, signed by an identity or (false) by nobody.
---@param config trapheus.Config
---@param operation "AssumeRole"|"AssumeRoleWithWebIdentity"
---@param params table
---@param signer trapheus.aws.Identity|false
---@return userdata credentials
function sts.call(config, operation, params, signer)
  local client = require("trapheus.aws.client").new("sts", {
    config = config,
    region = config:chosen_region() or signer and config:region() or "aws-global",
    endpoint_url = config:configured_endpoint_url "sts" or false,
    credentials = signer,
  })
  local ok, reply = pcall(client[operation], client, params, { repeatable = true })
  if not ok then
    if not errors.is(reply) then error(reply, 0) end
    source.fail(reply.code, "%s of %s: %s", operation, params.RoleArn, reply.message)
  end
  return source.credentials(reply.Credentials or {}, operation .. " of " .. params.RoleArn)
end

return sts
