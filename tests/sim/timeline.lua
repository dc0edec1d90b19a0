--- What happened in a play, in order: what RDS did, what the runs were told and believed, what their journals say.
local json = require "trapheus.json"

local function adder()
  local rows = {}
  return rows, function(at_ms, column, text)
    rows[#rows + 1] = { at_ms = at_ms, order = #rows, column = column, text = text }
  end
end

local function call_text(entry)
  local words = { entry.by == "client" and "" or entry.by .. " ", entry.operation, " ", json.encode(entry.params), ": ",
    entry.outcome, entry.fault and ", " .. entry.fault or "", entry.committed and ", took effect" or "" }
  return table.concat(words)
end

local function add_calls(play, add)
  for _, entry in ipairs(play.sandbox.audit) do
    if entry.committed or entry.fault or entry.by ~= "client" or entry.late then
      add(entry.at_ms, "RDS", call_text(entry))
    end
  end
end

local function add_events(play, add)
  for _, event in ipairs(play.events) do
    local text = event.event == "call" and event.operation .. " " .. tostring(event.target)
      or event.why or event.message or event.code or ""
    add(event.at * 1000, "run " .. event.host, ("%s %s %s"):format(event.step or "", event.event, text))
  end
end

local function rows_of(play)
  local rows, add = adder()
  add_calls(play, add)
  add_events(play, add)
  for _, save in ipairs(play.watch.saves) do
    add(save.at_ms, "journal", ("%s %s of %s"):format(save.step or "", save.kind, save.host))
  end
  for _, death in ipairs(play.died) do add(death.at_ms, "crash", ("%s a %s"):format(death.when, death.site)) end
  for _, problem in ipairs(play.watch.problems) do
    add(problem.at_ms, "WRONG", problem.invariant .. ": " .. problem.message)
  end
  return rows
end

---@param play trapheus.sim.Play
---@return string
return function(play)
  local rows = rows_of(play)
  table.sort(rows, function(a, b) return a.at_ms < b.at_ms or a.at_ms == b.at_ms and a.order < b.order end)
  local lines = {}
  for i, row in ipairs(rows) do
    lines[i] = ("%9.1f s  %-8s %s"):format((row.at_ms - play.began_ms) / 1000, row.column, row.text)
  end
  return table.concat(lines, "\n")
end
