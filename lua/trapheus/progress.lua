--- What a person sees while a run goes on: one live line a step on a terminal, one line an
--- event elsewhere; events as JSON lines for machines.
local core = require "trapheus.core"
local json = require "trapheus.json"
local log = require "trapheus.log"

local progress = {}

local function clock(at)
  return os.date("!%H:%M:%S", math.floor(at))
end

local WORDS = {
  started = function(e) return e.step end,
  waiting = function(e) return ("%s: waiting for %s"):format(e.step, e.why) end,
  call = function(e) return ("%s: %s %s"):format(e.step, e.operation, e.target) end,
  refused = function(e) return ("%s: %s %s refused (%s)"):format(e.step, e.operation, e.target, e.code) end,
  done = function(e) return e.step .. ": done" end,
  failed = function(e) return ("%s: %s"):format(e.step, e.message or "failed") end,
  warning = function(e) return "warning: " .. e.message end,
  outside = function(e) return e.message end,
  said = function(e) return e.message end,
}

-- Elsewhere: one line an event.
local function lines(stream)
  return function(event)
    local words = WORDS[event.event]
    if not words or event.event == "started" then return end
    stream:write(("%s %s %s\n"):format(clock(event.at), event.identifier or "-", log.clean(words(event))))
    stream:flush()
  end
end

local function fitted(text, columns)
  if utf8.len(text) and utf8.len(text) > columns then
    return text:sub(1, utf8.offset(text, columns) - 1) .. "…"
  end
  return text
end

-- On a terminal: the line of the step is written over until the step ends.
local function live(stream)
  local function show(event, mark, text, ending, colour)
    local line = ("%-14s %9s  %s"):format(event.step or "", log.duration(event.at - event.since), log.clean(text))
    stream:write("\r\27[K", colour and log.paint(mark, colour, 2) or mark, " ",
      fitted(line, core.system.columns(2) - 3), ending)
    stream:flush()
  end
  local handlers = {}
  function handlers.started(event) show(event, "·", "", "") end
  function handlers.call(event) show(event, "·", event.operation .. " " .. event.target, "") end
  function handlers.waiting(event)
    show(event, "·", event.detail and ("%s, %s"):format(event.why, event.detail) or event.why, "")
  end
  handlers.progress = handlers.waiting
  function handlers.stopped() stream:write "\r\27[K" end
  function handlers.done(event) show(event, "✓", "", "\n", "green") end
  function handlers.failed(event) show(event, "✗", event.message or "", "\n", "red") end
  function handlers.warning(event)
    stream:write("\r\27[K", log.paint("!", "yellow", 2), " ", log.clean(event.message), "\n")
  end
  function handlers.outside(event) stream:write("\r\27[K", "» ", log.clean(event.message), "\n") end
  handlers.said = handlers.outside
  return function(event)
    if handlers[event.event] then handlers[event.event](event) end
  end
end

local function json_lines(stream)
  return function(event)
    stream:write(json.encode(event), "\n")
    stream:flush()
  end
end

--- A listener for the world. A stream whose reader has gone away is written to in vain: the run goes on.
---@param given { quiet: boolean?, output: string?, log_format: string? }
---@return fun(event: table)?
function progress.listener(given)
  if given.output == "jsonl" then return json_lines(io.stdout) end
  if given.quiet then return nil end
  if given.log_format == "json" then return json_lines(io.stderr) end
  return core.system.isatty(2) and live(io.stderr) or lines(io.stderr)
end

return progress
