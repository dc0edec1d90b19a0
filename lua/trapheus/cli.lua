--- The command: finds the script that is asked for and runs it. A script returns a pipeline,
--- which is run with its arguments, or a function of its arguments that returns the exit code.
--- What only some commands need is required where they need it: parsing it is a part of start-up.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local path = require "trapheus.path"
local usage = require "trapheus.usage"

local cli = {}

local function help()
  local commands = require "trapheus.commands"
  local lines = { "Usage: trapheus " .. commands.SYNOPSIS, "", (commands.SUMMARY:gsub(": ", ":\n", 1)), "" }
  for _, command in ipairs(commands.LIST) do
    lines[#lines + 1] = ("  trapheus %-27s %s"):format(command.name .. " " .. command.synopsis, command.summary)
  end
  lines[#lines + 1] = "\nSCRIPT is one of these names (each has its own --help), or the path of a Lua\n"
    .. "script that returns a pipeline or a function.\n"
  for _, flag in ipairs(commands.FLAGS) do
    lines[#lines + 1] = ("  %-15s %s"):format(flag[1] .. (flag[2] and " " .. flag[2] or ""), flag[3])
  end
  return table.concat(lines, "\n")
end

-- A script may make its clients when it is loaded, which is before its flags are read.
local function expect_rehearsal(arguments)
  for _, argument in ipairs(arguments) do
    if argument:find "^%-%-sandbox%f[=\0]" then require("trapheus.ambient").expected = true end
  end
end

local function run_script(name, arguments)
  expect_rehearsal(arguments)
  local ok, result = pcall(path.script(name))
  if not ok then
    if type(result) == "string" then usage.fail("%s: %s", name, result) end
    error(result, 0)
  end
  if require("trapheus.pipeline").is(result) then
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
    local directory = arguments[i + 1] or usage.fail "--scripts needs a directory"
    if not core.system.stat(directory) then usage.fail("--scripts: there is no directory %s", directory) end
    path.prepend { directory }
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
    print(help())
    return 0
  elseif #rest == 0 then
    usage.fail "a script is expected; see trapheus --help"
  end
  return run_script(rest[1], table.move(rest, 2, #rest, 1, {}))
end

---@param arguments string[]
---@return integer exit_code
function cli.main(arguments)
  local ok, result = xpcall(dispatch, errors.traced, arguments)
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
