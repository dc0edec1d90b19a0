--- Prints the CloudFormation template of what a part needs in the account. Nothing is called: a person reads it, and
--- deploys it.
local commands = require "trapheus.commands"
local nearest = require "trapheus.nearest"
local options = require "trapheus.options"
local resource = require "trapheus.resource"
local usage = require "trapheus.usage"

return function(arguments)
  local given = options.read("setup", arguments)
  local text = given.part:find "^%l+$" and resource.read("trapheus.setup." .. given.part, "yaml", true)
  if not text then
    local near = nearest(given.part, { export = true })
    usage.fail("there is nothing to set up for '%s'%s: %s is known", given.part,
      near and (" (did you mean %s?)"):format(near) or "", table.concat(commands.CHOICES.part, ", "))
  elseif not given.print then
    usage.fail("--print is missing: the template is only printed; deploy it with aws cloudformation deploy")
  end
  io.stdout:write(text)
  return 0
end
