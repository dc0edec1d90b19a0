--- What a test may ask about a rehearsal, beside its outcome: always of the sandbox's committed truth.
local tables = require "trapheus.sandbox.tables"
local versions = require "trapheus.sandbox.versions"

local witness = {}

local READS = { "^Describe", "^List", "^Get" }

---@param operation string
---@return boolean
function witness.reads(operation)
  for _, pattern in ipairs(READS) do
    if operation:find(pattern) then return true end
  end
  return false
end

local MARKS = { AddTagsToResource = true, RemoveTagsFromResource = true }

--- The calls of the program that were meant to change something, in order; those that only mark a database as being
--- worked on do not count, unless they are asked for.
---@param sandbox table
---@param operation string?
---@return table[] audit entries
function witness.changes(sandbox, operation)
  local list = {}
  for _, entry in ipairs(sandbox.audit) do
    local wanted = entry.operation == operation
      or not operation and not witness.reads(entry.operation) and not MARKS[entry.operation]
    if entry.service == "rds" and entry.by == "client" and wanted then list[#list + 1] = entry end
  end
  return list
end

--- How many of them took effect.
---@return integer
function witness.committed(sandbox, operation)
  local count = 0
  for _, entry in ipairs(witness.changes(sandbox, operation)) do count = count + (entry.committed and 1 or 0) end
  return count
end

--- The renames that were sent.
---@return table[] audit entries
function witness.renames(sandbox)
  local list = {}
  for _, entry in ipairs(witness.changes(sandbox, "ModifyDBInstance")) do
    if entry.params.NewDBInstanceIdentifier then list[#list + 1] = entry end
  end
  return list
end

--- Does anything of a list of tags come from a run?
---@return boolean
function witness.marked(tags)
  for _, tag in ipairs(tags or {}) do
    if tag.Key:find "^trapheus:" then return true end
  end
  return false
end

--- Changes what Describe shows of an instance, now and in its past: states that nothing in the sandbox leads to.
---@param sandbox table
---@param name string
---@param fields table
---@param without string[]?  Fields that it is not to have.
function witness.amend(sandbox, name, fields, without)
  witness.revise(assert(sandbox.names[name], name), fields, without)
end

local function revised(view, fields, without)
  for field, value in pairs(fields) do view[field] = value end
  for _, field in ipairs(without or {}) do view[field] = nil end
  return view
end

--- Makes a resource of the sandbox another than it was, in all that Describe may show. What was shown stays as it was:
--- whoever has seen it need not look at it again.
---@param resource table
---@param fields table
---@param without string[]?
function witness.revise(resource, fields, without)
  revised(resource.fields, fields, without)
  for _, moment in ipairs(resource.history) do
    for i, view in ipairs(moment.views) do
      moment.views[i] = revised(tables.shallow(view), fields, without)
      versions.written[moment.views[i]] = {}
    end
  end
end

--- Calls f once, at the first change of committed truth at which it holds.
---@param sandbox table
---@param holds fun(sandbox: table): boolean
---@param f fun(sandbox: table)
function witness.once(sandbox, holds, f)
  local earlier = sandbox.on_commit
  local happened = false
  function sandbox.on_commit(sb)
    if earlier then earlier(sb) end
    if not happened and holds(sb) then
      happened = true
      f(sb)
    end
  end
end

--- Collects what `problem` says at each change of committed truth.
---@param sandbox table
---@param problem fun(sandbox: table): string?
---@return string[] problems
function witness.always(sandbox, problem)
  local earlier, problems = sandbox.on_commit, {}
  function sandbox.on_commit(sb)
    if earlier then earlier(sb) end
    local text = problem(sb)
    if text and problems[#problems] ~= text then problems[#problems + 1] = text end
  end
  return problems
end

--- Fails with the first of the problems.
---@param problems string[]
function witness.none(problems)
  if problems[1] then error(("%s (and %d more)"):format(problems[1], #problems - 1), 2) end
end

--- Lets time pass in the world of a rehearsal that has ended.
---@param world trapheus.World
---@param seconds number
function witness.pass(world, seconds)
  local timer <close> = world.loop:timer(seconds * 1000)
  while not timer:done() do world.loop:step() end
end

--- Is the replacement being created?
function witness.creating(sandbox)
  local holder = sandbox:instance "mydb"
  return holder ~= nil and holder.DBInstanceStatus == "creating"
end

--- Fails with both values.
function witness.equal(got, wanted, what)
  if got ~= wanted then error(("%s: %s, not %s"):format(what or "value", tostring(got), tostring(wanted)), 2) end
end

--- For `extend`: calls f(run) before the first look on the way back through a step.
---@param step string
---@param f fun(run: trapheus.Run)
---@return fun(pipeline: trapheus.Pipeline)
function witness.before_undo(step, f)
  return function(pipeline)
    local real, called = pipeline.steps[step], false
    local function undo(run)
      if not called then
        called = true
        f(run)
      end
      return real.undo(run)
    end
    pipeline.steps[step] = setmetatable({ undo = undo }, { __index = real })
  end
end

return witness
