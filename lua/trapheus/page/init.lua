--- A run, or a fleet of them, as one page of HTML that needs nothing else: no script, no request.
local html = require "trapheus.page.html"
local json = require "trapheus.json"
local log = require "trapheus.log"
local report = require "trapheus.report"
local style = require "trapheus.page.style"
local summary = require "trapheus.summary"
local timeline = require "trapheus.page.timeline"

local page = {}

local element = html.element

-- How each outcome is told.
local ENDS = {
  parked = { "bad", "a person is needed" },
  interrupted = { "bad", "stopped; it can be resumed" },
  rolled_back = { "bad", "failed; the original has its name again" },
  failed = { "bad", "failed before the original was touched" },
  refused = { "warn", "refused; nothing was changed" },
  running = { "warn", "at work" },
  waiting = { "soft", "not begun" },
  skipped = { "soft", "not begun, and will not be" },
  restored = { "good", "the replacement is as it should be, and has the name" },
  snapshotted = { "good", "the snapshot is made" },
  planned = { "soft", "planned; nothing was changed" },
}

local RANK = {}
for rank, outcome in ipairs(report.OUTCOMES) do RANK[outcome] = rank end

local function kind(outcome) return ENDS[outcome] and ENDS[outcome][1] or "warn" end

local function spoken(outcome) return (outcome:gsub("_", " ")) end

local function some(value) return value ~= nil and value ~= json.null and value or nil end

-- Parts of one run -----------------------------------------------------------------------------

local function pair(term, ...) return { element("dt", {}, term), element("dd", {}, ...) } end

-- The task by its name, where it writes to, how far it was, and why no further.
local function exported(told)
  local failure = some(told.failure)
  return pair("export", element("code", {}, told.name), " ", report.export_line(told),
    failure and element("div", { class = "bad" }, failure))
end

local function trouble(document, add)
  local failure = some(document.failure)
  if failure then
    add("because", failure.message)
    if some(failure.step) then add("in step", failure.step) end
  end
  local todo = some(document.todo) or report.TODO[document.outcome]
  if todo then add("to do", todo) end
  if some(document.next) then add("next", element("code", {}, document.next)) end
end

local function outage(document, axis)
  local found = timeline.outage(document, axis)
  return found and ("%s, %s %s"):format(found.took, found.is_over and "from" or "since", log.time(found.from))
end

local function facts(document, axis)
  local list = {}
  local function add(term, value)
    if value then list[#list + 1] = pair(term, value) end
  end
  trouble(document, add)
  add("not available", outage(document, axis))
  add("original", some(document.original) and report.place(document.original))
  add("replacement", some(document.replacement) and report.place(document.replacement))
  add("snapshot", some(document.snapshot))
  add("last snapshot", some(document.final_snapshot))
  if some(document.export) then list[#list + 1] = exported(document.export) end
  add("run", ("%s, %s"):format(document.run_id, document.task))
  return element("dl", {}, list)
end

local function row(cell, ...)
  local cells = {}
  for i, value in ipairs { ... } do cells[i] = element(cell, cell == "th" and { scope = "col" } or {}, value) end
  return element("tr", {}, cells)
end

-- It may have to be scrolled, by keyboard too. A group is no landmark: a fleet would have a thousand of them.
local function grid(caption, titles, rows)
  return { element("h3", {}, caption), element("div", { class = "scroll", tabindex = "0", role = "group",
    ["aria-label"] = caption }, element("table", {}, element("thead", {}, titles), element("tbody", {}, rows))) }
end

local function steps(document, axis)
  local rows = {}
  for i, step in ipairs(document.steps) do
    local at = some(step.ended_at) or axis.now
    rows[i] = row("td", step.name, spoken(step.outcome), log.time(step.started_at), log.duration(at - step.started_at))
  end
  return #rows > 0 and grid("Steps", row("th", "Step", "Outcome", "Begun", "Took"), rows)
end

local function settings(document)
  local found, parts = document.settings, {}
  if not some(found) then return false end
  local rows = {}
  for i, setting in ipairs(found.differing) do
    rows[i] = row("td", setting.name, summary.text(setting.wanted), summary.text(setting.found),
      setting.accepted and "accepted" or "differs")
  end
  for _, setting in ipairs(found.set) do
    rows[#rows + 1] = row("td", setting.name, summary.text(setting.was), summary.text(setting.value), "set on purpose")
  end
  if #rows > 0 then parts[1] = grid("Settings that differ", row("th", "Setting", "Was", "Is", ""), rows) end
  local reasons = {}
  for i, reason in ipairs(summary.reasons(found.impossible)) do
    reasons[i] = row("td", table.concat(reason.names, ", "), reason.why)
  end
  if #reasons > 0 then
    parts[#parts + 1] = grid("Settings that cannot be carried over", row("th", "Settings", "Why"), reasons)
  end
  if #found.carried > 0 then
    parts[#parts + 1] = { element("h3", {}, ("Settings carried over (%d)"):format(#found.carried)),
      element("p", {}, table.concat(found.carried, ", ")) }
  end
  return parts
end

local function warnings(document)
  local items = {}
  for i, warning in ipairs(document.warnings) do items[i] = element("li", {}, warning) end
  return #items > 0 and { element("h3", {}, "Warnings"), element("ul", {}, items) }
end

local function took(document, axis)
  return log.duration((some(document.ended_at) or axis.now) - document.created_at)
end

local function run(document, axis, is_open)
  return element("li", {}, element("details", { open = is_open },
    element("summary", {}, element("b", {}, document.identifier),
      element("span", { class = kind(document.outcome) }, spoken(document.outcome)),
      timeline.bar(document, axis), element("span", { class = "took soft" }, took(document, axis))),
    element("div", { class = "inside" }, facts(document, axis), warnings(document), steps(document, axis),
      settings(document))))
end

-- The whole ------------------------------------------------------------------------------------

local function worst_first(documents)
  local list = table.move(documents, 1, #documents, 1, {})
  table.sort(list, function(a, b)
    local left, right = RANK[a.outcome] or 0, RANK[b.outcome] or 0
    if left ~= right then return left < right end
    return a.identifier < b.identifier
  end)
  return list
end

local function counts(documents)
  local count, items = {}, {}
  for _, document in ipairs(documents) do count[document.outcome] = (count[document.outcome] or 0) + 1 end
  for _, outcome in ipairs(report.OUTCOMES) do
    if count[outcome] then
      items[#items + 1] = element("li", { class = kind(outcome) },
        ("%d %s: %s"):format(count[outcome], spoken(outcome), ENDS[outcome][2]))
    end
  end
  return element("ul", { class = "counts" }, items)
end

local function spans(axis)
  return ("%s to %s, %s"):format(log.time(axis.from), log.time(axis.to), log.duration(axis.to - axis.from))
end

local POLICY <const> = "default-src 'none'; style-src 'unsafe-inline'"

local function head(title)
  return element("head", {}, element("meta", { charset = "utf-8" }),
    element("meta", { ["http-equiv"] = "Content-Security-Policy", content = POLICY }),
    element("meta", { name = "viewport", content = "width=device-width, initial-scale=1" }),
    element("title", {}, title), html.style(style))
end

--- The page. What went wrong comes first, and is open.
---@param title string
---@param documents table[]  As `--output json` prints them.
---@param now number         Seconds since the epoch.
---@param apart boolean?      They have nothing to do with each other: on one axis, months would make each a stroke.
---@return string
function page.of(title, documents, now, apart)
  local axis, rows = timeline.axis(documents, now), {}
  for i, document in ipairs(worst_first(documents)) do
    rows[i] = run(document, apart and timeline.axis({ document }, now) or axis,
      #documents == 1 or kind(document.outcome) == "bad")
  end
  return "<!doctype html>\n" .. element("html", { lang = "en" }, head(title), element("body", {}, element("main", {},
    element("h1", {}, title),
    element("p", { class = "soft" }, spans(axis), apart and "; each bar from its own beginning to its end"),
    counts(documents),
    element("h2", {}, "Timeline"), timeline.legend(documents), element("ul", { class = "runs" }, rows)))).markup .. "\n"
end

--- The page of one run.
---@param document table
---@param record table
---@param now number
---@return string
function page.of_run(document, record, now) return page.of(report.headline(record), { document }, now) end

return page
