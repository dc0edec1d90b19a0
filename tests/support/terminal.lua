--- A terminal that draws nothing: it takes what is written, as a file does, and says what would be seen.
local screen = require "trapheus.screen"

local terminal = {}

local Terminal = {}
Terminal.__index = Terminal

---@param columns integer
---@param height integer
function terminal.new(columns, height)
  local self = setmetatable({ columns = columns, height = height, row = 1, column = 1, shown = {}, scrolled = {},
    cursor = true, wraps = true, writes = 0, coloured = false, bytes = 0 }, Terminal)
  for i = 1, height do self.shown[i] = {} end
  return self
end

-- To the next line; on the last one everything moves up.
local function line_feed(self)
  if self.row < self.height then
    self.row = self.row + 1
    return
  end
  table.insert(self.scrolled, table.remove(self.shown, 1))
  self.shown[self.height] = {}
end

local function erase(self, row, from)
  for column = from, self.columns do self.shown[row][column] = nil end
end

local control = {}

function control.A(self, number) self.row = math.max(1, self.row - (tonumber(number) or 1)) end

function control.K(self) erase(self, self.row, self.column) end

function control.J(self)
  erase(self, self.row, self.column)
  for row = self.row + 1, self.height do erase(self, row, 1) end
end

function control.m(self) self.coloured = true end

local function mode(self, what, on)
  assert(what == "?25" or what == "?7", "mode " .. what)
  self[what == "?25" and "cursor" or "wraps"] = on
end

function control.h(self, what) mode(self, what, true) end

function control.l(self, what) mode(self, what, false) end

local function put(self, character)
  local width = screen.width(character)
  if width == 0 then return end
  if self.column + width - 1 > self.columns then
    if not self.wraps then self.column = self.columns - width + 1 else
      self.wrapped = true
      line_feed(self)
      self.column = 1
    end
  end
  self.shown[self.row][self.column] = character
  for more = 1, width - 1 do self.shown[self.row][self.column + more] = "" end
  self.column = self.column + width
end

function Terminal:write(...)
  local text, at = table.concat { ... }, 1
  self.writes, self.bytes = self.writes + 1, self.bytes + #text
  while at <= #text do
    local argument, final, after = text:match("^\27%[([%d;?]*)(%a)()", at)
    if final then
      assert(control[final], "CSI " .. final)(self, argument)
      at = after
    elseif text:byte(at) == 13 then
      self.column, at = 1, at + 1
    elseif text:byte(at) == 10 then
      line_feed(self)
      self.column, at = 1, at + 1
    else
      local character = text:match("^" .. utf8.charpattern, at)
      assert(character:byte() >= 32, ("a control character: %q"):format(character))
      put(self, character)
      at = at + #character
    end
  end
  return self
end

function Terminal:flush() return self end

local function text_of(self, cells)
  local parts = {}
  for column = 1, self.columns do parts[column] = cells[column] or " " end
  return (table.concat(parts):gsub("%s+$", ""))
end

--- What is to be seen, a line each, without empty ones at the end.
---@return string[]
function Terminal:lines()
  local list, last = {}, 0
  for i, cells in ipairs(self.shown) do
    list[i] = text_of(self, cells)
    if list[i] ~= "" then last = i end
  end
  return table.move(list, 1, last, 1, {})
end

return terminal
