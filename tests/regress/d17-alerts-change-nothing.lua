--- D17: an alert that fails changes nothing of the outcome, and what it says of its failure names no webhook.
local alerts = require "trapheus.alerts"
local ambient = require "trapheus.ambient"
local core = require "trapheus.core"
local json = require "trapheus.json"
local many = require "many"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local story = require "trapheus.alerts.story"
local witness = require "witness"
local tests = {}

local SECRET = "T0SECRET"
local HOOK, HOST = "https://hooks.slack.com/services/", "ops.example.org"
local CHANNELS = {
  { kind = "email", id = "email 1", from = "dba@example.org", to = { "oncall@example.org", "team@example.org" } },
  { kind = "slack", id = "slack 1", url = HOOK .. "1/" .. SECRET },
  { kind = "slack", id = "slack 2", url = HOOK .. "2/" .. SECRET },
  { kind = "sns", id = "sns 1", topic = "arn:aws:sns:us-east-1:123456789012:ops", region = "us-east-1" },
  { kind = "webhook", id = "webhook 1", url = "https://ops.example.org/" .. SECRET },
}

local TERMINAL = { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal", status = "failed" }

local function every(operation, kind)
  local code = kind == "error" and "MessageRejected" or nil
  return { operation = operation, occurrence = "every", kind = kind, code = code }
end

-- What there is, and how the run stands.
local function state(result)
  local sandbox = result.sandbox
  local holder = sandbox:instance "mydb"
  holder.LatestRestorableTime = nil -- time passes while nobody answers
  return json.encode { holder, sandbox:instance "mydb-temp" or json.null,
    sandbox:snapshot "mydb-snapshot", result.record, report.document(result.run) }
end

local function send(result, channels)
  local _ <close> = ambient.enter(result.world)
  local failures = {}
  for _, each in ipairs(alerts.send(result.world, channels or CHANNELS, story.of(result.run, "rolled_back"))) do
    failures[#failures + 1] = each.failure
  end
  return failures
end

local FAILURES = {
  ["the webhooks do not answer"] = { every("webhook", "drop"), told = 3, mails = 1, posts = 0, published = 1 },
  ["the webhooks' answer is lost"] = { every("webhook", "lost"), told = 3, mails = 1, posts = 3, published = 1 },
  ["SES refuses"] = { every("SendEmail", "error"), told = 1, mails = 0, posts = 3, published = 1 },
  ["SES is not allowed"] = { every("SendEmail", "denied"), told = 1, mails = 0, posts = 3, published = 1 },
  ["SES does not answer"] = { every("SendEmail", "drop"), told = 1, mails = 0, posts = 3, published = 1 },
  ["SNS refuses"] = { every("Publish", "denied"), told = 1, mails = 1, posts = 3, published = 0 },
  ["nothing works"] = { every("webhook", "denied"), every("SendEmail", "500n"), every("Publish", "500n"),
    told = 5, mails = 0, posts = 0, published = 0 },
  ["everything works"] = { told = 0, mails = 1, posts = 3, published = 1 },
}

for name, row in pairs(FAILURES) do
  tests["a rolled back run stays what it is when " .. name] = function()
    local result = rehearse { faults = { TERMINAL } }
    witness.equal(result.outcome, "rolled_back")
    local before = state(result)
    result.sandbox:heal()
    result.sandbox:inject(table.move(row, 1, #row, 1, {}))
    local failures = send(result)
    witness.equal(state(result), before, "the state")
    witness.equal(#failures, row.told, "failures that are told")
    witness.equal(#result.sandbox.mail, row.mails, "mails")
    witness.equal(#result.sandbox.webhooks, row.posts, "posts")
    witness.equal(#result.sandbox.published, row.published, "published")
    for _, failure in ipairs(failures) do
      assert(not failure:find(SECRET, 1, true) and not failure:find("hooks.slack.com", 1, true), failure)
    end
  end
end

tests["an alert says what happened, what is where, and what to do"] = function()
  local result = rehearse { faults = { TERMINAL } }
  send(result)
  local sandbox = result.sandbox
  local mail = sandbox.mail[1]
  witness.equal(mail.Source, "dba@example.org", "sender")
  witness.equal(#mail.Destination.ToAddresses, 2, "recipients")
  local texts = { text = mail.Message.Body.Text.Data, html = mail.Message.Body.Html.Data,
    slack = sandbox.webhooks[1].body, sns = sandbox.published[1].Message, json = sandbox.webhooks[3].body }
  for where, text in pairs(texts) do
    for _, part in ipairs { "rolled back", result.run.id, "the restore ended as ", "mydb-snapshot",
      result.record.facts.original.resource_id, "before you start another one" } do
      assert(text:find(part, 1, true), ("%s does not say: %s\n%s"):format(where, part, text))
    end
  end
  assert(sandbox.webhooks[3].url:find(HOST, 1, true))
end

tests["nothing configured, nothing sent"] = function()
  local result = rehearse { faults = { TERMINAL } }
  witness.equal(#send(result, {}), 0, "failures")
  witness.equal(#result.sandbox.mail + #result.sandbox.webhooks, 0, "alerts")
end

-- Of a fleet ------------------------------------------------------------------------------------

local FLEET = { "TEAM_SLACK", HOOK .. "1/" .. SECRET }

-- Two databases, one of which fails for good, told to a webhook.
local function fleet(faults)
  core.system.setenv(FLEET[1], FLEET[2])
  local given = { { operation = "RestoreDBInstanceFromDBSnapshot", occurrence = 1, kind = "terminal",
    status = "failed" } }
  table.move(faults, 1, #faults, 2, given)
  local ok, result = pcall(many, { ids = { "a", "b" }, faults = given,
    flags = { "--keep-going", "--slack", "env:" .. FLEET[1] } })
  core.system.setenv(FLEET[1], nil)
  assert(ok, result)
  return result
end

tests["a fleet ends as it ends, whoever can be told"] = function()
  local told, untold = fleet {}, fleet { every("webhook", "drop") }
  for _, result in ipairs { told, untold } do
    witness.equal(result.code, 8)
    local outcomes = { result.rows.a.outcome, result.rows.b.outcome }
    table.sort(outcomes)
    witness.equal(table.concat(outcomes, " "), "restored rolled_back")
  end
  witness.equal(#untold.sandbox.webhooks, 0, "posts that got lost")
  witness.equal(#told.sandbox.webhooks, 1, "one message for all of them")
  local body = told.sandbox.webhooks[1].body
  assert(body:find("[ab]: rolled_back") and body:find("1 of 2 did not end well", 1, true), body)
end

return tests
