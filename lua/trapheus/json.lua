--- JSON for journals, hashes, traces and models: lua-cjson, made exact.
---
--- What lua-cjson loses is kept: whole numbers are integers (however many digits, if 64 bits hold them), a list stays a
--- list when it is empty, and the same value always gives the same text: sorted keys, shortest numbers, every control
--- character escaped.
local cjson = require("cjson").new()
local core = require "trapheus.core"
cjson.decode_invalid_numbers(false)

---@class trapheus.json
local json = {}

--- What JSON's `null` is in Lua.
json.null = cjson.null

local List = { __name = "trapheus.json.list" }

--- Marks a table as a list, so that it encodes to `[]` when it is empty. Decoded lists bear the mark.
---@param list table
---@return table list
function json.list(list)
  return setmetatable(list, List)
end

--- Is it a list: marked as one, or with a first element?
---@param value any
---@return boolean
function json.is_list(value)
  return type(value) == "table" and (getmetatable(value) == List or rawget(value, 1) ~= nil)
end

-- Decoding. lua-cjson reads `[]` as `{}` and every number as a double: where the text has an empty list or an integer
-- that a double might not hold, a marked string takes its place, and is replaced again in the result.

local EMPTY_LIST, LONG = "%[%s*%]", 16

-- Asked of every text, so not by a pattern that is tried at each of its characters.
local function has_empty_list(text)
  local at = text:find("[", 1, true)
  while at and not text:find("^%s*%]", at + 1) do at = text:find("[", at + 1, true) end
  return at ~= nil
end

local function has_long_integer(text)
  local at, length = 1, #text
  while at <= length do
    local from = text:match("^%D*()", at)
    at = text:match("^%d*()", from)
    if at - from >= LONG then return true end
  end
  return false
end

--- A byte that is in no UTF-8 text and that no escape gives; repeated, should the text have it all the same.
local function unused_mark(text)
  local mark = "\xFF"
  while text:find(mark, 1, true) do mark = mark .. "\xFF" end
  return mark
end

--- Where the string that begins at a quote ends: at its other quote.
---@param text string
---@param quote integer
---@return integer
function json.end_of_string(text, quote)
  local at = quote
  repeat
    at = text:find('["\\]', at + 1)
    if not at then return #text end
    local escape = text:sub(at, at) == "\\"
    if escape then at = at + 1 end
  until not escape
  return at
end

-- The same of a text without a backslash.
local function end_of_plain_string(text, quote) return text:find('"', quote + 1, true) or #text end

--- The text with each stretch between strings, but for a mere comma or colon, replaced by what `replace` gives for it.
local function replace_outside_strings(text, replace)
  local pieces, count, from, length = {}, 0, 1, #text
  local end_of_string = text:find("\\", 1, true) and json.end_of_string or end_of_plain_string
  while from <= length do
    local quote = text:find('"', from, true) or length + 1
    local stretch = text:sub(from, quote - 1)
    pieces[count + 1] = #stretch > 1 and replace(stretch) or stretch
    if quote > length then break end
    from = end_of_string(text, quote) + 1
    count = count + 2
    pieces[count] = text:sub(quote, from - 1)
  end
  return table.concat(pieces)
end

local function mark_lossy(text, mark)
  local empty = '"' .. mark .. '"'
  local function number(token)
    local exact = #token >= LONG and token:find("^%-?%d+$") and math.type(tonumber(token)) == "integer"
    return exact and '"' .. mark .. token .. '"' or nil
  end
  return replace_outside_strings(text, function(stretch)
    return (stretch:gsub("[%w.+-]+", number):gsub(EMPTY_LIST, empty))
  end)
end

local function restore_scalar(value, mark)
  if math.type(value) == "float" then
    if value ~= value or value - value ~= 0 then error("number too large", 0) end
    return math.abs(value) < 2 ^ 63 and math.tointeger(value) or value
  elseif mark and type(value) == "string" and value:sub(1, #mark) == mark then
    return #value > #mark and tonumber(value:sub(#mark + 1)) or json.list {}
  end
  return value
end

local function restore(value, mark)
  if type(value) ~= "table" then return restore_scalar(value, mark) end
  if value[1] ~= nil then json.list(value) end
  for key, inner in next, value do
    if mark and type(key) == "string" and key:sub(1, #mark) == mark then error("object key is not a string", 0) end
    value[key] = restore(inner, mark)
  end
  return value
end

local function decode(text)
  local mark
  if has_empty_list(text) or has_long_integer(text) then
    mark = unused_mark(text)
    text = mark_lossy(text, mark)
  end
  return restore(cjson.decode(text), mark)
end

--- "line 3, column 5": where the byte of that number is.
local function place(text, byte)
  local before = text:sub(1, byte - 1)
  local _, lines = before:gsub("\n", "")
  return ("line %d, column %d"):format(lines + 1, #before:match("[^\n]*$") + 1)
end

local TOKENS = { T_OBJ_BEGIN = "'{'", T_OBJ_END = "'}'", T_ARR_BEGIN = "'['", T_ARR_END = "']'", T_STRING = "a string",
  T_NUMBER = "a number", T_BOOLEAN = "a boolean", T_NULL = "null", T_COLON = "':'", T_COMMA = "','",
  T_END = "the end" }

--- lua-cjson's complaint about the text as it was given, with line and column.
local function complaint(text, message)
  local ok, raw = pcall(cjson.decode, text)
  local what, byte = tostring(ok and message or raw):match("^(.-) at character (%d+)$")
  if not what then return (tostring(message):gsub("^[%w/._]+%.lua:%d+: ", "")) end
  return ("%s: %s"):format(place(text, tonumber(byte)), what:gsub("T_[A-Z_]+", TOKENS))
end

--- Reads JSON. Raises for what is none, naming line and column.
---@param text string
---@param name? string  What the text is, to begin the message with: a file's name, say.
---@return any
function json.decode(text, name)
  if type(text) ~= "string" then error("json.decode: expected a string, got " .. type(text), 2) end
  local ok, value = pcall(decode, text)
  if ok then return value end
  error(("%s: %s"):format(name or "bad JSON", complaint(text, value)), 2)
end

--- Writes JSON: the same value, the same text. Raises for what JSON cannot hold, naming where it is.
---@param value any
---@param options? { indent?: boolean }  `indent`: one member a line, two spaces a level.
---@return string
function json.encode(value, options)
  local text, message = core.write_json(value, List, options and options.indent)
  if not text then error("json.encode: " .. message, 2) end
  return text
end

return json
