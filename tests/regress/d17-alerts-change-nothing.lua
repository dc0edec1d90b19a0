--- D17: an alert that fails changes nothing of the outcome, and what it says of its failure names no webhook.
local alerts = require "trapheus.alerts"
local json = require "trapheus.json"
local rehearse = require "rehearse"
local report = require "trapheus.report"
local witness = require "witness"
local tests = {}

local SECRET = "T0SECRET"
local SETTINGS = {
  email_from = "dba@example.org", email_to = { "oncall@example.org", "team@example.org" },
  slack = { "https://hooks.slack.com/services/1/" .. SECRET, "https://hooks.slack.com/services/2/" .. SECRET },
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

local function send(result, settings)
  return alerts.send(result.world, settings or SETTINGS, "trapheus: " .. report.headline(result.record),
    report.text(result.run))
end

local FAILURES = {
  ["the webhooks do not answer"] = { every("webhook", "drop"), told = 2, mails = 1, posts = 0 },
  ["the webhooks' answer is lost"] = { every("webhook", "lost"), told = 2, mails = 1, posts = 2 },
  ["SES refuses"] = { every("SendEmail", "error"), told = 1, mails = 0, posts = 2 },
  ["SES is not allowed"] = { every("SendEmail", "denied"), told = 1, mails = 0, posts = 2 },
  ["SES does not answer"] = { every("SendEmail", "drop"), told = 1, mails = 0, posts = 2 },
  ["nothing works"] = { every("webhook", "denied"), every("SendEmail", "500n"), told = 3, mails = 0, posts = 0 },
  ["everything works"] = { told = 0, mails = 1, posts = 2 },
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
    for _, failure in ipairs(failures) do
      assert(not failure:find(SECRET, 1, true) and not failure:find("hooks.slack.com", 1, true), failure)
    end
  end
end

tests["an alert says what happened and what is where"] = function()
  local result = rehearse { faults = { TERMINAL } }
  send(result)
  local mail, post = result.sandbox.mail[1], json.decode(result.sandbox.webhooks[1].body)
  witness.equal(mail.Source, "dba@example.org", "sender")
  witness.equal(#mail.Destination.ToAddresses, 2, "recipients")
  local body = mail.Message.Body.Text.Data
  for _, part in ipairs { "rolled back", result.run.id, "the restore ended as 'failed'",
    result.record.facts.original.resource_id } do
    assert(body:find(part, 1, true), "the mail does not say: " .. part)
    assert(post.text:find(part, 1, true), "the post does not say: " .. part)
  end
end

tests["nothing configured, nothing sent"] = function()
  local result = rehearse { faults = { TERMINAL } }
  witness.equal(#send(result, { email_to = {}, slack = {} }), 0, "failures")
  witness.equal(#result.sandbox.mail + #result.sandbox.webhooks, 0, "alerts")
end

return tests
