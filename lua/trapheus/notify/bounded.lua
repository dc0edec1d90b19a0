--- Calls a function that waits, for so long and no longer.
local ambient = require "trapheus.ambient"
local errors = require "trapheus.errors"
local log = require "trapheus.log"
local tasks = require "trapheus.tasks"

local bounded = {}

bounded.TIMEOUT_S = 120 -- a delivery that is tried three times, and asked to wait in between, ends before

--- What the function returns; raises what it raises, and NotifyTimeout when that takes too long.
---@param timeout_s number?  In real time, whatever the loop's pace.
---@param f fun(...): any
---@return any
function bounded.call(timeout_s, f, ...)
  timeout_s = timeout_s or bounded.TIMEOUT_S
  local task <close> = tasks.spawn(f, ...)
  local timer <close> = assert(tasks.loop():timer(timeout_s * 1000 * (ambient.pace or 1) // 1))
  tasks.await { done = function() return task:done() or timer:done() end, result = function() end }
  if task:done() then return task:result() end
  error(errors.new { code = "NotifyTimeout", message = "no answer within " .. log.duration(timeout_s) }, 0)
end

--- Checks the fields of a message; raises, with the line of whoever called the primitive.
---@param what string                     "notify.slack"
---@param message table
---@param fields table<string, string>    The type of each; "?" after it: may be missing.
function bounded.check(what, message, fields)
  for name, kind in pairs(fields) do
    local value, wanted = message[name], kind:gsub("%?$", "")
    local missing_is_fine = value == nil and kind:sub(-1) == "?"
    if not missing_is_fine and not (wanted .. "|"):find(type(value) .. "|", 1, true) then
      error(("%s: %s: expected a %s, got %s"):format(what, name, wanted:gsub("|", " or a "), type(value)), 3)
    end
  end
end

return bounded
