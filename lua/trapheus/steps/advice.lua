--- What preflight asks once nothing is left to refuse: a doubtful answer becomes a warning, in the plan and in the
--- report. Advice never refuses, waits or fails; what cannot be asked is said in one line.
---
--- Not asked, as other services would have to be, with permissions that a restore does not need: whether security
--- groups, KMS keys, roles and directories exist (an available database has those it needs), permissions by simulation,
--- alarms, and scaling policies. Event subscriptions and alarms go by name and live on.
local errors = require "trapheus.errors"
local restore = require "trapheus.steps.restore"

local advice = {}

---@class trapheus.Question
---@field name string           What the line says when it could not be asked.
---@field restoring boolean?    Only asked when the database is restored.
---@field ask fun(about: trapheus.About): string?  The warning; nil: no doubt.

---@class trapheus.About
---@field run trapheus.Run
---@field seen trapheus.Database      the original
---@field original table              what Describe says of it
---@field snapshot trapheus.Snapshot? the one that exists already
---@field restores boolean            The database is restored, not only its snapshot made.
---@field takes_snapshot boolean      The snapshot is made or replaced.
---@field ends_at number              By when a run has ended at the latest, more or less.
---@field silence table<string, { err: any, denied: boolean }>  By question: why there was no answer.
---@field version_offered boolean?    Once it was asked and answered.

local NOT_ASKED = { "security groups", "KMS keys", "permissions", "alarms", "scaling policies" }

--- What nothing here can ask; told in a plan.
---@param run trapheus.Run
---@return string[]
function advice.not_asked(run)
  local list = table.move(NOT_ASKED, 1, #NOT_ASKED, 1, {})
  if run.facts.export then list[#list + 1] = "the bucket and the role of the export" end
  return list
end

---@type trapheus.Question[]
advice.questions = {}
for _, part in ipairs { "service", "own" } do
  for _, question in ipairs(require("trapheus.steps.advice." .. part)) do
    advice.questions[#advice.questions + 1] = question
  end
end

local function new_about(run, original, snapshot)
  return {
    run = run,
    seen = original,
    original = original.raw,
    snapshot = snapshot,
    restores = run:restores(),
    takes_snapshot = run:takes_snapshot(),
    ends_at = run:now_s() + restore.deadline_s,
    silence = {},
  }
end

-- Answers of AWS and mistakes in reading them are advice that is missing; anything else (a signal) is not ours.
local function put(question, about)
  local ok, answer = pcall(question.ask, about)
  if ok then return answer end
  if type(answer) == "table" and (not errors.is(answer) or answer.code == "Interrupted") then error(answer, 0) end
  local denied = errors.is(answer) and errors.class(answer.operation or "", answer.code) == "auth"
  about.silence[question.name] = { err = answer, denied = denied }
end

-- One line for all questions that had no answer for one reason.
local function unasked(about, because, denied)
  local names, operations = {}, {}
  for _, question in ipairs(advice.questions) do
    local silence = about.silence[question.name]
    if silence and silence.denied == denied then
      names[#names + 1] = question.name
      operations[#operations + 1] = denied and ("%s:%s"):format(silence.err.service, silence.err.operation) or nil
    end
  end
  if #names == 0 then return nil end
  because = because:format(table.concat(operations, ", "))
  return ("could not be asked, %s: %s"):format(because, table.concat(names, ", "))
end

--- Asks everything that concerns this run, and warns.
---@param run trapheus.Run
---@param original trapheus.Database
---@param snapshot trapheus.Snapshot?  the one that exists already
function advice.give(run, original, snapshot)
  local about = new_about(run, original, snapshot)
  local function say(line) return line and run:warn(line) end
  for _, question in ipairs(advice.questions) do
    if about.restores or not question.restoring then say(put(question, about)) end
  end
  say(unasked(about, "as it is not permitted (%s)", true))
  say(unasked(about, "as the endpoint gives no usable answer", false))
end

return advice
