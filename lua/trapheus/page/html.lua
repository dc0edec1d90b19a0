--- HTML from tables: what is text is escaped, whatever is in it.
local escape = require "trapheus.escape"
local sorted = require "trapheus.sorted"

---@class trapheus.Html  { markup }: finished; a plain string is a text.

local html = {}

local VOID = { meta = true, br = true }

-- An element, a list of such, or a text
local function append(out, child)
  if type(child) ~= "table" then
    out[#out + 1] = escape.html(tostring(child))
  elseif child.markup then
    out[#out + 1] = child.markup
  else
    for _, each in ipairs(child) do append(out, each) end
  end
end

--- An element. An attribute that is false is left out, one that is true has no value.
---@param name string
---@param attributes table<string, string|number|boolean>
---@param ... trapheus.Html|trapheus.Html[]|string|number|false  false: nothing
---@return trapheus.Html
function html.element(name, attributes, ...)
  local out = { "<", name }
  for _, key in ipairs(sorted.keys(attributes)) do
    local value = attributes[key]
    local text = value and value ~= true and escape.html(tostring(value))
    if value then out[#out + 1] = text and (' %s="%s"'):format(key, text) or " " .. key end
  end
  out[#out + 1] = ">"
  for i = 1, select("#", ...) do
    local child = select(i, ...)
    if child then append(out, child) end
  end
  if not VOID[name] then out[#out + 1] = ("</%s>"):format(name) end
  return { markup = table.concat(out) }
end

--- A style sheet of our own, as it is.
---@param css string
---@return trapheus.Html
function html.style(css) return { markup = "<style>" .. css .. "</style>" } end

return html
