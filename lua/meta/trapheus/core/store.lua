---@meta

--- Of trapheus.core: the journal.
---@class trapheus.core
local core = {}

---@class trapheus.core.StoreOwner
---@field run_id string
---@field host string
---@field boot_id string
---@field pid integer
---@field expires_ms? integer  Of a holder.

---@class trapheus.core.Store
local Store = {}

--- Replaces the run's document and appends a record, in one durable transaction.
---@param run_id string
---@param kind string        "intent", "outcome", "step", …
---@param document string
---@param record string
---@param now_ms? integer    Default: the system's time.
---@return true? saved, trapheus.core.Failure? err
function Store:save(run_id, kind, document, record, now_ms) end

--- nil alone: there is no such run.
---@param run_id string
---@return string? document, trapheus.core.Failure? err
function Store:load(run_id) end

--- Newest first.
---@return { run_id: string, document: string, created_ms: integer, updated_ms: integer }[]?
---@return trapheus.core.Failure? err
function Store:list() end

---@param run_id string
---@return { seq: integer, time_ms: integer, kind: string, record: string }[]?
---@return trapheus.core.Failure? err
function Store:records(run_id) end

---@param name string
---@param owner trapheus.core.StoreOwner
---@param now_ms integer
---@param expires_ms integer
---@return boolean? locked
---@return trapheus.core.StoreOwner|trapheus.core.Failure|nil  The holder after false, the failure after nil.
function Store:lock(name, owner, now_ms, expires_ms) end

--- Whether somebody else has the lock; nothing is taken.
---@param name string
---@param asker trapheus.core.StoreOwner
---@param now_ms integer
---@return boolean? free
---@return trapheus.core.StoreOwner|trapheus.core.Failure|nil  The holder after false, the failure after nil.
function Store:holder(name, asker, now_ms) end

---@param name string
---@param run_id string
---@return true? unlocked, trapheus.core.Failure? err
function Store:unlock(name, run_id) end

--- Whether the file is whole.
---@return true? whole, trapheus.core.Failure? err
function Store:check() end

function Store:close() end

core.store = {}

---@param directory string
---@return trapheus.core.Store? store, trapheus.core.Failure? err
function core.store.open(directory) end
