--- What is told of runs, when, and to whom; in virtual time, by a sandbox that keeps what it was sent.
local alerts = require "trapheus.alerts"
local ambient = require "trapheus.ambient"
local core = require "trapheus.core"
local escape = require "trapheus.escape"
local events = require "trapheus.alerts.events"
local fleet = require "trapheus.alerts.fleet"
local fleet_record = require "trapheus.fleet.record"
local json = require "trapheus.json"
local many = require "many"
local message = require "trapheus.notify.message"
local rehearse = require "rehearse"
local run_module = require "trapheus.run"
local story = require "trapheus.alerts.story"
local trapheus = require "trapheus"
local tests = {}

local function everything() return events.set("here", { "all" }) end

local function channels()
  return { channels = {
    { kind = "email", id = "email 1", on = everything(), from = "dba@example.org", to = { "a@example.org" } },
    { kind = "slack", id = "slack 1", on = everything(), url = "https://hooks.slack.com/services/one" },
    { kind = "slack", id = "slack 2", on = events.set("here", { "parked" }),
      url = "https://hooks.slack.com/services/two" },
    { kind = "sns", id = "sns 1", on = everything(), topic = "arn:aws:sns:eu-west-1:123456789012:ops.fifo",
      region = "eu-west-1" },
    { kind = "webhook", id = "webhook 1", on = everything(), url = "https://ops.example.org/hook" },
  } }
end

local RESTORE = "RestoreDBInstanceFromDBSnapshot"
local FAILED = { { operation = RESTORE, occurrence = 1, kind = "terminal", status = "failed" } }
local PARKED = { FAILED[1], { operation = "DeleteDBInstance", occurrence = "every", kind = "denied" } }

-- Runs, as `trapheus restore` would: the start is told once the plan is agreed to, then the end.
local function told(spec, settings)
  settings = settings or channels()
  local begun
  local prior = spec.extend
  function spec.extend(pipeline)
    if prior then prior(pipeline) end
    pipeline:before("lock", function(run)
      begun = begun or ambient.enter(run.world)
      alerts.remember(run, settings)
      alerts.tell_start(run, settings)
    end)
  end
  local result = rehearse(spec)
  local _ <close> = begun or ambient.enter(result.world)
  alerts.tell_end(result.run, settings)
  return result
end

-- What has arrived, as "slack /one restored".
local function posts(result)
  local list = {}
  for _, post in ipairs(result.sandbox.webhooks) do list[#list + 1] = post end
  return list
end

local function body_of(post) return json.decode(post.body) end

-- What a receiver may build on: a field that goes is another version.
local FIELDS = "at because event format id next run test title version"
local OF_RUN = "account created_at ended_at export failure final_snapshot identifier kind next original outage outcome "
  .. "region replacement run_id snapshot steps task todo warnings"

tests["the JSON has the fields that version 1 has"] = function()
  local function names(of)
    local list = {}
    for name in pairs(of) do list[#list + 1] = name end
    table.sort(list)
    return " " .. table.concat(list, " ") .. " "
  end
  for _, post in ipairs(posts(told { faults = PARKED })) do
    if post.url:find "ops" then
      local body = body_of(post)
      for name in FIELDS:gmatch "%S+" do assert(names(body):find(" " .. name .. " ", 1, true), name) end
      for name in OF_RUN:gmatch "%S+" do assert(names(body.run):find(" " .. name .. " ", 1, true), name) end
      assert(body.version == 1)
    end
  end
end

-- Ends ------------------------------------------------------------------------------------------------

local ENDS = {
  { "success", {}, "mydb is restored", "Nothing." },
  { "success", { task = "create_snapshot_only" }, "the snapshot of mydb is made", "Nothing." },
  { "success", { options = { keep_original = true } }, "mydb is restored", "Delete mydb-temp when" },
  { "failure", { faults = { { operation = "CreateDBSnapshot", occurrence = "every", kind = "terminal",
    status = "failed" } } }, "mydb: failed before the original was touched", "The original was not touched" },
  { "failure", { task = "db_restore" }, "mydb: refused, nothing was changed", "Nothing was changed" },
  { "rolled_back", { faults = FAILED }, "mydb: failed and rolled back", "under its own name again" },
  { "parked", { faults = PARKED }, "mydb: parked, a person is needed",
    "when the cause is gone, run: trapheus rollback" },
}

for _, row in ipairs(ENDS) do
  tests[("a run that ends as %s is told so: %s"):format(row[1], row[3])] = function()
    local result = told(row[2])
    local list = posts(result)
    local last = body_of(list[#list])
    assert(last.format == "trapheus.notification" and last.version == 1 and last.event == row[1], json.encode(last))
    assert(last.title:find(row[3], 1, true), last.title)
    assert(table.concat(last.next, "\n"):find(row[4], 1, true), table.concat(last.next, "\n"))
    assert(last.run.outcome == result.outcome and last.run.original ~= nil and last.test == false)
    local mail = result.sandbox.mail[#result.sandbox.mail].Message
    assert(mail.Subject.Data:find(row[3], 1, true) and mail.Body.Text.Data:find(row[4], 1, true))
    assert(mail.Body.Html.Data:find("<h2", 1, true))
    local published = result.sandbox.published[#result.sandbox.published]
    assert(published.MessageAttributes.event.StringValue == row[1] and published.MessageDeduplicationId == last.id)
    assert(body_of { body = json.decode(published.Message).sqs }.id == last.id)
  end
end

tests["each is told of what it asked for, once"] = function()
  local result = told { faults = PARKED }
  local count = {}
  for _, post in ipairs(posts(result)) do count[post.url:match "[^/]+$"] = (count[post.url:match "[^/]+$"] or 0) + 1 end
  assert(count.one == 2 and count.two == 1 and count.hook == 2, json.encode(count))
  assert(#result.sandbox.mail == 2 and #result.sandbox.published == 2)
  alerts.tell_end(result.run, channels())
  assert(#posts(result) == 5, "told twice")
end

tests["what is where is told"] = function()
  local sandbox = told({ faults = PARKED }).sandbox
  local begun = body_of(sandbox.webhooks[2])
  assert(begun.event == "start" and begun.run.outcome == "running" and begun.run.next == json.null, json.encode(begun))
  local said = sandbox.mail[2].Message.Body.Text.Data
  for _, words in ipairs { "mydb (instance, us-east-1, account ", "named mydb-temp: moved aside", "mydb-snapshot",
    "Replacement", "Because:", "What to do:", "No answer     since 2026-01-01" } do
    assert(said:find(words, 1, true), words .. "\n" .. said)
  end
end

-- What is not told --------------------------------------------------------------------------------------

tests["a message that does not arrive is a warning, is remembered, and is not sent again by a resume"] = function()
  local result = told { faults = { FAILED[1], { operation = "webhook", occurrence = "every", kind = "drop" } } }
  local warnings = table.concat(result.record.warnings, "\n")
  assert(warnings:find("Slack alert 1 was not sent", 1, true), warnings)
  assert(warnings:find("webhook alert 1 (ops.example.org) was not sent", 1, true) and not warnings:find "services")
  assert(result.outcome == "rolled_back" and not alerts.owed(result.world.journal:load(result.run.id)))
end

tests["time to tell is bounded"] = function()
  local faults = { { operation = "SendEmail", occurrence = "every", kind = "drop" },
    { operation = "Publish", occurrence = "every", kind = "drop" } }
  local result = rehearse { faults = FAILED }
  result.sandbox:heal()
  result.sandbox:inject(faults)
  local _ <close> = ambient.enter(result.world)
  local began_ms = result.world:now_ms()
  alerts.tell_end(result.run, channels())
  assert(result.world:now_ms() - began_ms < 10 * 60 * 1000, result.world:now_ms() - began_ms)
  assert(#result.run.record.warnings >= 2)
end

-- Dies at the journal's n-th "told", before or after it is written; and is resumed. What arrived, by channel.
local function dying(n, when)
  local result = rehearse { faults = FAILED }
  local journal, settings, seen = result.world.journal, channels(), 0
  local save = journal.save
  alerts.remember(result.run, settings)
  result.run:save "tells"
  function journal:save(record, kind, entry)
    seen = seen + (kind == "told" and 1 or 0)
    if kind == "told" and seen == n and when == "before" then error("dead", 0) end
    save(self, record, kind, entry)
    if kind == "told" and seen == n and when == "after" then error("dead", 0) end
  end
  local _ <close> = ambient.enter(result.world)
  assert(not pcall(alerts.tell_end, result.run, settings), "it did not die")
  journal.save = save
  local record = journal:load(result.run.id)
  assert(alerts.owed(record) == not (n == 5 and when == "after"), "what is owed")
  local again = run_module.wrap(result.world, record)
  again.database = result.run.database
  alerts.tell_end(again, settings)
  assert(not alerts.owed(journal:load(result.run.id)), "something is still owed")
  return #posts(result), #result.sandbox.mail, #result.sandbox.published
end

tests["who dies before everybody is told has the rest told by a resume"] = function()
  local result = rehearse { faults = FAILED }
  local _ <close> = ambient.enter(result.world)
  alerts.remember(result.run, channels())
  assert(alerts.owed(result.run.record))
  for n = 1, 5 do -- four channels, and that it is over
    local whole, mails, published = dying(n, "after")
    assert(whole == 2 and mails == 1 and published == 1, "told twice though it was written down")
    local more, more_mails, more_published = dying(n, "before")
    assert(more + more_mails + more_published <= 5, "more than one is told twice")
    assert(more >= 2 and more_mails >= 1 and more_published >= 1, "somebody is not told")
  end
end

tests["nothing is owed by a run that told nobody, or of what nobody asked for"] = function()
  local result = rehearse { faults = FAILED }
  assert(not alerts.owed(result.record))
  alerts.remember(result.run, { channels = { { id = "slack 1", on = events.set("here", { "start" }) } } })
  assert(not alerts.owed(result.run.record))
  assert(not alerts.owed { outcome = nil, tells = { "failure" } })
end

tests["what nobody wants to know any more is not owed for ever"] = function()
  local result = rehearse { faults = FAILED }
  local _ <close> = ambient.enter(result.world)
  alerts.remember(result.run, channels())
  alerts.tell_end(result.run, { channels = {} })
  assert(not alerts.owed(result.world.journal:load(result.run.id)) and #posts(result) == 0)
end

tests["a journal that cannot be written is a warning"] = function()
  local result = rehearse { faults = FAILED }
  local _ <close> = ambient.enter(result.world)
  function result.world.journal.save()
    error(require("trapheus.errors").new { code = "JournalError", message = "the disk is full" }, 0)
  end
  alerts.tell_end(result.run, channels())
  assert(#posts(result) == 2 and table.concat(result.run.record.warnings):find "the disk is full")
end

tests["a run that is parked twice is told of twice"] = function()
  local first = { run_id = "r", outcome = "parked", ended_at = 1 }
  local second = { run_id = "r", outcome = "parked", ended_at = 2 }
  assert(story.id(first, "parked") ~= story.id(second, "parked"))
  assert(story.id(first, "start") == story.id(second, "start"))
end

-- Fleets ------------------------------------------------------------------------------------------------

tests["a fleet is told of in one message"] = function()
  local result = rehearse {}
  local _ <close> = ambient.enter(result.world)
  local runs = { { id = "orders", status = "succeeded", run_id = "a1" },
    { id = "users", status = "failed", outcome = "refused", run_id = "a2", message = "no space" } }
  local failures = trapheus.notify.fleet_summary({ name = "nightly", runs = runs }, channels(), result.world)
  assert(#failures == 0 and #posts(result) == 2 and #result.sandbox.mail == 1)
  local told_of = body_of(posts(result)[2])
  assert(told_of.event == "failure" and told_of.fleet.runs[2].outcome == "refused", json.encode(told_of))
  assert(told_of.title == "fleet nightly: 1 of 2 did not end well", told_of.title)
  assert(table.concat(told_of.next, "\n"):find("users: refused, no space (trapheus status a2)", 1, true))
  local function event(...) return select(2, fleet.story({ name = "x", runs = { ... } }, 1)) end
  assert(event(runs[1]) == "success" and event() == "success" and event(runs[1], runs[2]) == "failure")
  assert(event(runs[2], { id = "x", status = "interrupted" }) == "interrupted")
end

tests["a fleet tells at once of who is parked, and at its end of all together"] = function()
  core.system.setenv("TRAPHEUS_WEBHOOK", "https://ops.example.org/hook")
  local result = many { ids = { "a", "b" }, flags = { "--keep-going", "--notify-on", "all", "--sandbox-time", "fast" },
    faults = PARKED }
  core.system.setenv("TRAPHEUS_WEBHOOK", nil)
  local list = posts(result)
  assert(#list == 2, #list)
  local first, last = body_of(list[1]), body_of(list[2])
  assert(first.event == "parked" and first.run.outcome == "parked", json.encode(first))
  local other = first.run.identifier == "a" and 2 or 1
  assert(last.title:find("1 of 2 did not end well", 1, true), last.title)
  assert(last.fleet.runs[other].status == "succeeded")
end

tests["of each end of a fleet everybody is told once, whoever goes on with it"] = function()
  local result = rehearse {}
  local _ <close> = ambient.enter(result.world)
  local kept = result.world.journal
  local state = { name = "fleet-x", runs = { { id = "a", status = "parked" }, { id = "b", status = "succeeded" } } }
  local function tell()
    local before = #posts(result)
    assert(#alerts.tell_fleet(result.world, kept:load "fleet-x", state, channels()) == 0)
    return #posts(result) - before
  end
  local dead = { ["failure, Parked 1, Succeeded 1"] = { ["slack 1"] = true } } -- it had told one when it died
  kept:save({ run_id = "fleet-x", fleet = true, told = dead }, "fleet", {})
  assert(tell() == 1 and #result.sandbox.mail == 1, "the others")
  assert(tell() == 0 and #result.sandbox.mail == 1, "told again")
  state.runs[1].status = "succeeded"
  assert(tell() == 2 and tell() == 0 and #result.sandbox.mail == 2, "of another end they are told")
  state.runs[1].ended_at = 1767225600.5
  assert(tell() == 2 and tell() == 0, "and of one that is as the last one was, but later")
end

tests["a fleet that has ended is found until everybody was told, or nobody wants to know any more"] = function()
  local result = rehearse {}
  local _ <close> = ambient.enter(result.world)
  local kept = result.world.journal
  local function save(more)
    local known = { run_id = "fleet-x", fleet = true, targets = { { id = "a" } }, tells = { "failure", "success" } }
    for field, value in pairs(more) do known[field] = value end
    kept:save(known, "fleet", {})
  end
  local state = { name = "fleet-x", runs = { { id = "a", status = "succeeded" } } }
  local function owed() return fleet_record.owed(kept) ~= nil end
  save {}
  assert(not owed(), "it has not begun")
  kept:save({ run_id = "r1", fleet_id = "fleet-x", fleet_target = 1, identifier = "a", outcome = "restored",
    created_at = 1, steps = {} }, "step", {})
  assert(owed())
  for _, wanted in ipairs { channels(), { channels = {} } } do
    save {}
    alerts.tell_fleet(result.world, kept:load "fleet-x", state, wanted)
    assert(not owed())
  end
  save { tells = { "failure" } }
  assert(not owed(), "nobody wanted to know of that")
end

tests["of a large fleet not everybody is named"] = function()
  local runs = {}
  for i = 1, 1000 do runs[i] = { id = "r" .. i, status = "failed" } end
  local said = fleet.story({ name = "all", runs = runs }, 1)
  assert(#said.next == 22 and said.next[22] == "… and 980 more")
  local blocks = message.slack(said)
  for _, block in ipairs(blocks) do assert(not block.text or #block.text.text <= 3000) end
end

-- Words stay words ----------------------------------------------------------------------------------------

local PIECES = { "<", ">", "&", '"', "'", "*", "_", "~", "`", "\n", "\r", "\0", "\27[31m", "\t",
  "é", "\u{202E}", "\u{2028}",
  "\xff", "\xc3", "a", " ", "<!channel>", "<@U1>", "<https://evil|x>", "</td>", "<script>", "&amp;", "]]>", "<!--",
  "x@y.z, ", "Bcc:", "\u{1F600}", "%s", "{{x}}", "\\", ":tada:" }

local function random_text(random)
  local parts = {}
  for i = 1, random(12) do parts[i] = PIECES[random(#PIECES)] end
  return table.concat(parts)
end

local BACK = { amp = "&", lt = "<", gt = ">", quot = '"', ["#39"] = "'" }
local function unescaped(text) return (text:gsub("&([%w#]+);", BACK)) end

local function each_text(f)
  local seed = 7
  local function random(n)
    seed = (seed * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    return (seed >> 20) % n + 1
  end
  for _ = 1, 2000 do f(random_text(random)) end
end

tests["escaped text is the text, and nothing else"] = function()
  each_text(function(text)
    local seen = escape.text(text)
    assert(utf8.len(seen) and not seen:find "[%z\1-\9\11-\31\127]" and not seen:find("\u{202E}", 1, true))
    local html, slack = escape.html(text), escape.slack(text)
    assert(not html:find "[<>\"']" and unescaped(html) == seen, html)
    assert(not slack:find "[<>]" and unescaped(slack) == seen, slack)
    local cut = escape.slack(text, 20)
    assert(#cut <= 23 and utf8.len(cut) and not cut:gsub("&[alg][mt]p?;", ""):find "&", cut)
    assert(not escape.line(text):find "\n" and escape.ascii(text, 10):find "^[ -~]*$" and #escape.ascii(text, 10) <= 10)
  end)
end

local function with_words(text)
  return story.message("parked", { id = "r-parked-1", title = text, facts = { { "Database", text } }, because = text,
    next = { text }, warnings = { text }, attributes = {}, body = {} })
end

-- What is left of a page without its words.
local function tags(html) return html:gsub("<br>", ""):gsub("[^<>]*(<[^<>]*>)[^<>]*", "%1") end

-- Every text object of what Slack is sent, and their number.
local function texts_of(blocks)
  local list = {}
  for _, block in ipairs(blocks) do
    for _, object in ipairs(block.elements or { block.text }) do list[#list + 1] = object end
  end
  return list
end

tests["no word of a message becomes a part of it"] = function()
  local plain = tags(message.html(with_words "x"))
  local count = #texts_of((message.slack(with_words "x")))
  each_text(function(text)
    local said = with_words(text)
    assert(tags(message.html(said)) == plain, message.html(said))
    assert(not message.subject(said):find "[\r\n]")
    local blocks, line = message.slack(said)
    local decoded = json.decode(json.encode(blocks))
    assert(#texts_of(decoded) == count and not line:find "\n")
    for _, object in ipairs(texts_of(decoded)) do
      assert(object.type == "plain_text" and object.emoji == false and not object.text:find "[<>]", object.text)
      assert(#object.text > 0)
    end
    assert(not message.text(said):find "[%z\1-\9\11-\31\127]")
  end)
end

return tests
