--- Scenarios: what there is in an account, how RDS behaves, what goes wrong and when, and how a restore should end; one
--- Lua table in a file. A file is only data: it is loaded as text, and sees nothing of the program or of Lua.

local model = require "trapheus.aws.model"
local resource = require "trapheus.resource"
local rules = require "trapheus.sandbox.scenario_rules"
local shape = require "trapheus.sandbox.shape"
local usage = require "trapheus.usage"

local scenario = {}

---@class trapheus.sandbox.Scenario
---@field name string
---@field title string         One line: what it shows.
---@field shows string?        What to look at, and why it ends as it does.
---@field task string          The task it is made for.
---@field expected string      The outcome of that task.
---@field instances table[]    Describe's shape; what is not said is a production PostgreSQL's.
---@field clusters table[]     Describe's shape, and `members`: how many, or which; what is not said is an Aurora
---                            PostgreSQL's.
---@field cluster_snapshots table[]?
---@field snapshots table[]?   Describe's shape; nil: one that is restored from, if the task does not make it.
---@field seed integer?
---@field preset string?       Of the knobs.
---@field knobs table?
---@field faults table[]
---@field actions trapheus.sandbox.Action[]

---@class trapheus.sandbox.Action  What somebody else does, or RDS by itself.
---@field at_s number?        So long after the beginning; or
---@field after string?       after a call of that operation (the `nth`, by default the first)
---@field nth integer?
---@field delay_s number?     has changed something, so much later.
---@field operation string?   A call, with its `parameters`; or
---@field parameters table?
---@field status string?      `instance` or `cluster` shows that status, `for_s` seconds long or for good.
---@field instance string?
---@field cluster string?
---@field for_s number?

local PREFIX = "trapheus.sandbox.scenarios."
local MOST_STEPS = 1000000 -- of a file that computes something

--- The names of the shipped ones, in the order in which the guide tells of them.
---@return string[]
function scenario.names() return require "trapheus.sandbox.scenarios" end

local function shipped(name)
  local known = {}
  for _, each in ipairs(scenario.names()) do known[each] = true end
  if known[name] then return resource.read(PREFIX .. name, "lua"), name .. ".lua" end
  usage.fail("there is no scenario '%s'%s; see trapheus sandbox --scenarios, or give the path of a file (./%s.lua)",
    name, model.hint(name, known), name)
end

local function of_file(path)
  local file, message = io.open(path, "r")
  if not file then usage.fail("the scenario %s", message) end
  local text, unreadable = file:read "a"
  file:close()
  return text or usage.fail("the scenario %s: %s", path, unreadable), path
end

-- Runs it where there is nothing, and not for ever.
local function evaluate(text, file)
  local chunk, err = load(text, "@" .. file, "t", {})
  if not chunk then
    if not err:find(file, 1, true) then err = file .. ": " .. err end
    usage.fail("%s (a scenario is a Lua table: return { title = …, … })", err)
  end
  local thread = coroutine.create(chunk)
  debug.sethook(thread, function() error("it computes for too long", 0) end, "", MOST_STEPS)
  local ok, value = coroutine.resume(thread)
  if not ok then usage.fail("%s: %s", file, tostring(value)) end
  if coroutine.status(thread) ~= "dead" or type(value) ~= "table" then
    usage.fail("%s: a scenario is a table: return { title = …, … }", file)
  end
  return value
end

-- A copy with the identifier in the place of {id}. What is a function is left for the check to find.
local function filled(value, id, depth, place)
  if type(value) == "string" then return (value:gsub("{id}", function() return id end)) end
  if type(value) ~= "table" then return value end
  if depth > 20 then shape.refuse(place, "it is nested too deeply") end
  local copy = {}
  for key, element in next, value do copy[key] = filled(element, id, depth + 1, place) end
  return copy
end

--- Reads a scenario: a shipped one by its name, or a file by its path. Raises a usage error that names file and field.
---@param name string   "slow-rename", "./mine.lua"
---@param id string?    What {id} stands for in it; default: mydb.
---@return trapheus.sandbox.Scenario
function scenario.load(name, id)
  local text, file
  if name:find "/" or name:find "%.lua$" then text, file = of_file(name) else text, file = shipped(name) end
  local place = { file = file, path = "", first = 1 }
  local read = rules.check(filled(evaluate(text, file), id or "mydb", 0, place), id or "mydb", place)
  read.name, read.file = file:match "([^/]+)%.lua$" or file, file
  return read
end

return scenario
