--- An export task: what a snapshot has, on its way into an S3 bucket. RDS keeps its name for ever, so that one name is
--- one task.
local errors = require "trapheus.errors"

---@class trapheus.Export
---@field name string
---@field status string      STARTING, IN_PROGRESS, COMPLETE, CANCELING, CANCELED, FAILED
---@field source string      the ARN of the snapshot
---@field bucket string
---@field prefix string?
---@field percent integer?
---@field failure string?    why it has failed
---@field warning string?
---@field ended_at number?   seconds since the epoch
local Export = {}
Export.__index = Export

local export = { kind = "export" }

local RUNNING = { STARTING = true, IN_PROGRESS = true, CANCELING = true }
local BAD = { FAILED = true, CANCELED = true }

--- MOST_RUNNING: of an account, at one time.
export.MOST_RUNNING = 5

---@param raw table  An ExportTask
---@return trapheus.Export
function export.wrap(raw)
  return setmetatable({ name = raw.ExportTaskIdentifier, status = (raw.Status or "unknown"):upper(),
    source = raw.SourceArn, bucket = raw.S3Bucket, prefix = raw.S3Prefix ~= "" and raw.S3Prefix or nil,
    percent = raw.PercentProgress, failure = raw.FailureCause, warning = raw.WarningMessage,
    ended_at = raw.TaskEndTime }, Export)
end

---@param name string
---@return trapheus.Export?  nil when RDS shows none of that name
function export.by_name(rds, name)
  local page, err = errors.try(rds.DescribeExportTasks, rds, { ExportTaskIdentifier = name })
  if err and errors.is(err, "ExportTaskNotFound") then return nil end
  if err then error(err, 0) end
  local raw = (page.ExportTasks or {})[1]
  return raw and export.wrap(raw) or nil
end

--- As by_name, for who can do without: nil as well where AWS does not answer, or refuses to.
---@param name string
---@return trapheus.Export?
function export.peek(rds, name) return (errors.try(export.by_name, rds, name)) end

function Export:describe() return ("%s of %s"):format(self.status, self.source) end

--- Does RDS still work on it?
function Export:moving() return RUNNING[self.status] ~= nil end

--- Has it ended, and not written everything?
function Export:bad() return BAD[self.status] ~= nil end

--- Where the files of one are, or are to be.
---@param known { name: string, bucket: string, prefix: string? }
---@return string
function export.place(known)
  return ("s3://%s/%s%s/"):format(known.bucket, known.prefix and known.prefix .. "/" or "", known.name)
end

--- Is that a status in which it stays?
---@param status string
---@return boolean
function export.ended(status) return status == "COMPLETE" or BAD[status] ~= nil end

return export
