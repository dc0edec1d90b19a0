--- The page of runs: everything that is told is there, nothing that is told can be markup, and what is wrong comes
--- first.
local details = require "trapheus.details"
local json = require "trapheus.json"
local log = require "trapheus.log"
local page = require "trapheus.page"
local rehearse = require "rehearse"
local report = require "trapheus.report"

local tests = {}

local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" }
local STUCK = { operation = "DeleteDBInstance", occurrence = "every", kind = "denied" }
local EVIL <const> = "<script>alert('1')</script>\"&\27[31m\u{202e}"

local function page_of(spec)
  local result = rehearse(spec)
  return page.of_run(result.document, result.record, result.record.ended_at), result
end

-- Every element is closed where it was opened, and no tag has what HTML does not allow.
local function well_formed(text)
  local open = {}
  for closing, name in text:gsub("<style>.-</style>", ""):gmatch "<(/?)(%l[%l%d]*)" do
    if closing == "/" then
      local last = table.remove(open)
      assert(last == name, ("</%s> closes <%s>"):format(name, tostring(last)))
    elseif name ~= "meta" then
      open[#open + 1] = name
    end
  end
  assert(#open == 0, "not closed: " .. table.concat(open, " "))
end

local function has(text, ...)
  for _, part in ipairs { ... } do assert(text:find(part, 1, true), part .. " is not on the page") end
end

for name, spec in pairs {
  restored = {}, snapshotted = { task = "create_snapshot_only" }, refused = { task = "db_restore" },
  rolled_back = { faults = { TERMINAL } }, parked = { faults = { TERMINAL, STUCK } },
  cluster = { kind = "cluster", cluster = {} },
} do
  tests["a page of a run is whole: " .. name] = function()
    local text, result = page_of(spec)
    well_formed(text)
    has(text, report.headline(result.record), result.run.id, 'lang="en"', "<h1>")
    for _, step in ipairs(result.document.steps) do has(text, "<td>" .. step.name .. "</td>") end
    for _, setting in ipairs(result.document.settings.carried) do has(text, setting) end
    assert(not text:find("<script", 1, true) and not text:find("http%-?s?://"), "asks for nothing")
  end
end

tests["what to do is on the page of a run that waits for a person"] = function()
  local text, result = page_of { faults = { TERMINAL, STUCK } }
  assert(result.outcome == "parked")
  has(text, "<dt>to do</dt>", "trapheus resume " .. result.run.id)
end

tests["what failed, why, and what to do is on the page of whatever has not ended well"] = function()
  for outcome, spec in pairs { refused = { task = "db_restore" }, rolled_back = { faults = { TERMINAL } },
    failed = { faults = { { operation = "CreateDBSnapshot", occurrence = 1, kind = "denied" } } } } do
    local text, result = page_of(spec)
    assert(result.outcome == outcome, result.outcome)
    has(text, "<dt>because</dt>", "<dt>in step</dt><dd>" .. result.record.failure.step, "<dt>to do</dt><dd>"
      .. report.TODO[outcome])
  end
  assert(not page_of({}):find("<dt>to do", 1, true))
end

tests["an export is on the page: the task, where it writes to, how far it was, and why no further"] = function()
  local function exporting(faults)
    return page_of { task = "create_snapshot_only", options = { export = true, export_wait = true }, faults = faults }
  end
  local text, result = exporting()
  local name = "mydb-" .. result.run.id
  well_formed(text)
  has(text, ("<dt>export</dt><dd><code>%s</code> to s3://rds-snapshots-123456789012/%s/: COMPLETE</dd>"):format(name,
    name))
  text, result = exporting { { operation = "StartExportTask", occurrence = 1, kind = "background_failure" } }
  assert(result.outcome == "failed", result.outcome)
  well_formed(text)
  has(text, ": FAILED<div class=\"bad\">" .. result.document.export.failure)
  assert(not page_of({}):find("<dt>export", 1, true), "where there is none, none is told")
end

tests["the outage is marked, from the rename to the restore, or to the way back"] = function()
  local text, result = page_of {}
  local outage, step = result.document.outage, {}
  for _, each in ipairs(result.document.steps) do step[each.name] = each end
  assert(outage.began_at == step.rename.started_at and outage.ended_at == step.restore.ended_at)
  local length = log.duration(outage.ended_at - outage.began_at)
  has(text, 'class="outage"', "; not available for " .. length, ("<dt>not available</dt><dd>%s, from "):format(length))
  local back = rehearse({ faults = { TERMINAL } }).document
  for _, each in ipairs(back.steps) do step[each.name] = each end
  assert(back.outage.ended_at == step["undo rename"].ended_at)
  assert(rehearse({ task = "create_snapshot_only" }).document.outage == json.null)
end

tests["bars lie on one axis, in proportion, or each on its own"] = function()
  local function document(identifier, from, steps)
    for _, step in ipairs(steps) do step.outcome = "done" end
    return { identifier = identifier, run_id = "r", task = "t", outcome = "restored", created_at = from,
      ended_at = steps[#steps].ended_at, steps = steps, warnings = {}, outage = json.null }
  end
  local both = {
    document("a", 0, { { name = "rename", started_at = 0, ended_at = 250 } }),
    document("b", 500, { { name = "restore", started_at = 500, ended_at = 1000 } }),
  }
  local text = page.of("two", both, 5000)
  has(text, 'class="s-rename" height="14" width="250.0" x="0.0"')
  has(text, 'class="s-restore" height="14" width="500.0" x="500.0"')
  local apart = page.of("two", both, 5000, true)
  well_formed(apart)
  has(apart, 'class="s-rename" height="14" width="1000.0" x="0.0"', "each bar from its own beginning")
  has(apart, 'class="s-restore" height="14" width="1000.0" x="0.0"')
end

tests["a text cannot become markup, nor turn what stands around it"] = function()
  local result = rehearse { faults = { TERMINAL } }
  local document = result.document
  document.identifier, document.snapshot, document.warnings = EVIL, EVIL, { EVIL }
  document.failure = { message = EVIL, step = EVIL, code = json.null }
  document.steps[1].name = EVIL
  table.insert(document.settings.differing, { name = EVIL, wanted = EVIL, found = { EVIL } })
  local text = page.of(EVIL, { document }, result.record.ended_at)
  well_formed(text)
  assert(not text:find("<script", 1, true) and not text:find "[\27]" and not text:find("\u{202e}", 1, true))
end

tests["what went wrong comes first, and is open"] = function()
  local documents = {}
  for i = 1, 500 do
    local base = i == 1 and rehearse({}).document or documents[1]
    documents[i] = setmetatable({ identifier = ("db-%03d"):format(i) }, { __index = base })
  end
  documents[400].outcome, documents[300].outcome, documents[200].outcome = "rolled_back", "parked", "refused"
  local text = page.of("a fleet", documents, documents[1].ended_at)
  well_formed(text)
  local order = {}
  for open, identifier in text:gmatch "<details( ?%l*)><summary><b>(db%-%d+)" do
    order[#order + 1] = identifier .. open
  end
  assert(#order == 500)
  local first = table.concat(order, ",", 1, 4)
  assert(first == "db-300 open,db-400 open,db-200,db-001", first)
  has(text, "1 parked: a person is needed", "497 restored: the replacement is as it should be")
end

tests["a run that goes on is drawn up to now"] = function()
  local result = rehearse {}
  local record = result.record
  record.outcome, record.ended_at, record.state = nil, nil, "running"
  record.steps[#record.steps].ended_at = nil
  local text = page.of_run(details.document(record), record, record.created_at + 7200)
  well_formed(text)
  has(text, "mydb: running", "2 h", "1 running: at work")
end

tests["the page of a fleet has every target: ended, refused, failed and not begun"] = function()
  local name = os.tmpname()
  local result = require "many" { ids = { "a", "b", "c", "d" }, flags = { "--concurrency", "1", "--report", name },
    faults = { { operation = "CreateDBSnapshot", occurrence = 2, kind = "denied" } } }
  local file <close> = assert(io.open(name, "r"))
  local text = file:read "a"
  os.remove(name)
  assert(result.code == 8)
  well_formed(text)
  has(text, "<h1>Fleet ", "1 restored: ", "1 failed: ", "2 skipped: not begun, and will not be", ">d</b>")
  assert(text:find("<b>b</b>", 1, true) < text:find("<b>a</b>", 1, true), "what failed comes first")
end

return tests
