--- The command: finds the script that is asked for and runs it. A script returns a pipeline,
--- which is run with its arguments, or a function of its arguments that returns the exit code.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local path = require "trapheus.path"
local pipeline = require "trapheus.pipeline"
local usage = require "trapheus.usage"

local cli = {}

local HELP = [[
Usage: trapheus [--scripts DIR] SCRIPT [ARGUMENT…]

Restores an Amazon RDS database in place: same identifier, same endpoint, same configuration.

  trapheus restore --id mydb --task create_snapshot     one database (trapheus restore --help)
  trapheus resume [RUN]       goes on with a run that was interrupted or parked
  trapheus rollback RUN       gives a run up: the original gets its name back
  trapheus status [RUN]       what the runs of this machine are doing

SCRIPT is one of these names, or the path of a Lua script that returns a pipeline or a function.

  --scripts DIR   look for scripts and modules in DIR first, then in TRAPHEUS_PATH
  --help          this text
  --version       the version
]]

local function run_script(name, arguments)
  local result = path.script(name)()
  if pipeline.is(result) then
    return require("trapheus.command").restore(result, name, arguments)
  elseif type(result) == "function" then
    return result(arguments)
  end
  usage.fail("%s is no script: it returns a %s, not a pipeline or a function", name, type(result))
end

-- Takes the program's own options off the front; the rest is the script's.
local function options(arguments)
  local i = 1
  while arguments[i] and arguments[i]:sub(1, 1) == "-" do
    if arguments[i] == "--help" or arguments[i] == "-h" then return "help" end
    if arguments[i] == "--version" then return "version" end
    if arguments[i] ~= "--scripts" then usage.fail("unknown option %s; see trapheus --help", arguments[i]) end
    path.prepend { arguments[i + 1] or usage.fail "--scripts needs a directory" }
    i = i + 2
  end
  return "run", table.move(arguments, i, #arguments, 1, {})
end

local function dispatch(arguments)
  path.from_environment()
  path.install()
  local what, rest = options(arguments)
  if what == "version" then
    print("trapheus " .. core.version)
    return 0
  elseif what == "help" then
    io.stdout:write(HELP)
    return 0
  elseif #rest == 0 then
    usage.fail "a script is expected; see trapheus --help"
  end
  return run_script(rest[1], table.move(rest, 2, #rest, 1, {}))
end

local function explain(err)
  if usage.is(err) or errors.is(err) or type(err) == "table" then return err end
  return debug.traceback(tostring(err), 2)
end

---@param arguments string[]
---@return integer exit_code
function cli.main(arguments)
  local ok, result = xpcall(dispatch, explain, arguments)
  if ok then return math.type(result) == "integer" and result or 0 end
  local log = require "trapheus.log"
  if usage.is(result) then
    io.stderr:write("trapheus: ", log.clean(tostring(result)), "\n")
    return 2
  elseif errors.is(result) then
    io.stderr:write("trapheus: ", log.clean(tostring(result)), "\n")
    return 3
  end
  io.stderr:write("trapheus: internal error: ", log.clean(tostring(result)), "\n")
  return 1
end

return cli
