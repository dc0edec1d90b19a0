--- A page of a listing as text, item by item: what nobody looks at is never decoded, and what is as it was is known by
--- its bytes.
local core = require "trapheus.core"
local protocol = require "trapheus.aws.protocol"

local folded = {}

local PARTS <const>, VALUE <const>, PRINT <const>, FIRST <const>, LAST <const> = 4, 1, 2, 3, 4 -- of core.xml.items

-- What changes by itself, and is nothing that anybody waits for: without it a database that rests stays as it was.
local RESTLESS = "LatestRestorableTime"

---@class trapheus.Folded  The items of a page, 1 to `count`.
---@field count integer
local Page = {}
Page.__index = Page

--- The text of the field that the page was folded by.
---@param i integer
---@return string
function Page:value(i) return self.items[(i - 1) * PARTS + VALUE] end

--- Equal for items that are equal, but for what changes all the time.
---@param i integer
---@return integer
function Page:print(i) return self.items[(i - 1) * PARTS + PRINT] end

--- The item's text.
---@param i integer
---@return string
function Page:cut(i)
  local at = (i - 1) * PARTS
  return self.body:sub(self.items[at + FIRST], self.items[at + LAST])
end

--- The item of that text as a decoded page has it.
---@param text string
---@return table
function Page:open(text)
  return protocol.decode(self.definition, self.operation, self.head .. text .. self.tail)[self.list][1]
end

--- What has not been cut is let go of: a page is a third of a megabyte, and not the collector's to see.
function Page:close()
  if type(self.body) ~= "string" then self.body:close() end
  self.body, self.items = nil, nil
end

---@param value any
---@return boolean
function folded.is(value) return getmetatable(value) == Page end

--- As protocol.decode, but the items of `list` stay folded, where they are written as AWS writes them.
---@param definition trapheus.Model|string
---@param operation string
---@param body trapheus.core.Bytes
---@param list string    "DBInstances", whose elements are "DBInstance"
---@param field string   that they are asked for by
---@return table
function folded.decode(definition, operation, body, list, field)
  local items, first, last = core.xml.items(body, list, field, RESTLESS)
  if not items then return protocol.decode(definition, operation, body:sub(1, -1)) end
  local page = { definition = definition, operation = operation, list = list, body = body, items = items,
    count = #items // PARTS, head = body:sub(1, first), tail = body:sub(last) }
  local result = protocol.decode(definition, operation, page.head .. page.tail)
  setmetatable(page, Page)
  if page.count > 0 then result[list] = page else page:close() end
  return result
end

return folded
