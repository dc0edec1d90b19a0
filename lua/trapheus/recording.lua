--- What RDS was asked and what it answered, a line of JSON a call, for the sandbox to be compared with
--- (trapheus.sandbox.replay). Nothing is written that must not be handed on; of other services than RDS, only that
--- they were asked.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local log = require "trapheus.log"
local redacted = require "trapheus.redacted"
local secrets = require "trapheus.secrets"
local usage = require "trapheus.usage"

local recording = {}

recording.FORMAT = 1

---@class trapheus.Recording
---@field name string
---@field file file*|false  nil: nothing was written yet; false: it cannot be written to any more
---@field redact fun(value: any): any
local Recording = {}
Recording.__index = Recording

-- What cannot be written is said once, and changes nothing else.
local function give_up(self, message)
  io.stderr:write(log.clean(("trapheus: --record: %s: nothing more is recorded"):format(message)), "\n")
  if self.file then self.file:close() end
  self.file = false
end

local function write(self, line)
  local ok, message = self.file:write(secrets.mask(json.encode(line)), "\n")
  if ok then ok, message = self.file:flush() end
  if not ok then give_up(self, message) end
end

-- With the first call: what was refused before that leaves no file.
local function begin(self)
  local file, message = io.open(self.name, "w")
  if not file then return give_up(self, message) end
  self.file = file
  write(self, { recording = recording.FORMAT, version = core.version })
end

--- A recording that is to be written. Raises a usage error when that is not possible, or when there is such a file: it
--- may be of an earlier run.
---@param name string
---@return trapheus.Recording
function recording.new(name)
  if core.system.stat(name) then usage.fail("--record: %s is there already", name) end
  usage.probe("--record", name)
  return setmetatable({ name = name, redact = redacted.new() }, Recording)
end

local function note(self, call, at_ms, result, err)
  local line = { at_ms = at_ms, service = call.service, operation = call.operation }
  if err then
    line.code, line.status, line.ambiguous = err.code, err.status, err.ambiguous -- a message may name anybody
  end
  if call.service == "rds" then
    line.parameters, line.result = self.redact(call.params), result and self.redact(result)
  end
  if self.file == nil then begin(self) end
  if self.file then write(self, line) end
end

-- Sends as the other transport does, and notes what came of it.
local function send(self, call)
  local at_ms = math.floor(self.loop:now_ms())
  local ok, result, info = pcall(self.other.send, self.other, call)
  if ok then
    note(self.recording, call, at_ms, result)
    return result, info
  end
  if errors.is(result) then note(self.recording, call, at_ms, nil, result) end
  error(result, 0)
end

--- A transport that is as the other one, and recorded.
---@param other trapheus.Transport
---@param loop userdata  Whose time is noted.
---@return trapheus.Transport
function Recording:around(other, loop)
  return setmetatable({ other = other, loop = loop, recording = self, send = send }, { __index = other })
end

return recording
