--- A page of a listing as text, item by item: what nobody looks at is never decoded, and what is as it was is known by
--- its bytes.
local core = require "trapheus.core"
local protocol = require "trapheus.aws.protocol"

local folded = {}

---@class trapheus.Folded
---@field text string  the item's element
local Item = {}
Item.__index = Item

--- The text of the first element of that name; the item's own comes first.
---@param field string
---@return string?
function Item:value(field) return self.text:match("<" .. field .. ">([^<]*)<") end

--- Equal for items that are equal.
---@return string
function Item:print()
  self.hash = self.hash or core.sha256(self.text)
  return self.hash
end

--- The item as a decoded page has it.
---@return table
function Item:open()
  local page = self.page
  return protocol.decode(page.definition, page.operation, page.head .. self.text .. page.tail)[page.list][1]
end

---@param value any
---@return boolean
function folded.is(value) return getmetatable(value) == Item end

-- The elements between two places, and nothing else; nil: there is something else.
local function elements(body, from, to, element)
  local open_tag, close_tag, list = "<" .. element .. ">", "</" .. element .. ">", {}
  local at = body:find("%S", from)
  while at ~= to do
    local _, last = body:find(close_tag, at, true)
    if body:sub(at, at + #open_tag - 1) ~= open_tag or not last or last > to then return nil end
    list[#list + 1] = body:sub(at, last)
    at = body:find("%S", last + 1)
  end
  return list
end

--- As protocol.decode, but the items of `list` stay folded, where they are written as AWS writes them.
---@param definition trapheus.Model|string
---@param operation string
---@param body string
---@param list string    "DBInstances", whose elements are "DBInstance"
---@return table
function folded.decode(definition, operation, body, list)
  local _, from = body:find("<" .. list .. ">", 1, true)
  local to = from and body:find("</" .. list .. ">", from, true)
  local texts = to and elements(body, from + 1, to, (list:gsub("s$", "")))
  if not texts then return protocol.decode(definition, operation, body) end
  local page = { definition = definition, operation = operation, list = list, head = body:sub(1, from),
    tail = body:sub(to) }
  local result = protocol.decode(definition, operation, page.head .. page.tail)
  if #texts == 0 then return result end
  for i, text in ipairs(texts) do texts[i] = setmetatable({ text = text, page = page }, Item) end
  result[list] = texts
  return result
end

return folded
