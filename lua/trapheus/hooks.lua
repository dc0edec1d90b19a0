--- A hooks file: a Lua file that returns a table of functions to be called around a run. It is checked when it is
--- loaded, and what it says is attached to a pipeline.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local fields = require "trapheus.fields"
local guard = require "trapheus.guard"
local path = require "trapheus.path"
local sorted = require "trapheus.sorted"
local usage = require "trapheus.usage"

local hooks = {}

---@alias trapheus.HookFunction fun(run: trapheus.RunView): boolean?, string?
---@alias trapheus.HookEntry trapheus.HookFunction|{ run: trapheus.HookFunction, timeout_s: number?, repeat: boolean? }
---@alias trapheus.EventHook fun(event: trapheus.Event, run: trapheus.RunView)

---@class trapheus.Hooks             What a hooks file returns. A hook answers nothing or true, or false and why.
---@field before table<string, trapheus.HookEntry>?  By step, before it first looks. A failure is one of the step.
---@field after table<string, trapheus.HookEntry>?   By step, when it is done. A failure is a warning.
---@field verify trapheus.HookEntry?      Once the replacement is as the original was. A failure rolls back.
---@field on_event trapheus.EventHook|table?  Told of everything that happens, between two looks.
---@field on_failure trapheus.HookEntry?  When the run was refused, has failed, was rolled back or parked.
---@field on_success trapheus.HookEntry?  When the run has reached its end.
---@field timeout_s number?               What each of them may take, in real seconds (default: 3600; on_event: 60).

local TIMEOUT_S, EVENT_TIMEOUT_S, LOAD_TIMEOUT_S = 3600, 60, 60
local MOST_S = 7 * 24 * 3600

hooks.FIELDS = { before = "steps", after = "steps", verify = "hook", on_event = "hook", on_failure = "hook",
  on_success = "hook", timeout_s = "seconds" }
local ENTRY = { run = "function", timeout_s = "seconds", ["repeat"] = "boolean" }

-- Checking ----------------------------------------------------------------------------------

local function check_seconds(file, field, value)
  if type(value) ~= "number" or not (value > 0 and value <= MOST_S) then
    fields.refuse(file, field, "a number of seconds up to %d is expected, not %s", MOST_S,
      type(value) == "number" and tostring(value) or "a " .. type(value))
  end
end

-- A function, or { run =, timeout_s =, repeat = }.
local function entry(file, field, value)
  if type(value) == "function" then return { run = value } end
  if type(value) ~= "table" then fields.expected(file, field, "a function, or a table with run", value) end
  fields.keys(file, field, value, ENTRY, "field")
  if type(value.run) ~= "function" then fields.expected(file, field .. ".run", "a function", value.run) end
  if value.timeout_s ~= nil then check_seconds(file, field .. ".timeout_s", value.timeout_s) end
  local repeats = value["repeat"]
  if repeats ~= nil and type(repeats) ~= "boolean" then
    fields.expected(file, field .. ".repeat", "true or false", repeats)
  end
  return { run = value.run, timeout_s = value.timeout_s, repeats = repeats }
end

local READ = { hook = entry }

function READ.seconds(file, field, value)
  check_seconds(file, field, value)
  return value
end

function READ.steps(file, field, value)
  if type(value) ~= "table" then fields.expected(file, field, "a table of functions, by step", value) end
  local list = {}
  for step, inner in pairs(value) do list[step] = entry(file, field .. "." .. tostring(step), inner) end
  return list
end

local function check(file, document)
  if type(document) ~= "table" then
    fields.refuse(file, nil, "it returns a %s; a table of hooks is expected", type(document))
  end
  fields.keys(file, nil, document, hooks.FIELDS, "field")
  local read = {}
  for _, field in ipairs(sorted.keys(document)) do
    read[field] = READ[hooks.FIELDS[field]](file, field, document[field])
  end
  return read
end

-- Loading -----------------------------------------------------------------------------------

-- Its globals are its own; what it prints is told, as standard output is the result's.
local function environment(loaded)
  local globals = { coroutine = guard.coroutine }
  function globals.print(...)
    local words = table.pack(...)
    for i = 1, words.n do words[i] = tostring(words[i]) end
    local text = table.concat(words, "\t")
    if loaded.say then loaded.say(text) else io.stderr:write(require("trapheus.log").clean(text), "\n") end
  end
  return setmetatable(globals, { __index = _G })
end

local function read_file(file)
  local handle, message = io.open(file, "r")
  if not handle then usage.fail("--hooks: %s", message) end
  local text = handle:read "a" or ""
  handle:close()
  return text
end

---@class trapheus.LoadedHooks
---@field file string     Its absolute path.
---@field sha256 string
---@field hooks table     As the file has them; each hook is { run =, timeout_s =, repeats = }.
---@field say fun(text: string)?  Where its words go, once there is a run.

--- Runs a file, to see what it returns. Raises a usage error that names it.
---@param file string
---@return any document
---@return trapheus.LoadedHooks loaded  Without its hooks.
function hooks.read(file)
  local loaded = { file = core.system.realpath(file) or file }
  local chunk = path.load_file(file, environment(loaded))
  local ok, document = guard.limited(LOAD_TIMEOUT_S, chunk, file)
  if not ok then fields.refuse(file, nil, "%s", tostring(document)) end
  loaded.sha256 = core.sha256(read_file(file))
  return document, loaded
end

--- Checks what a file has returned. Raises a usage error that names the file and the field.
---@param loaded trapheus.LoadedHooks
---@param document any
---@return trapheus.LoadedHooks
function hooks.check(loaded, document)
  loaded.hooks = check(loaded.file, document)
  return loaded
end

--- Loads and checks one file.
---@param file string
---@return trapheus.LoadedHooks
function hooks.load(file)
  local document, loaded = hooks.read(file)
  return hooks.check(loaded, document)
end

--- When its hooks are called: "before rename", "verify".
---@param loaded trapheus.LoadedHooks
---@return string[]
function hooks.points(loaded)
  local points = {}
  for _, field in ipairs(sorted.keys(loaded.hooks)) do
    local kind, read = hooks.FIELDS[field], loaded.hooks[field]
    for _, step in ipairs(kind == "steps" and sorted.keys(read) or {}) do points[#points + 1] = field .. " " .. step end
    if kind == "hook" then points[#points + 1] = field end
  end
  return points
end

--- The same of several files, for a person.
---@param list trapheus.LoadedHooks[]
---@return string[]
function hooks.all_points(list)
  local points = {}
  for _, loaded in ipairs(list) do
    for _, point in ipairs(hooks.points(loaded)) do points[#points + 1] = ("%s (%s)"):format(point, loaded.file) end
  end
  return points
end

--- Loads the files of a command line.
---@param files string[]?
---@return trapheus.LoadedHooks[]
function hooks.load_all(files)
  local list, seen = {}, {}
  for i, file in ipairs(files or {}) do
    list[i] = hooks.load(file)
    if seen[list[i].file] then usage.fail("--hooks %s is given twice", file) end
    seen[list[i].file] = true
  end
  return list
end

-- Attaching ---------------------------------------------------------------------------------

local function name_of(file) return file:match "[^/]+$" end

local function hook(loaded, where, read, timeout_s)
  return {
    loaded = loaded,
    run = read.run,
    what = ("the hook %s (%s)"):format(where:gsub("%.", " "), name_of(loaded.file)),
    key = where:gsub("%.", " ") .. " " .. loaded.file,
    timeout_s = read.timeout_s or loaded.hooks.timeout_s or timeout_s or TIMEOUT_S,
    repeats = read.repeats,
  }
end

--- Checks that the pipeline has the steps that a file names.
---@param loaded trapheus.LoadedHooks
---@param pipeline trapheus.Pipeline
function hooks.check_steps(loaded, pipeline)
  for _, when in ipairs { "before", "after" } do
    fields.keys(loaded.file, when, loaded.hooks[when] or {}, pipeline.steps, "step")
  end
end

--- Has the pipeline call what the files say, file by file.
---@param pipeline trapheus.Pipeline
---@param list trapheus.LoadedHooks[]
function hooks.attach(pipeline, list)
  for _, loaded in ipairs(list) do
    pipeline.hooked = true
    hooks.check_steps(loaded, pipeline)
    for _, when in ipairs { "before", "after" } do
      for step, read in pairs(loaded.hooks[when] or {}) do
        pipeline:hook(when, step, hook(loaded, when .. "." .. step, read))
      end
    end
    for _, field in ipairs { "verify", "on_event", "on_failure", "on_success" } do
      local read = loaded.hooks[field]
      if read then pipeline:hook(field, nil, hook(loaded, field, read, field == "on_event" and EVENT_TIMEOUT_S)) end
    end
  end
end

--- What a run remembers of its files: where they are, and what they were.
---@param list trapheus.LoadedHooks[]
---@return { file: string, sha256: string }[]?
function hooks.remembered(list)
  local kept = {}
  for i, loaded in ipairs(list) do kept[i] = { file = loaded.file, sha256 = loaded.sha256 } end
  return kept[1] and kept or nil
end

-- Whether that is meant is asked of one that goes forward.
local function tell_changed(run, file, meant)
  if meant then return run:warn(file .. " has changed since the run began: its hooks are called as they are now") end
  error(errors.new { code = "OtherHooks", message = ("%s has changed since run %s began: put it back as it was; or "
    .. "have its hooks called as they are now: trapheus resume %s --accept-changes; or give --hooks FILE or "
    .. "--no-hooks"):format(file, run.id, run.id) }, 0)
end

-- As the file is now; nil: it cannot be had.
local function reload(run, each, back, accepted)
  local ok, loaded = pcall(hooks.load, each.file)
  if ok and loaded.sha256 ~= each.sha256 then tell_changed(run, each.file, back or accepted) end
  if ok then return loaded end
  if not usage.is(loaded) then error(loaded, 0) end
  if back then return run:warn("it goes back without hooks: " .. tostring(loaded)) end
  usage.fail("run %s began with hooks that cannot be had now: %s; put them right, or give --hooks FILE or --no-hooks",
    run.id, tostring(loaded))
end

--- The files of a run that goes on: those that it began with, unless others or none are asked for. Without one of them
--- it does not go forward, as that may be what keeps a bad replacement from being taken.
---@param run trapheus.Run
---@param given { hooks: string[]?, no_hooks: boolean?, accept_changes: boolean? }
---@param back boolean  Does it go back?
---@return trapheus.LoadedHooks[]
function hooks.again(run, given, back)
  local known = run.options.hooks or {}
  if given.hooks or given.no_hooks then
    local list = hooks.load_all(given.hooks)
    run.options.hooks = hooks.remembered(list)
    return list
  end
  local list = {}
  for _, each in ipairs(known) do list[#list + 1] = reload(run, each, back, given.accept_changes) end
  if given.accept_changes then run.options.hooks = hooks.remembered(list) end
  return list
end

return hooks
