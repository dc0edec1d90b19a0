--- What is told of a run: the document for machines, the text for people.
local json = require "trapheus.json"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"

local tests = {}

local equal = witness.equal

local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" }
local STUCK = { operation = "DeleteDBInstance", occurrence = "every", kind = "denied" }

local KEYS = "export failure identifier kind next original outcome replacement run_id settings snapshot steps "
  .. "task todo warnings"

local RUNS = {
  restored = {}, kept = { options = { keep_original = true } }, snapshotted = { task = "create_snapshot_only" },
  refused = { task = "db_restore" }, rolled_back = { faults = { TERMINAL } },
  parked = { faults = { TERMINAL, STUCK } }, leftover = { faults = { STUCK } },
}

for name, spec in pairs(RUNS) do
  tests["the document has the same keys whatever happens: " .. name] = function()
    local document = rehearse(spec).document
    for key in KEYS:gmatch "%S+" do assert(document[key] ~= nil, key .. " is missing") end
    local again = json.decode(json.encode(document))
    assert(again.outcome == document.outcome and json.is_list(document.steps) and json.is_list(document.warnings))
    for _, step in ipairs(document.steps) do
      assert(step.name and step.outcome and step.started_at, json.encode(step))
      assert(step.ended_at == json.null or step.ended_at >= step.started_at, json.encode(step))
    end
  end

  tests["the text is of one run, line by line: " .. name] = function()
    local result = rehearse(spec)
    local text = report.text(result.run)
    local headline, rest = text:match "^([^\n]+)\n(.*)$"
    assert(headline:find("mydb", 1, true) and headline:find(result.run.id, 1, true), text)
    for line in rest:gmatch "[^\n]+" do assert(line:find "^  ", line) end
    assert(not text:find "[\1-\9\11-\31\127]", "a control character")
  end
end

tests["a restored run: the original is gone, the replacement holds the name"] = function()
  local result = rehearse {}
  local document = result.document
  equal(document.original.name, json.null, "the original's name")
  equal(document.original.resource_id, result.record.facts.original.resource_id)
  equal(document.replacement.name, "mydb")
  equal(document.replacement.resource_id, result.sandbox:instance("mydb").DbiResourceId)
  equal(document.snapshot, "mydb-snapshot")
  equal(document.next, json.null)
  equal(document.failure, json.null)
  assert(#document.settings.carried > 25, "settings carried over: " .. #document.settings.carried)
  assert(report.text(result.run):find "deleted", report.text(result.run))
end

tests["a kept original is told with its name"] = function()
  local document = rehearse({ options = { keep_original = true } }).document
  equal(document.original.name, "mydb-temp")
end

tests["an original that could not be deleted is told with its name, as a warning"] = function()
  local result = rehearse(RUNS.leftover)
  equal(result.outcome, "restored")
  equal(result.document.original.name, "mydb-temp")
  assert(table.concat(result.document.warnings, "\n"):find "still there as mydb%-temp", "no warning")
end

tests["a rolled back run: the original has its name, and there is no replacement"] = function()
  local result = rehearse { faults = { TERMINAL } }
  equal(result.document.original.name, "mydb")
  equal(result.document.replacement, json.null)
  equal(result.document.failure.step, "restore")
  equal(result.document.failure.message, "the restore ended as 'failed'")
  assert(report.text(result.run):find "because      the restore ended as 'failed'", report.text(result.run))
end

tests["a parked run says what to do, and which command goes on"] = function()
  local result = rehearse { faults = { TERMINAL, STUCK } }
  equal(result.outcome, "parked")
  local document, text = result.document, report.text(result.run)
  equal(document.next, "trapheus resume " .. result.run.id)
  assert(document.todo ~= json.null and text:find(document.todo, 1, true), text)
  equal(document.original.name, "mydb-temp", "where the original is")
  equal(document.replacement.name, "mydb", "where the replacement is")
  assert(text:find("next         trapheus resume " .. result.run.id, 1, true), text)
end

tests["the code of AWS is in the document"] = function()
  local document = rehearse({ faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1,
    kind = "error", code = "KMSKeyNotAccessibleFault" } } }).document
  equal(document.failure.code, "KMSKeyNotAccessibleFault")
end

tests["what AWS says cannot drive a terminal"] = function()
  local result = rehearse { faults = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1,
    kind = "error", code = "InvalidParameterValue", message = "\27[2J\27]0;x\7 cleared\nmydb is restored" } } }
  local text = report.text(result.run)
  assert(not text:find "\27" and not text:find "\7", "an escape sequence")
  assert(text:find "\\x1b", "it is shown as what it is")
  assert(not text:find "\nmydb is restored", "a forged line")
end

tests["every outcome has a headline and an exit code"] = function()
  for outcome in pairs(report.EXIT) do
    assert(report.headline { outcome = outcome, identifier = "mydb" }:find "mydb", outcome)
  end
end

tests["the order of the steps is the order of the pipeline"] = function()
  local names = {}
  for i, step in ipairs(rehearse({}).document.steps) do
    names[i] = step.name
    equal(step.outcome, "done", step.name)
  end
  equal(table.concat(names, " "), "preflight lock fence snapshot rename restore configure verify delete finish")
end

return tests
