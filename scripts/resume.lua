--- Goes on with a run that was interrupted or parked. Resuming is running: every step looks first.
local command = require "trapheus.command"

return function(arguments)
  return command.continue("resume", arguments)
end
