--- What a person sees while a fleet goes on: on a terminal a table that is drawn again in place, failures first; where
--- nobody watches one line an event; events as JSON lines for machines. Then how it ended.
---
--- A frame is one write that hides the cursor, draws, and shows it again: whatever ends the program, the terminal is as
--- it was, below the table.
local core = require "trapheus.core"
local ending = require "trapheus.fleet.ending"
local json = require "trapheus.json"
local log = require "trapheus.log"
local progress = require "trapheus.progress"
local screen = require "trapheus.screen"

local board = {}

local FRAME_MS = 250 -- of the reader's time: not more often
local LONGEST_NAME, SHORTEST_NAME = 28, 8
local MOST_WARNINGS = 10 -- of different kinds, kept for the end

---@class trapheus.BoardOptions
---@field out file*                       what the table, or the lines, are written to
---@field result file*                    what is written at the end
---@field width (fun(): integer)?         of the terminal, in columns; nil: there is none
---@field height (fun(): integer)?        and in lines
---@field colour boolean?
---@field now (fun(): integer)?           the reader's time, in milliseconds
---@field clock (fun(): number)?          the time of the runs, in seconds; without it that of the latest event
---@field output "text"|"json"|"jsonl"|nil
---@field quiet boolean?                  nothing but the result
---@field log_format "text"|"json"|nil    of the lines

---@class trapheus.Board
local Board = {}
Board.__index = Board

-- How each status is shown, in this order.
local STATUSES = {
  { "failed", "✗", "red" }, { "rolled_back", "✗", "red" }, { "parked", "✗", "red" },
  { "interrupted", "!", "yellow" }, { "running", "·" }, { "waiting", " " }, { "skipped", " " },
  { "succeeded", "✓", "green" },
}

-- Rows by status, and in the order in which they are listed.
local function by_status(state)
  local groups = {}
  for _, row in ipairs(STATUSES) do groups[row[1]] = {} end
  for _, run in ipairs(state.runs) do table.insert(groups[run.status], run) end
  return groups
end

-- "3 failed, 12 running, 485 waiting"
local function counts(groups)
  local parts = {}
  for _, row in ipairs(STATUSES) do
    local count = #groups[row[1]]
    if count > 0 then parts[#parts + 1] = ("%d %s"):format(count, (row[1]:gsub("_", " "))) end
  end
  return table.concat(parts, ", ")
end

-- The table -----------------------------------------------------------------------------------

local function elapsed(self, run)
  local now = self.clock and self.clock() or self.latest_at
  local seconds = run.status == "running" and run.started_s and now and now - run.started_s or run.elapsed_s
  return seconds and log.clock(seconds) or ""
end

-- What it tells, or how it has ended.
local function words_of(run)
  local words = run.message and log.clean(run.message)
  if run.status == "running" then words = run.last_event and progress.words(run.last_event) or "" end
  return ((words or (run.outcome or run.status):gsub("_", " ")):gsub("%s*\n%s*", " "))
end

-- Title, width, how it is cut; and whether what follows may take its room where it is empty.
local COLUMNS = {
  { "DATABASE", "name", screen.middle },
  { "STEP", 9 },
  { "ELAPSED", 8 },
  { "OF ABOUT", 8, nil, "may be left out" },
  { "LAST EVENT", nil },
}

local function cells_of(self, run)
  local running = run.status == "running"
  return { log.clean(run.id), log.clean(run.step or ""), elapsed(self, run),
    running and run.estimate_s and log.clock(run.estimate_s) or "", words_of(run) }
end

-- One line of the table, without what stands before it.
local function line(cells, name_width, columns)
  local parts = {}
  for i, column in ipairs(COLUMNS) do
    local width = column[2] == "name" and name_width or column[2]
    local cell = width and screen.pad((column[3] or screen.fit)(cells[i], width), width) or cells[i]
    if not (column[4] and cells[i] == "") then parts[#parts + 1] = cell end
  end
  return (screen.fit(table.concat(parts, "  "), columns):gsub("%s+$", ""))
end

local function titles(name_width, columns)
  local cells = {}
  for i, column in ipairs(COLUMNS) do cells[i] = column[1] end
  return "  " .. line(cells, name_width, columns - 2)
end

local function name_width(state)
  local longest = SHORTEST_NAME
  for _, run in ipairs(state.runs) do longest = math.max(longest, screen.width(log.clean(run.id))) end
  return math.min(longest, LONGEST_NAME)
end

local function title(self, state, groups)
  local wave = (state.waves or 1) > 1 and (", wave %d/%d"):format(state.wave, state.waves) or ""
  local warnings = self.warnings > 0 and (", %d warnings"):format(self.warnings) or ""
  return ("%s%s: %s%s"):format(log.clean(state.name), wave, counts(groups), warnings)
end

-- So many rows, failures first; and those for which there is no room, by status.
local function listed(groups, room)
  local shown, rest = {}, {}
  for _, row in ipairs(STATUSES) do
    rest[row[1]] = {}
    for _, run in ipairs(groups[row[1]]) do
      table.insert(#shown < room and shown or rest[row[1]], run)
    end
  end
  return shown, rest
end

--- The table as lines of so many columns; not more than there are on the terminal, less one.
---@param state trapheus.FleetState
---@param columns integer
---@param height integer
---@return string[]
function Board:lines(state, columns, height)
  local groups, width = by_status(state), name_width(state)
  local lines = { screen.fit(title(self, state, groups), columns), titles(width, columns) }
  local room = math.max(1, height - 1 - #lines)
  local shown, rest = listed(groups, #state.runs > room and room - 1 or room)
  for _, run in ipairs(shown) do
    local mark, colour
    for _, row in ipairs(STATUSES) do
      if row[1] == run.status then mark, colour = row[2], row[3] end
    end
    lines[#lines + 1] = ("%s %s"):format(colour and self.colour and log.tint(mark, colour) or mark,
      line(cells_of(self, run), width, columns - 2))
  end
  if #shown < #state.runs then lines[#lines + 1] = screen.fit("  and " .. counts(rest), columns) end
  return lines
end

-- Where the table was, it is drawn again; lines that are longer than the terminal is now wide do not wrap.
local function draw(self, state)
  local lines = self:lines(state, self.width(), self.height())
  local frame = { "\27[?25l\27[?7l", self.drawn > 0 and ("\27[%dA"):format(self.drawn) or "", "\r" }
  for _, text in ipairs(lines) do frame[#frame + 1] = text .. "\27[K\n" end
  frame[#frame + 1] = "\27[J\27[?7h\27[?25h"
  self.out:write(table.concat(frame))
  self.out:flush()
  self.drawn, self.drawn_ms = #lines, self.now()
end

-- What is told ----------------------------------------------------------------------------------

-- How a database ended, as it is told where there is no table.
local function ended_line(state, id, event)
  for _, run in ipairs(state.runs) do
    if run.id == id and run.outcome then
      return { event = "ended", identifier = id, run_id = run.run_id, status = run.status, outcome = run.outcome,
        message = run.message, elapsed_s = run.elapsed_s, at = event.at }
    end
  end
end

local function tell(self, state, id, event)
  self.listener(event)
  local ended = event.event == "stopped" and ended_line(state, id, event)
  if ended then self.listener(ended) end
end

-- What is the same for many of them is kept once: names and numbers apart.
local function note_warning(self, id, event)
  local kind = event.message:gsub(id, "", 1):gsub("%S*%d%S*", "")
  local kept = self.kinds[kind]
  self.warnings = self.warnings + 1
  if kept then
    kept.count = kept.count + 1
  elseif #self.kinds < MOST_WARNINGS then
    self.kinds[kind] = { id = id, message = event.message, count = 1 }
    table.insert(self.kinds, self.kinds[kind])
  end
end

--- Time has passed: the table is drawn again when it is due.
---@param state trapheus.FleetState
function Board:tick(state)
  if self.width and (not self.drawn_ms or self.now() - self.drawn_ms >= FRAME_MS) then draw(self, state) end
end

--- A run of the fleet has told something; its row says so already.
---@param state trapheus.FleetState
---@param id string
---@param event table
function Board:event(state, id, event)
  self.latest_at = math.max(self.latest_at or event.at, event.at)
  self.begun_at = self.begun_at or event.at
  if event.event == "warning" then note_warning(self, id, event) end
  if self.listener then tell(self, state, id, event) end
  self:tick(state)
end

--- All of it has ended, or was stopped: the table as it is in the end, and then the result.
---@param state trapheus.FleetState
function Board:finish(state)
  if self.width then draw(self, state) end
  local took_s = self.begun_at and self.latest_at - self.begun_at or 0
  if (self.output or "text") == "text" then
    self.result:write(ending.text(state, took_s, self.warnings, self.kinds), "\n")
  else
    self.result:write(json.encode(ending.document(state, took_s), { indent = self.output == "json" }), "\n")
  end
  self.result:flush()
end

---@param options trapheus.BoardOptions
---@return trapheus.Board
function board.new(options)
  local self = setmetatable({ drawn = 0, warnings = 0, kinds = {} }, Board)
  for name, value in pairs(options) do self[name] = value end
  self.now = options.now or core.clock.wall_ms
  local lines = options.log_format == "json" and progress.json_lines or progress.lines
  if options.output == "jsonl" then
    self.listener = progress.json_lines(options.result)
  elseif not options.quiet and not options.width then
    self.listener = lines(options.out)
  end
  return self
end

--- As the flags say, on this terminal or without one.
---@param given trapheus.Given
---@param clock (fun(): number)?  the time of the runs, in seconds
---@return trapheus.Board
function board.of(given, clock)
  local watched = core.system.isatty(2) and os.getenv "TERM" ~= "dumb" and not given.quiet and not given.verbose
    and given.log_format ~= "json" and given.output ~= "jsonl"
  return board.new { out = io.stderr, result = io.stdout, quiet = given.quiet, log_format = given.log_format,
    output = given.output, colour = log.colours(2), clock = clock,
    width = watched and function() return core.system.columns(2) end or nil,
    height = watched and function() return core.system.rows(2) end or nil }
end

return board
