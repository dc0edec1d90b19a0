--- Has the snapshot that was just made exported to S3, by a task that is named after the run: RDS takes a name once, so
--- there is never a second one. The task works on a copy of its own: it neither needs nor harms the database.
---
--- It comes before anything is moved: an export that cannot be had stops the run while the original is as it was, or is
--- a warning, as the user prefers.
local pinned = require "trapheus.pinned"
local tasks = require "trapheus.databases.export"

---@class trapheus.ExportFacts   Plain data, in facts.export; see trapheus.steps.checks.export.
---@field name string
---@field bucket string
---@field prefix string?
---@field role string?      the ARN of the role that writes into the bucket
---@field key string?
---@field tables string[]?
---@field status string?    when it was last seen; nil: it never was
---@field percent integer?
---@field failure string?

---@class trapheus.steps.Export : trapheus.Step
local export = { name = "export", deadline_s = 24 * 3600, typical_s = 3600 }

local START_S = 3600 -- so long is tried to have it accepted

function export.wanted(run) return run.facts.export ~= nil end

function export.optional(run) return run.options.export_optional == true end

local function target(known) return { kind = tasks.kind, name = known.name } end

local function parameters(run, known)
  return { ExportTaskIdentifier = known.name, SourceArn = run.facts.snapshot.arn, S3BucketName = known.bucket,
    S3Prefix = known.prefix, IamRoleArn = known.role, KmsKeyId = known.key, ExportOnly = known.tables }
end

local function late(run)
  return run:now_s() - run.record.steps[#run.record.steps].started_at > START_S
end

local function start(run, known)
  local answer = pinned.lost(run) or run:mutate("StartExportTask", target(known), parameters(run, known))
  if answer.fail or not late(run) then return answer end
  return run:fail(("the export %s is not there within an hour, waiting for %s"):format(known.name, answer.wait))
end

--- Notes how far it is.
local function note(known, seen)
  known.status, known.percent, known.failure = seen.status, seen.percent, seen.failure
end

local function ended_badly(known)
  return ("the export %s has ended as %s%s; what it has written so far is in %s"):format(known.name, known.status,
    known.failure and ": " .. known.failure or "", tasks.place(known))
end

function export.advance(run)
  local known = run.facts.export
  local seen = tasks.by_name(run.world.rds, known.name)
  if not seen and known.status then return run:wait(("RDS to show the export %s again"):format(known.name)) end
  if not seen then return start(run, known) end
  if seen.source ~= run.facts.snapshot.arn or seen.bucket ~= known.bucket then
    return run:fail(("the export %s is not of this run: it is of %s, to %s"):format(known.name, seen.source,
      seen.bucket))
  end
  run:confirm("StartExportTask", target(known))
  note(known, seen)
  if seen:bad() then return run:fail(ended_badly(known)) end
  if seen.status == "COMPLETE" or not run.options.export_wait then return run:done() end
  return run:wait(("the export %s (%s)"):format(known.name, seen.status), export.typical_s,
    seen.percent and ("%d%%"):format(seen.percent))
end

function export.on_deadline(run)
  local known = run.facts.export
  return run:fail(("the export %s is %s after a day; it goes on by itself"):format(known.name,
    known.status or "not there"))
end

--- One more look at the end of a run, for the report. Who may not look, or gets no answer, does without.
---@param run trapheus.Run
function export.look_again(run)
  local known = run.facts.export
  if not (known and known.status) or tasks.ended(known.status) then return end
  local seen = tasks.peek(run.world.rds, known.name)
  if not seen then return end
  note(known, seen)
  if seen:bad() then run:warn(ended_badly(known)) end
end

return export
