--- Prints a completion script: source <(trapheus completion bash)
local completion = require "trapheus.completion"
local options = require "trapheus.options"
local usage = require "trapheus.usage"

return function(arguments)
  local shell = options.read("completion", arguments).shell
  local make = completion[shell] or usage.fail("there is completion for bash and zsh, not for '%s'", shell)
  io.stdout:write(make())
  return 0
end
