--- The durable record of runs, and the lock that keeps two runs off one database. A run's
--- document is replaced and a record appended in one transaction.
local copy = require "trapheus.copy"
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local json = require "trapheus.json"
local sorted = require "trapheus.sorted"

---@class trapheus.Journal
---@field save fun(self, record: table, kind: string, entry: table)   Durable, or raises.
---@field load fun(self, run_id: string): table?
---@field list fun(self): table[], table[]  Every run's record, newest first, and those of other versions.
---@field fleets fun(self): table[]          Every fleet's.
---@field lock fun(self, run: trapheus.Run): boolean, string?  true, or false and who is at work instead
---@field unlock fun(self, run: trapheus.Run)
---@field claim fun(self, name: string, run_id: string): boolean  Something else that one process does at a time,
---@field release fun(self, name: string, run_id: string)         until this.

--- FORMAT: what a record looks like; a record of another format is not gone on with.
local journal = { FORMAT = 2 }

local LOCK_MS = 7 * 24 * 3600 * 1000 -- for other machines that share the directory; a dead process of this one lets go

-- By name, and by resource id: while a run has moved a database aside, another must take neither
-- the name nor, under its other name, the database.
local function lock_names(record)
  if not record.facts.original then return {} end -- not so far yet as to have one
  local place = record.account .. ":" .. record.region .. ":"
  return { place .. record.identifier, place .. record.facts.original.resource_id }
end

local function read(path)
  local file = io.open(path, "r")
  local text = file and file:read "l"
  if file then file:close() end
  return text
end

local boot_id

local function owner(run_id)
  boot_id = boot_id or read "/proc/sys/kernel/random/boot_id" or "unknown"
  return {
    run_id = run_id,
    host = core.system.hostname(),
    boot_id = boot_id,
    pid = core.system.getpid(),
  }
end

-- Takes all of the names or none.
local function lock(self, run)
  local me, names = owner(run.id), lock_names(run.record)
  for i, name in ipairs(names) do
    local held, holder = self:take(name, me)
    if not held then
      for j = 1, i - 1 do self:release(names[j], run.id) end
      return false, ("run %s (process %d on %s) is at work on %s"):format(holder.run_id, holder.pid, holder.host,
        run.identifier)
    end
  end
  return true
end

local function unlock(self, run)
  for _, name in ipairs(lock_names(run.record)) do self:release(name, run.id) end
end

-- One process at a time; a dead one has let go.
local function claim(self, name, run_id) return (self:take(name, owner(run_id))) end

-- Fleets are kept as runs are.
local function only(records, fleets)
  local list = {}
  for _, record in ipairs(records) do
    if (record.fleet or false) == fleets then list[#list + 1] = record end
  end
  return list
end

local function list(self)
  local known, others = self:all()
  return only(known, false), others
end

local function fleets(self) return only(self:all(), true) end

-- The durable one -------------------------------------------------------------------------

local Journal = { lock = lock, unlock = unlock, claim = claim, list = list, fleets = fleets }
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

local function decode(self, run_id, document)
  local ok, record = pcall(json.decode, document)
  if ok and type(record) == "table" then return record end
  failed { message = ("%s/journal.db is damaged, restore it from a copy: what it has of run %s cannot be read"):format(
    self.directory, run_id) }
end

--- Raises what a record is refused with that this version does not know.
---@param record table
function journal.refuse(record)
  failed { message = ("run %s was written by another version of trapheus (format %s): use that one"):format(
    tostring(record.run_id), tostring(record.format)) }
end

function Journal:load(run_id)
  local document, err = self.store:load(run_id)
  if err then failed(err) end
  local record = document and decode(self, run_id, document)
  if record and record.format ~= journal.FORMAT then journal.refuse(record) end
  return record
end

function Journal:all()
  local rows, err = self.store:list()
  if not rows then failed(err) end
  local runs, others = {}, {}
  for _, row in ipairs(rows) do
    local record = decode(self, row.run_id, row.document)
    table.insert(record.format == journal.FORMAT and runs or others, record)
  end
  return runs, others
end

function Journal:take(name, me)
  local now_ms = core.clock.wall_ms()
  local held, holder = self.store:lock(name, me, now_ms, now_ms + LOCK_MS)
  if held == nil then failed(holder) end
  return held, holder
end

--- The process that is at work on a run; nil: there is none, as far as can be known from here.
---@param record table
---@return trapheus.core.StoreOwner?
function Journal:worker(record)
  local me = owner ""
  for _, name in ipairs(lock_names(record)) do
    local free, holder = self.store:holder(name, me, core.clock.wall_ms())
    if free == nil then failed(holder) end
    if not free and holder.run_id == record.run_id then return holder end
  end
end

function Journal:release(name, run_id) self.store:unlock(name, run_id) end

--- Raises for a damaged journal: it is never guessed around.
function Journal:check()
  local ok, err = self.store:check()
  if not ok then failed { message = ("%s/journal.db is damaged, restore it from a copy: %s"):format(self.directory,
    err.message or tostring(err)) } end
end

-- The one of the sandbox and of a plan ------------------------------------------------------

local Memory = { lock = lock, unlock = unlock, claim = claim, list = list, fleets = fleets }
Memory.__index = Memory

--- Keeps runs as long as the process lives: each as it was when it was saved, and through JSON when it is asked for,
--- so that what would not survive a crash does not survive here either.
---@return trapheus.Journal
function journal.memory()
  return setmetatable({ documents = {}, locks = {} }, Memory)
end

function Memory:save(record) self.documents[record.run_id] = copy(record) end

function Memory:load(run_id)
  return self.documents[run_id] and json.decode(json.encode(self.documents[run_id]))
end

function Memory:all()
  local runs = {}
  for i, id in ipairs(sorted.keys(self.documents)) do runs[i] = self:load(id) end
  return runs, {}
end

function Memory:take(name, me)
  local holder = self.locks[name]
  if holder and holder.run_id ~= me.run_id then return false, holder end
  self.locks[name] = me
  return true
end

function Memory:release(name, run_id)
  if self.locks[name] and self.locks[name].run_id == run_id then self.locks[name] = nil end
end

return journal
