--- What a hook sees of a run: everything that is known, nothing that can be changed, no credentials.
local view = {}

--- A table that can be read and walked as the original, at any depth, and not be written.
---@param original table
---@param what string  For the error.
---@return table
local function frozen(original, what)
  return setmetatable({}, {
    __index = function(_, key)
      local value = original[key]
      return type(value) == "table" and frozen(value, what) or value
    end,
    __newindex = function(_, key)
      error(("%s.%s: a hook only sees the run, it cannot change it"):format(what, tostring(key)), 2)
    end,
    __len = function() return #original end,
    __pairs = function(self)
      return function(_, key)
        local following = next(original, key)
        return following, self[following]
      end, self
    end,
    __metatable = "read-only",
  })
end

view.frozen = frozen

local function copy(value)
  if type(value) ~= "table" then return value end
  local result = {}
  for key, inner in pairs(value) do result[key] = copy(inner) end
  return result
end

--- The fields of the record that are seen.
view.FIELDS = { "identifier", "task", "kind", "script", "account", "region", "options", "facts", "step", "steps",
  "direction", "outcome", "failure", "parked", "warnings", "created_at", "ended_at" }

---@class trapheus.RunView           What a hook is given. Writing to it, at any depth, raises.
---@field id string                  The run's id.
---@field identifier string          The name that is restored.
---@field task string                "create_snapshot", "db_restore" or "create_snapshot_only"
---@field kind "instance"|"cluster"|nil  nil before preflight has looked.
---@field script string
---@field account string?            The AWS account, once it is known.
---@field region string?
---@field options table              The flags, as data.
---@field facts table                What steps have found out: original, replacement, snapshot, export, …
---@field step string?               "restore", or "undo restore" on the way back.
---@field steps { name: string, outcome: string, started_at: integer, ended_at: integer? }[]
---@field direction "forward"|"back"
---@field outcome string?            nil while it goes on.
---@field failure { step: string?, message: string, code: string? }?
---@field parked { reason: string, todo: string }?
---@field warnings string[]
---@field created_at integer         Seconds since the epoch.
---@field ended_at integer?
---@field rehearsed boolean          It runs on the sandbox.
local View = {}

local function raw(seen) return seen and copy(seen.raw) or nil end

--- The original as Describe shows it now (a DBInstance or DBCluster with AWS's own names), whatever its name; nil while
--- it is not shown, or is gone.
---@return table?
function View:original() return self.run.facts.original and raw(self.run:find "original") end

--- The replacement as Describe shows it now; nil before there is one.
---@return table?
function View:replacement() return self.run.facts.replacement and raw(self.run:find "replacement") end

--- Where whoever has the identifier now is reached; nil while nobody is.
---@return { address: string, port: integer }?
function View:endpoint()
  local seen = self.run.database and raw(self.run:holder(self.run.identifier))
  local endpoint = seen and seen.Endpoint
  if type(endpoint) == "table" then return { address = endpoint.Address, port = endpoint.Port } end
  return endpoint and { address = endpoint, port = seen.Port } or nil
end

--- Something a person should know: it is told now, and stands in the report.
---@param text string
function View:warn(text) self.run:warn(self.clean(text)) end

--- Tells whoever watches. `print` in a hooks file does the same.
---@param text string
function View:say(text) self.run:tell("said", { message = self.clean(text) }) end

--- The time of the run's clock, in seconds since the epoch; in a rehearsal that is the sandbox's.
---@return number
function View:now_s() return self.run:now_s() end

--- The methods of a view, by name.
view.METHODS = View

--- The view of a run.
---@param run trapheus.Run
---@param clean fun(text: string): string  What its words go through.
---@return trapheus.RunView
function view.of(run, clean)
  local seen = { id = run.id, rehearsed = run.world.sandbox ~= nil }
  for _, field in ipairs(view.FIELDS) do seen[field] = run.record[field] end
  local inner = { run = run, clean = clean }
  for name, method in pairs(View) do
    seen[name] = function(_, ...) return method(inner, ...) end
  end
  return frozen(seen, "run")
end

return view
