--- One message in the form that each kind of channel takes. Whatever its words hold, they stay words.
local escape = require "trapheus.escape"
local html = require "trapheus.page.html"

local message = {}

---@class trapheus.Message
---@field id string                 What is told twice has the same.
---@field title string              What happened to what, in a line.
---@field mark string               A character that says how it went.
---@field colour string             And a colour, as CSS has it.
---@field facts { [1]: string, [2]: string }[]  A label and what it says, in this order.
---@field because string?           Why.
---@field next string[]             What to do now.
---@field warnings string[]
---@field attributes table<string, string>  Of SNS.
---@field body table                The JSON.

local TEXT_BYTES <const>, HEADER_BYTES <const> = 2900, 140 -- Slack takes 3000 of a section, 150 of a header

function message.subject(said) return escape.line("trapheus: " .. said.title) end

local function sections(said)
  local list = {}
  if said.because then list[1] = { "Because", { said.because } } end
  list[#list + 1] = { "What to do", said.next }
  if #said.warnings > 0 then list[#list + 1] = { "Warnings", said.warnings } end
  return list
end

--- For mail, SNS and a terminal.
---@param said trapheus.Message
---@return string
function message.text(said)
  local lines = { escape.line(said.title), "" }
  for _, fact in ipairs(said.facts) do lines[#lines + 1] = ("  %-13s %s"):format(fact[1], escape.line(fact[2])) end
  for _, section in ipairs(sections(said)) do
    lines[#lines + 1] = "\n" .. section[1] .. ":"
    for _, line in ipairs(section[2]) do lines[#lines + 1] = "  " .. escape.text(line):gsub("\n", "\n  ") end
  end
  return table.concat(lines, "\n") .. "\n"
end

local element = html.element

-- The lines of a text, as they are.
local function lines_of(text)
  local parts = {}
  for line in (escape.text(text) .. "\n"):gmatch "(.-)\n" do
    if parts[1] then parts[#parts + 1] = element("br", {}) end
    parts[#parts + 1] = line
  end
  return parts
end

--- For mail.
---@param said trapheus.Message
---@return string
function message.html(said)
  local rows, parts = {}, {}
  for i, fact in ipairs(said.facts) do
    rows[i] = element("tr", {}, element("th", { align = "left" }, fact[1]), element("td", {}, escape.line(fact[2])))
  end
  for _, section in ipairs(sections(said)) do
    local items = {}
    for i, text in ipairs(section[2]) do items[i] = element("li", {}, lines_of(text)) end
    parts[#parts + 1] = element("h3", {}, section[1])
    parts[#parts + 1] = element("ul", {}, items)
  end
  local heading = element("h2", { style = ("border-left:6px solid %s;padding-left:8px"):format(said.colour) },
    escape.line(said.title))
  return "<!DOCTYPE html>\n" .. element("html", {}, element("head", {}, element("meta", { charset = "utf-8" })),
    element("body", { style = "font-family:sans-serif" }, heading, element("table", { cellpadding = 3 }, rows), parts)
  ).markup .. "\n"
end

-- A text object in which nothing has a meaning.
local function plain(text, most_bytes)
  return { type = "plain_text", emoji = false, text = escape.slack(text, most_bytes or TEXT_BYTES) }
end

--- For Slack: what it shows, and the line that stands for it elsewhere.
---@param said trapheus.Message
---@return table[] blocks
---@return string text
function message.slack(said)
  local facts = {}
  for i, fact in ipairs(said.facts) do facts[i] = fact[1] .. ": " .. escape.line(fact[2]) end
  local blocks = {
    { type = "header", text = plain(said.mark .. " " .. escape.line(said.title), HEADER_BYTES) },
    { type = "section", text = plain(table.concat(facts, "\n")) },
  }
  for _, section in ipairs(sections(said)) do
    blocks[#blocks + 1] = { type = "section", text = plain(section[1] .. ":\n" .. table.concat(section[2], "\n")) }
  end
  blocks[#blocks + 1] = { type = "context", elements = { plain("trapheus " .. said.id) } }
  return blocks, message.subject(said)
end

return message
