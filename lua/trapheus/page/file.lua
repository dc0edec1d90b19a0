--- Where a page is written: beside its place first, so that nobody sees half of one.
local core = require "trapheus.core"
local log = require "trapheus.log"
local usage = require "trapheus.usage"

local file = {}

--- Raises a usage error when nothing can be written there: better before a restore than after it.
---@param name string?  nil: no page was asked for
function file.check(name)
  if not name then return end
  local stat = core.system.stat(name)
  if stat and stat.type == "directory" then usage.fail("--report: %s is a directory", name) end
  usage.probe("--report", name .. ".new")
end

--- Writes the page. Where that fails it is said, and changes nothing else.
---@param name string
---@param text string
---@return boolean written
function file.write(name, text)
  local opened, message = io.open(name .. ".new", "w")
  local written = opened and opened:write(text)
  if opened then
    local closed, why = opened:close()
    written, message = written and closed, message or why
  end
  if written then written, message = os.rename(name .. ".new", name) end
  if not written then io.stderr:write(log.clean(("trapheus: --report: %s"):format(tostring(message))), "\n") end
  return written ~= nil
end

return file
