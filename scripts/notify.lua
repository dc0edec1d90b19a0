--- Tries who is told: sends each a message that is marked as a test, or prints what each would get.
local notify = require "trapheus.alerts.trial"
local options = require "trapheus.options"
local usage = require "trapheus.usage"

return function(arguments)
  local given = options.read("notify", arguments)
  if given.test and given.print then usage.fail "--test and --print exclude each other" end
  if given.test then return notify.test(given) end
  if given.print then return notify.print(given) end
  usage.fail "--test sends a message to everybody who is told of anything; --print only shows it"
end
