--- The durable record of runs, and the lock that keeps two runs off one database. A run's
--- document is replaced and a record appended in one transaction.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"

---@class trapheus.Journal
---@field save fun(self, record: table, kind: string, entry: table)   Durable, or raises.
---@field load fun(self, run_id: string): table?
---@field list fun(self): table[]         Every run's record, newest first.
---@field lock fun(self, run: trapheus.Run): boolean, table?  true, or false and who holds it
---@field unlock fun(self, run: trapheus.Run)

local journal = {}

local LOCK_MS = 7 * 24 * 3600 * 1000 -- for other machines that share the directory; a dead process of this one lets go

local function lock_name(run)
  return table.concat({ run.record.account, run.record.region, run.record.kind, run.identifier }, ":")
end

local function read(path)
  local file = io.open(path, "r")
  local text = file and file:read "l"
  if file then file:close() end
  return text
end

local function owner(run)
  return {
    run_id = run.id,
    host = core.system.hostname(),
    boot_id = read "/proc/sys/kernel/random/boot_id" or "unknown",
    pid = core.system.getpid(),
  }
end

-- The durable one -------------------------------------------------------------------------

local Journal = {}
Journal.__index = Journal

local function failed(err)
  error(errors.new { code = "JournalError", operation = "journal", message = err.message or tostring(err) }, 0)
end

---@param directory string  Created, private, if it is not there.
---@return trapheus.Journal
function journal.open(directory)
  local store, err = core.store.open(directory)
  if not store then failed(err) end
  return setmetatable({ store = store, directory = directory }, Journal)
end

function Journal:close() self.store:close() end

function Journal:save(record, kind, entry)
  local ok, err = self.store:save(record.run_id, kind, json.encode(record), json.encode(entry))
  if not ok then failed(err) end
end

function Journal:load(run_id)
  local document = self.store:load(run_id)
  return document and json.decode(document)
end

function Journal:list()
  local runs = {}
  for i, row in ipairs(self.store:list()) do runs[i] = json.decode(row.document) end
  return runs
end

function Journal:lock(run)
  local now_ms = core.clock.wall_ms()
  local held, holder = self.store:lock(lock_name(run), owner(run), now_ms, now_ms + LOCK_MS)
  if held == nil then failed(holder) end
  return held, holder
end

function Journal:unlock(run)
  if run.record.account then self.store:unlock(lock_name(run), run.id) end
end

-- The one of the sandbox and of a plan ------------------------------------------------------

local Memory = {}
Memory.__index = Memory

--- Keeps runs as long as the process lives; documents are encoded all the same, so that what
--- would not survive a crash does not survive here either.
---@return trapheus.Journal
function journal.memory()
  return setmetatable({ documents = {}, records = {}, locks = {} }, Memory)
end

function Memory:save(record, kind, entry)
  self.documents[record.run_id] = json.encode(record)
  table.insert(self.records, { run_id = record.run_id, kind = kind, record = json.encode(entry) })
end

function Memory:load(run_id)
  return self.documents[run_id] and json.decode(self.documents[run_id])
end

function Memory:list()
  local ids, runs = {}, {}
  for id in pairs(self.documents) do ids[#ids + 1] = id end
  table.sort(ids)
  for i, id in ipairs(ids) do runs[i] = self:load(id) end
  return runs
end

function Memory:lock(run)
  local name = lock_name(run)
  local holder = self.locks[name]
  if holder and holder.run_id ~= run.id then return false, holder end
  self.locks[name] = owner(run)
  return true
end

function Memory:unlock(run)
  if not run.record.account then return end
  local holder = self.locks[lock_name(run)]
  if holder and holder.run_id == run.id then self.locks[lock_name(run)] = nil end
end

return journal
