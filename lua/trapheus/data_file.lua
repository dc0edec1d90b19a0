--- A file of settings: a Lua table, and nothing else. It is evaluated where there is no function to call, and may
--- neither go on for long nor grow large. What it holds may be a secret, so what goes wrong says no more of it than
--- the line.
local core = require "trapheus.core"
local fields = require "trapheus.fields"
local path = require "trapheus.path"

local data_file = {}

local MOST_BYTES <const> = 64 * 1024
local MOST_INSTRUCTIONS <const> = 100000
local MOST_KBYTES <const> = 2 * 1024
local OTHERS_READ <const> = tonumber("044", 8)

local function text_of(file)
  path.check_owner(file)
  local handle, message = io.open(file, "r")
  if not handle then fields.refuse(file, nil, "%s", message) end
  local text = handle:read(MOST_BYTES + 1) or ""
  handle:close()
  if #text > MOST_BYTES then fields.refuse(file, nil, "it is longer than %d KiB", MOST_BYTES // 1024) end
  return text
end

-- Lua's words, without those of the file: "3: unfinished string near '"https://…'".
local function without_words(message)
  message = message:match "^[^\n]*" -- there may be a traceback
  local line, what = message:match "^.-:(%d+): (.*)$"
  what = (what or message):gsub(" near .*$", ""):gsub(" %(constant .*$", "")
  return line and ("line %s: %s"):format(line, what) or what
end

local function watch(thread)
  local count, until_kbytes = 0, collectgarbage "count" + MOST_KBYTES
  debug.sethook(thread, function()
    count = count + 1
    if count > MOST_INSTRUCTIONS then error("it goes on for too long", 0) end
    if collectgarbage "count" > until_kbytes then error("it grows too large", 0) end
  end, "", 1)
end

-- Even a string has functions: ("x"):rep(1e9).
local function without_methods(f, ...)
  local strings = getmetatable ""
  local methods = strings.__index
  strings.__index = nil
  local ok, result = f(...)
  strings.__index = methods
  return ok, result
end

--- Reads a file. Raises a usage error that names it.
---@param file string
---@return table
function data_file.read(file)
  local chunk, syntax = load(text_of(file), "=settings", "t", {})
  if not chunk then fields.refuse(file, nil, "it is no Lua table: %s", without_words(syntax)) end
  local thread = coroutine.create(chunk)
  watch(thread)
  local ok, result = without_methods(coroutine.resume, thread)
  if not ok then fields.refuse(file, nil, "%s (there are no functions here)", without_words(tostring(result))) end
  if type(result) ~= "table" then fields.refuse(file, nil, "it returns a %s; a table is expected", type(result)) end
  return result
end

--- Refuses a file that others may read: it holds a secret.
---@param file string
function data_file.check_private(file)
  if core.system.stat(file).mode & OTHERS_READ ~= 0 then
    fields.refuse(file, nil, "it holds a secret, and others may read it: chmod 600 %s", file)
  end
end

return data_file
