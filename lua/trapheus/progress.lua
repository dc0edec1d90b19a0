--- What a person sees while a run goes on: one live line a step on a terminal, one line an
--- event elsewhere; events as JSON lines for machines.
local core = require "trapheus.core"
local json = require "trapheus.json"
local log = require "trapheus.log"
local screen = require "trapheus.screen"

local progress = {}

local function clock(at)
  return os.date("!%H:%M:%S", math.floor(at))
end

local WORDS = {
  waiting = function(e) return "waiting for " .. e.why end,
  progress = function(e) return ("%s, %s"):format(e.why, e.detail) end,
  call = function(e) return ("%s %s"):format(e.operation, e.target) end,
  refused = function(e) return ("%s %s refused (%s)"):format(e.operation, e.target, e.code) end,
  done = function() return "done" end,
  failed = function(e) return e.message or "failed" end,
  ended = function(e) return (e.outcome:gsub("_", " ")) .. (e.message and ": " .. e.message or "") end,
  warning = function(e) return "warning: " .. e.message end,
  outside = function(e) return e.message end,
  said = function(e) return e.message end,
}

--- An event in words, without its step; nil: there is nothing to say of it.
---@param event table
---@return string?
function progress.words(event)
  local words = WORDS[event.event]
  return words and log.clean(words(event))
end

local IN_A_STEP = { waiting = true, call = true, refused = true, done = true, failed = true }

--- One line an event, where nobody watches.
---@param stream file*
---@return fun(event: table)
function progress.lines(stream)
  return function(event)
    local words = event.event ~= "progress" and progress.words(event)
    if not words then return end
    local step = IN_A_STEP[event.event] and log.clean(event.step) .. ": " or ""
    stream:write(("%s %s %s%s\n"):format(clock(event.at), event.identifier or "-", step, words))
    stream:flush()
  end
end

-- On a terminal: the line of the step is written over until the step ends.
local function live(stream)
  local function show(event, mark, text, ending, colour)
    local line = ("%-14s %9s  %s"):format(event.step or "", log.duration(event.at - event.since), log.clean(text))
    stream:write("\r\27[K", colour and log.paint(mark, colour, 2) or mark, " ",
      screen.fit(line, core.system.columns(2) - 3), ending)
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

--- Events as they are, one a line, for machines.
---@param stream file*
---@return fun(event: table)
function progress.json_lines(stream)
  return function(event)
    stream:write(json.encode(event), "\n")
    stream:flush()
  end
end

--- A listener for the world. A stream whose reader has gone away is written to in vain: the run goes on.
---@param given { quiet: boolean?, output: string?, log_format: string? }
---@return fun(event: table)?
function progress.listener(given)
  if given.output == "jsonl" then return progress.json_lines(io.stdout) end
  if given.quiet then return nil end
  if given.log_format == "json" then return progress.json_lines(io.stderr) end
  return core.system.isatty(2) and live(io.stderr) or progress.lines(io.stderr)
end

return progress
