--- Errors of AWS calls: the table that a failed call raises, and what kind of failure a code is.
local resource = require "trapheus.resource"

local errors = {}

---@class trapheus.Error
---@field code string            AWS's own code, "DBInstanceNotFound"; or a local one: NameResolutionError, TLSError,
---                              ConnectError, ConnectionLost, RequestTimeout, MalformedReply, NoCredentials, NoRegion,
---                              ProfileNotFound, WaiterFailed, WaiterTimeout, Interrupted (by a signal).
---@field message string
---@field operation? string      "DescribeDBInstances"
---@field service? string        "rds"
---@field status? integer        HTTP status; nil when there was no reply.
---@field request_id? string
---@field retryable boolean      Worth sending again as it is.
---@field ambiguous boolean      A change that may have been made all the same.
---@field attempts? integer      How often it was sent.
---@field details? table         Further members of a modelled error.
local Error = { __name = "trapheus.Error" }
Error.__index = Error

--- "DescribeDBInstances: DBInstanceNotFound: DBInstance orders not found. (HTTP 404, request KDw2…)"
function Error:__tostring()
  local text = ("%s: %s"):format(self.code, self.message)
  if self.operation then text = ("%s: %s"):format(self.operation, text) end
  local origin = {}
  if self.status then origin[#origin + 1] = "HTTP " .. self.status end
  if self.request_id then origin[#origin + 1] = "request " .. self.request_id end
  if self.attempts and self.attempts > 1 then origin[#origin + 1] = self.attempts .. " attempts" end
  return #origin > 0 and ("%s (%s)"):format(text, table.concat(origin, ", ")) or text
end

--- Makes an error of its fields; `code` must be there.
---@param fields table
---@return trapheus.Error
function errors.new(fields)
  assert(type(fields.code) == "string", "an error has a code")
  fields.message = fields.message or fields.code
  fields.retryable = fields.retryable or false
  fields.ambiguous = fields.ambiguous or false
  return setmetatable(fields, Error)
end

--- Is it an error of an AWS call, and, if a code is given, that one?
---@param err any
---@param code? string
---@return boolean
function errors.is(err, code)
  return getmetatable(err) == Error and (code == nil or err.code == code)
end

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
function errors.try(f, ...)
  return returned(pcall(f, ...))
end

--- For xpcall: an error that is a table says all itself, any other one is given its traceback.
---@param err any
---@return any
function errors.traced(err)
  return type(err) == "table" and err or debug.traceback(tostring(err), 2)
end

local classes -- "operation code" -> class

local function load_classes()
  local found = {}
  for operation, code, class in resource.read("trapheus.aws.errors", "tsv"):gmatch "([^\t\n]+)\t([^\t\n]+)\t([^\n]+)" do
    found[operation .. " " .. code] = class
  end
  return found
end

---@alias trapheus.ErrorClass
---| "throttle"       # asked too often: later, as it is
---| "transient"      # the service or the way to it: later, as it is
---| "conflict-wait"  # not in this state: look again, and wait while the state passes
---| "already-done"   # what was asked for is so, if a look confirms that it is ours
---| "context"        # not there: what that means, the asker knows
---| "auth"           # credentials or permissions
---| "fatal"          # anything else: asking again will not help

--- What kind of failure a code is, for an operation. An unknown code is judged by its HTTP status.
---@param operation string
---@param code string
---@param status? integer
---@return trapheus.ErrorClass
function errors.class(operation, code, status)
  classes = classes or load_classes()
  return classes[operation .. " " .. code] or classes["* " .. code]
    or status == 429 and "throttle"
    or status and status >= 500 and "transient"
    or "fatal"
end

return errors
