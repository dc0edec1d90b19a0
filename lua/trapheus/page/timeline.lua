--- The steps of a run as bars on an axis of time, with the outage below them.
local html = require "trapheus.page.html"
local log = require "trapheus.log"

local timeline = {}

local element = html.element

local WIDTH <const> = 1000 -- of the drawing, in its own units, stretched to the page
local BAR <const>, OUTAGE <const> = { y = 4, height = 14 }, { y = 21, height = 5 }
local THINNEST <const> = 2 -- what took a moment is still to be seen

--- The steps that have a colour of their own, in the order of the legend.
timeline.STEPS = { "preflight", "lock", "fence", "snapshot", "export", "rename", "restore", "configure", "verify",
  "delete", "finish" }

local KNOWN = {}
for _, name in ipairs(timeline.STEPS) do KNOWN[name] = true end

local function class(name) return name:find "^undo " and "s-undo" or KNOWN[name] and "s-" .. name or "s-other" end

local function is_number(value) return type(value) == "number" end

--- The time that all of these runs lie in.
---@param documents table[]
---@param now number  Where what has not ended is drawn to.
---@return { from: number, to: number, now: number }
function timeline.axis(documents, now)
  local axis = { from = math.huge, to = -math.huge, now = now }
  for _, document in ipairs(documents) do
    axis.from = math.min(axis.from, document.created_at)
    axis.to = math.max(axis.to, is_number(document.ended_at) and document.ended_at or now)
  end
  if axis.to <= axis.from then axis.to = axis.from + 1 end
  return axis
end

local function rectangle(axis, from, to, row, kind, title)
  local scale = WIDTH / (axis.to - axis.from)
  local x = math.min((from - axis.from) * scale, WIDTH - THINNEST)
  local width = math.max((to - from) * scale, THINNEST)
  return element("g", {}, element("title", {}, title),
    element("rect", { class = kind, x = ("%.1f"):format(x), y = row.y, width = ("%.1f"):format(width),
      height = row.height }))
end

local function ended(axis, at) return is_number(at) and at or axis.now end

---@class trapheus.page.Outage
---@field from number
---@field to number      now, while it goes on
---@field took string
---@field is_over boolean

--- When nothing answered to the name. nil: something always did.
---@param document table
---@param axis { now: number }
---@return trapheus.page.Outage?
function timeline.outage(document, axis)
  local found = document.outage
  if type(found) ~= "table" then return nil end
  local to = ended(axis, found.ended_at)
  return { from = found.began_at, to = to, took = log.duration(to - found.began_at),
    is_over = is_number(found.ended_at) }
end

--- What the drawing shows, for who cannot see it: "rename 2 min, restore 14 min; not available for 16 min".
---@param document table
---@param axis { now: number }
---@return string
function timeline.words(document, axis)
  local parts = {}
  for i, step in ipairs(document.steps) do
    parts[i] = step.name .. " " .. log.duration(ended(axis, step.ended_at) - step.started_at)
  end
  local text = #parts > 0 and table.concat(parts, ", ") or "no step was begun"
  local outage = timeline.outage(document, axis)
  if not outage then return text end
  return text .. (outage.is_over and "; not available for " or "; not available, since ") .. outage.took
end

---@param document table  As report.document has it, with `created_at`, `ended_at` and `outage`.
---@param axis { from: number, to: number, now: number }
---@return trapheus.Html
function timeline.bar(document, axis)
  local shapes = { element("rect", { class = "track", x = 0, y = BAR.y, width = WIDTH, height = BAR.height }) }
  for _, step in ipairs(document.steps) do
    local to = ended(axis, step.ended_at)
    shapes[#shapes + 1] = rectangle(axis, step.started_at, to, BAR, class(step.name),
      ("%s, %s: %s"):format(step.name, step.outcome, log.duration(to - step.started_at)))
  end
  local outage = timeline.outage(document, axis)
  if outage then
    shapes[#shapes + 1] = rectangle(axis, outage.from, outage.to, OUTAGE, "outage", "not available: " .. outage.took)
  end
  return element("svg", { class = "bar", viewBox = ("0 0 %d 28"):format(WIDTH), preserveAspectRatio = "none",
    role = "img", ["aria-label"] = timeline.words(document, axis) }, shapes)
end

local function swatch(kind, name)
  return element("li", {}, element("svg", { viewBox = "0 0 10 10", ["aria-hidden"] = "true" },
    element("rect", { class = kind, width = 10, height = 10 })), name)
end

--- What the colours mean, of the steps that there are.
---@param documents table[]
---@return trapheus.Html
function timeline.legend(documents)
  local seen, items = {}, {}
  for _, document in ipairs(documents) do
    for _, step in ipairs(document.steps) do seen[class(step.name)] = true end
    seen.outage = seen.outage or type(document.outage) == "table"
  end
  for _, name in ipairs(timeline.STEPS) do
    if seen["s-" .. name] then items[#items + 1] = swatch("s-" .. name, name) end
  end
  if seen["s-other"] then items[#items + 1] = swatch("s-other", "another step") end
  if seen["s-undo"] then items[#items + 1] = swatch("s-undo", "undone") end
  if seen.outage then items[#items + 1] = swatch("outage", "the name is not available") end
  return element("ul", { class = "legend", ["aria-label"] = "Colours" }, items)
end

return timeline
