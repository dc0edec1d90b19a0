--- Goes on with a run that was interrupted or parked. Resuming is running: every step looks first.
local continue = require "trapheus.continue"

return function(arguments) return continue("resume", arguments) end
