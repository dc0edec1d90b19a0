--- Prints the IAM policy that a restore of one database needs, and no more: what was seen in a rehearsal of it.
local json = require "trapheus.json"
local options = require "trapheus.options"
local permissions = require "trapheus.permissions"
local policy = require "trapheus.policy"
local trapheus = require "trapheus"

local LONGEST = 6144 -- of a managed policy, blanks not counted

return function(arguments)
  local given = options.restore(arguments, "policy")
  local document = policy.build(permissions.gather(trapheus.load "restore", given))
  print(json.encode(document, { indent = true }))
  local length = #json.encode(document)
  if length > LONGEST then
    io.stderr:write(("trapheus: warning: the policy has %d characters, a managed policy may have %d: put it into the "
      .. "role itself (10240)\n"):format(length, LONGEST))
  end
  return 0
end
