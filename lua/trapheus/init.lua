--- What scripts and hooks use.
---
---     local trapheus = require "trapheus"
---     local rds = trapheus.client("rds", { region = "eu-west-1" })
---
--- Each part is loaded when it is first named.
local errors = require "trapheus.errors"

---@class trapheus
---@field client fun(service: string, options?: trapheus.ClientOptions): trapheus.Client
---@field request fun(request: trapheus.Request): table
---@field sleep fun(seconds: number)
---@field spawn fun(f: function, ...): trapheus.Task
---@field all fun(functions: function[]): any[]
---@field waiter fun(name: string): trapheus.Waiter
---@field backoff fun(options?: table): trapheus.Backoff
---@field notify { slack: fun(message: trapheus.SlackMessage), email: fun(message: trapheus.Email): string }
---@field json trapheus.json
---@field version string
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

trapheus.notify = lazy({}, {
  slack = { "trapheus.notify.slack", "send" },
  email = { "trapheus.notify.email", "send" },
})

local function returned(ok, ...)
  if ok then return ... end
  local err = ...
  if errors.is(err) then return nil, err end
  error(err, 0)
end

--- Calls a function where failure is an answer: what it returns, or nil and the error of an AWS call. Other errors are
--- raised as ever.
---
---     local ok, err = trapheus.try(rds.DeleteDBSnapshot, rds, { DBSnapshotIdentifier = "orders-snapshot" })
---
---@param f function
---@param ... any
---@return any
function trapheus.try(f, ...)
  return returned(pcall(f, ...))
end

return lazy(trapheus, {
  client = { "trapheus.aws.client", "new" },
  request = { "trapheus.aws.request" },
  sleep = { "trapheus.tasks", "sleep" },
  spawn = { "trapheus.tasks", "spawn" },
  all = { "trapheus.tasks", "all" },
  waiter = { "trapheus.waiter", "new" },
  backoff = { "trapheus.backoff", "new" },
  json = { "trapheus.json" },
  version = { "trapheus.core", "version" },
})
