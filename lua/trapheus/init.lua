--- What scripts and hooks use.
---
---     local trapheus = require "trapheus"
---     local rds = trapheus.client("rds", { region = "eu-west-1" })
---
--- Each part is loaded when it is first named.

---@class trapheus
---@field client fun(service: string, options?: trapheus.ClientOptions): trapheus.Client  A service of AWS.
---@field request fun(request: trapheus.Request): table  A signed request, where there is no model.
---@field sleep fun(seconds: number)  Other tasks go on meanwhile.
---@field spawn fun(f: function, ...): trapheus.Task  A task beside this one.
---@field all fun(functions: function[]): any[]  Several at once.
---@field run fun(program: trapheus.Program): trapheus.ProgramResult  A program, without a shell.
---@field waiter fun(name: string, service?: string): trapheus.Waiter  One of AWS's, by its name.
---@field backoff fun(options?: table): trapheus.Backoff  How long to wait between tries.
---@field notify trapheus.notify  Mail, Slack, SNS, webhooks.
---@field json trapheus.json  Reads and writes JSON.
---@field try fun(f: function, ...): any, trapheus.Error?  What it returns, or nil and the error of a call.
---@field fleet fun(arguments: string[]): trapheus.Fleet  Many restores, with the flags of bulk.
---@field pipeline fun(spec: trapheus.PipelineSpec): trapheus.Pipeline  One of steps of your own.
---@field steps table<string, trapheus.Step>  Those of a restore, by name.
---@field databases table<string, table>  `instance` and `cluster`: how they are looked at and changed.
---@field version string  Of the program.
local trapheus = {}

--- A table whose fields are looked up, each in its own module, when they are first named.
local function lazy(target, fields)
  return setmetatable(target, {
    __index = function(_, name)
      local field = fields[name]
      if not field then return nil end
      local value = require(field[1])
      if field[2] then value = value[field[2]] end
      target[name] = value
      return value
    end,
  })
end

---@class trapheus.notify
---@field slack fun(message: trapheus.SlackMessage)
---@field email fun(message: trapheus.Email): string
---@field sns fun(message: trapheus.SnsMessage): string
---@field webhook fun(message: trapheus.WebhookMessage)
---@field fleet_summary fun(state: trapheus.FleetState, settings?: trapheus.AlertSettings, world?: table): string[]
---@field escape { text: fun(text: string): string, html: fun(text: string): string, slack: fun(text: string): string }
trapheus.notify = lazy({}, {
  slack = { "trapheus.notify.slack", "send" },
  email = { "trapheus.notify.email", "send" },
  sns = { "trapheus.notify.sns", "send" },
  webhook = { "trapheus.notify.webhook", "send" },
  escape = { "trapheus.escape" },
  fleet_summary = { "trapheus.alerts", "fleet_summary" },
})

--- Modules of a directory, by name.
local function modules(prefix)
  return setmetatable({}, {
    __index = function(loaded, name)
      loaded[name] = require(prefix .. name)
      return loaded[name]
    end,
  })
end

trapheus.steps = modules "trapheus.steps."
trapheus.databases = modules "trapheus.databases."

--- The pipeline (or program) of a script, to run or to extend.
---
---     local restore = trapheus.load "restore"
---     restore:before("verify", function(run) … end)
---     return restore
---
---@param script string  A bundled script's name, or a path.
---@return trapheus.Pipeline
function trapheus.load(script)
  return require("trapheus.path").script(script)()
end

return lazy(trapheus, {
  client = { "trapheus.aws.client", "new" },
  request = { "trapheus.aws.request" },
  sleep = { "trapheus.tasks", "sleep" },
  spawn = { "trapheus.tasks", "spawn" },
  all = { "trapheus.tasks", "all" },
  run = { "trapheus.program" },
  waiter = { "trapheus.waiter", "new" },
  backoff = { "trapheus.backoff", "new" },
  fleet = { "trapheus.fleet", "new" },
  json = { "trapheus.json" },
  pipeline = { "trapheus.pipeline", "new" },
  try = { "trapheus.errors", "try" },
  version = { "trapheus.core", "version" },
})
