--- How a call reaches its operation, and its answer the caller: what the account's rate, its credentials and the
--- faults make of it; and the record of all calls.

local copy = require "trapheus.copy"
local delivery = require "trapheus.sandbox.delivery"
local errors = require "trapheus.sandbox.errors"
local faults = require "trapheus.sandbox.faults"
local gate = require "trapheus.sandbox.gate"
local model = require "trapheus.aws.model"
local throttle = require "trapheus.sandbox.throttle"

local calls = {}

local NO_FAULT = {}

local OPERATIONS, READ_ONLY = {}, {}
for _, module in ipairs {
  "describe", "create", "modify", "reboot", "restore", "delete", "instance_snapshots", "tagging", "roles", "streams",
  "replication", "events", "catalog", "others", "cluster_describe", "cluster_create", "cluster_modify",
  "cluster_restore", "cluster_delete", "cluster_snapshots", "cluster_endpoints", "failover", "http_endpoint", "stop",
  "exports", "groups", "neighbours",
} do
  local served = require("trapheus.sandbox." .. module).operations
  for service, operations in pairs(served) do
    OPERATIONS[service] = OPERATIONS[service] or {}
    for name, operation in pairs(operations) do
      OPERATIONS[service][name], READ_ONLY[name] = operation, model.is_read_only(name)
    end
  end
end

--- What is known of a call afterwards: everything but passwords.
local function record(sb, service, operation, params, by, signed_at_s, region)
  local kept = copy(params)
  if kept.MasterUserPassword then kept.MasterUserPassword = "****" end
  local entry = {
    at_ms = sb.now, service = service, operation = operation, params = kept, outcome = "ok",
    committed = false, by = by, signed_at_s = signed_at_s, region = region, target = nil, fault = nil,
  }
  sb.audit[#sb.audit + 1] = entry
  return entry
end

---@param service string
---@param operation string
---@return boolean
function calls.serves(service, operation) return (OPERATIONS[service] or {})[operation] ~= nil end

--- Executes, whatever the client will learn of it. Notes in the entry whether anything was changed.
local function execute(sb, entry, params, fault)
  local operations = OPERATIONS[entry.service]
  local operation = operations and operations[entry.operation]
  if not operation then
    return nil, errors.new("InvalidAction", ("The sandbox does not know %s."):format(entry.operation))
  end
  local before = sb.changes
  sb.target, sb.asked_in = nil, entry.region or sb.region
  -- what is only asked about is kept nowhere, so that the record's copy does
  local own = READ_ONLY[entry.operation] and entry.params or copy(params)
  local ok, result = pcall(operation, sb, own, fault or NO_FAULT)
  entry.committed, entry.target = entry.committed or sb.changes ~= before, sb.target
  if ok then return result end
  if not errors.is_refusal(result) then error(result, 0) end
  return nil, errors.new(result.code, result.message, result.status)
end

--- What a client may not ask is not executed.
local function admit(sb, entry, params, fault)
  local refused = gate(sb, entry.service, entry.operation, entry.signed_at_s)
  if refused then return nil, refused end
  return execute(sb, entry, params, fault)
end

local function raise_the_dead(sb, fault, entry, params)
  sb:later(fault.delay_s or sb:draw "zombie_s", function()
    local late = record(sb, entry.service, entry.operation, params, entry.by, entry.signed_at_s, entry.region)
    local _, err = admit(sb, late, params)
    late.late, late.outcome = true, err and err.code or "ok"
  end)
end

local function how_it_arrives(effect, fault)
  if effect.delivery == "reset" and fault.part == "request" then return "lost", 0 end
  return effect.delivery, effect.executes
end

local function with_fault(sb, fault, entry, params)
  local effect = faults.effects[fault.kind]
  local how, times = how_it_arrives(effect, fault)
  if effect.before then effect.before(sb, fault) end
  if effect.late then raise_the_dead(sb, fault, entry, params) end
  local result, err
  for _ = 1, times do result, err = admit(sb, entry, params, effect.shapes and fault) end
  if effect.answer then result, err = nil, effect.answer(fault) end
  return result, err, delivery.new(how, fault)
end

local function answer(sb, entry, params)
  local counts, operation = sb.counts, entry.operation
  counts[operation], counts["*"] = (counts[operation] or 0) + 1, (counts["*"] or 0) + 1
  local fault = sb.faults[1] and faults.match(sb.faults, operation, counts, sb:stream "fault")
  if fault then
    entry.fault = fault.kind
    return with_fault(sb, fault, entry, params)
  end
  local refused = entry.service == "rds" and throttle(sb)
  if refused then return nil, refused end
  return admit(sb, entry, params)
end

--- A client's call, as the service sees it.
---@param sb trapheus.Sandbox
---@param service string
---@param operation string
---@param params table
---@param signed_at_s number|nil  By the client's clock.
---@param region string|nil  The Region whose endpoint is called, if not the sandbox's own.
---@return table|nil result
---@return table|nil err
---@return trapheus.sandbox.Delivery|nil arriving
function calls.serve(sb, service, operation, params, signed_at_s, region)
  local entry = record(sb, service, operation, params, "client", signed_at_s, region)
  local result, err, arriving = answer(sb, entry, params)
  local seen = err
  if arriving then
    local _
    _, seen = delivery.tables(arriving, entry, result, err)
  end
  if seen then entry.outcome = seen.code end
  return result, err, arriving
end

--- A call by somebody else, which meets no fault.
---@param sb trapheus.Sandbox
---@param operation string
---@param params table
---@return table|nil result
---@return table|nil err
function calls.by_operator(sb, operation, params)
  local entry = record(sb, "rds", operation, params, "operator")
  local result, err = execute(sb, entry, params)
  if err then entry.outcome = err.code end
  return result, err
end

return calls
