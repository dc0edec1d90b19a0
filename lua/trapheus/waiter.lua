--- Waits until a resource is as it should be, by AWS's own waiter tables and the failure states they miss.
---
---     waiter.new("db_instance_available"):wait(rds, { DBInstanceIdentifier = "orders" }, { timeout_s = 3600 })
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local model = require "trapheus.aws.model"
local tasks = require "trapheus.tasks"

local waiter = {}

--- States that nothing but a person or a deletion ends, and that AWS's tables do not name.
local MORE_FAILURES = {
  -- of rds, the only service whose names begin so
  db_instance_available = {
    "inaccessible-encryption-credentials", "incompatible-create", "incompatible-credentials", "modify-failed",
    "restore-error", "upgrade-failed",
  },
  db_cluster_available = {
    "cloning-failed", "inaccessible-encryption-credentials", "migration-failed", "restore-failed", "storage-failure",
  },
}

--- AWS's own limit of 30 minutes is far too short for a large restore; this is CloudFormation's.
local TIMEOUT_S, MIN_S, MAX_S = 36 * 3600, 5, 30

local function snake_case(name)
  return (name:gsub("(%l)(%u)", "%1_%2"):gsub("(%u)(%u%l)", "%1_%2"):lower())
end

local function with_more_failures(definition, states)
  local argument = definition.acceptors[1].argument
  for _, expected in ipairs(states or {}) do
    table.insert(definition.acceptors, { matcher = "pathAny", argument = argument, expected = expected,
      state = "failure" })
  end
  return definition
end

local definitions = {}

local function load(service)
  local found = {}
  for name, definition in pairs(model.beside(service, "waiters")) do
    name = snake_case(name)
    found[name] = with_more_failures(definition, MORE_FAILURES[name])
  end
  return found
end

--- What an acceptor's argument selects: `Member`, `Outer.Member`, `List[].Member`, `Map.*.Member` and
--- ``length(List) == `0` `` are all that AWS's tables have.
local function select_values(reply, argument)
  local counted = argument:match "^length%((%w+)%) == `0`$"
  if counted then return { #(reply[counted] or {}) == 0 } end
  local list, member = argument:match "^(%w+)%[%]%.(%w+)$"
  if not list then list, member = argument:match "^(%w+)%.%*%.(%w+)$" end
  if not list then
    local value = reply
    for name in argument:gmatch "%w+" do value = type(value) == "table" and value[name] or nil end
    return { value }
  end
  local values = {}
  for _, item in pairs(reply[list] or {}) do values[#values + 1] = item[member] end
  return values
end

---@class trapheus.Waiter
---@field name string
---@field operation string
---@field acceptors table[]
local Waiter = {}
Waiter.__index = Waiter

--- What a reply means: "success", "failure" or "retry"; and the states that were seen.
---@param reply table
---@return "success"|"failure"|"retry"
---@return string states
function Waiter:judge(reply)
  local states = {}
  for _, acceptor in ipairs(self.acceptors) do
    if acceptor.matcher == "status" and acceptor.expected == 200 then return acceptor.state, "there" end
    if acceptor.argument then
      local values = select_values(reply, acceptor.argument)
      if acceptor.matcher ~= "path" then states = values end
      local verdict = core.waiter.judge({ acceptor }, { values = values })
      if verdict ~= "retry" then return verdict, table.concat(states, ", ") end
    end
  end
  return "retry", table.concat(states, ", ")
end

local PASSING = { throttle = true, transient = true }

--- One look: verdict, states, reply. An error that AWS's table does not know is raised, unless it passes.
local function look(self, client, params)
  local ok, reply = pcall(client[self.operation], client, params)
  if ok then
    local verdict, states = self:judge(reply)
    return verdict, states, reply
  end
  if not errors.is(reply) then error(reply, 0) end
  local acceptors = {}
  for _, acceptor in ipairs(self.acceptors) do
    if acceptor.matcher == "error" then acceptors[#acceptors + 1] = acceptor end
  end
  if core.waiter.judge(acceptors, { error = reply.code }) == "success" then return "success", reply.code end
  if PASSING[errors.class(self.operation, reply.code, reply.status)] then return "retry", reply.code end
  error(reply, 0)
end

local function fail(self, code, message, ...)
  error(errors.new { code = code, operation = self.operation, message = message:format(...) }, 0)
end

---@class trapheus.WaitOptions
---@field timeout_s? number   36 hours if not given.
---@field min_s? number       Between two looks at least (5) …
---@field max_s? number       … and at most (30).
---@field expected_s? number  How long it usually takes: looks are closer together around then.
---@field on_look? fun(states: string, elapsed_s: number)
---@field random? fun(): number

local function delay_ms(options, elapsed_ms)
  return core.waiter.delay_ms {
    elapsed_ms = elapsed_ms,
    expected_ms = options.expected_s and math.floor(options.expected_s * 1000),
    min_ms = math.floor((options.min_s or MIN_S) * 1000),
    max_ms = math.floor((options.max_s or MAX_S) * 1000),
    random = (options.random or math.random)(),
  }
end

--- Looks until it is so, and returns the last reply. Raises WaiterFailed for a state that will not end in it,
--- WaiterTimeout when the time is over, and any error of a call that will not pass by itself.
---@param client trapheus.Client
---@param params table
---@param options? trapheus.WaitOptions
---@return table? reply  Nil when an error is what was waited for.
function Waiter:wait(client, params, options)
  options = options or {}
  local loop = tasks.loop()
  local start_ms = loop:now_ms()
  local changed_ms, last_states = start_ms, nil
  local timeout_ms = (options.timeout_s or TIMEOUT_S) * 1000
  while true do
    local verdict, states, reply = look(self, client, params)
    local now_ms = loop:now_ms()
    if states ~= last_states then changed_ms, last_states = now_ms, states end
    if options.on_look then options.on_look(states, (now_ms - start_ms) / 1000) end
    if verdict == "success" then return reply end
    if verdict == "failure" then fail(self, "WaiterFailed", "%s will not come: %s", self.name, states) end
    local left_ms = start_ms + timeout_ms - now_ms
    if left_ms <= 0 then
      fail(self, "WaiterTimeout", "%s did not come within %g s: %s", self.name, timeout_ms / 1000, states)
    end
    tasks.sleep(math.min(delay_ms(options, now_ms - changed_ms), left_ms) / 1000)
  end
end

--- A waiter by its name, AWS's in snake case: db_instance_available, db_snapshot_deleted, …
---@param name string
---@param service? string  "rds" if not given; of a model from a file, its path.
---@return trapheus.Waiter
function waiter.new(name, service)
  service = service or "rds"
  definitions[service] = definitions[service] or load(service)
  local definition = definitions[service][name]
  if not definition then error(("no waiter %s%s"):format(name, model.hint(name, definitions[service])), 2) end
  return setmetatable({ name = name, operation = definition.operation, acceptors = definition.acceptors }, Waiter)
end

return waiter
