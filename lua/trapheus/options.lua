--- Reads the flags of a command, and says what they mean together.
local commands = require "trapheus.commands"
local core = require "trapheus.core"
local export_options = require "trapheus.export_options"
local duration = require "trapheus.duration"
local json = require "trapheus.json"
local names = require "trapheus.names"
local overrides = require "trapheus.overrides"
local nearest = require "trapheus.nearest"
local sorted = require "trapheus.sorted"
local timestamp = require "trapheus.aws.timestamp"
local usage = require "trapheus.usage"

local options = {}

local function add_flag(built, row)
  local argument, optional = commands.argument(row)
  local flag = argument and built:option(row[1], row[3]):argname(argument) or built:flag(row[1], row[3])
  if optional then flag:args "?" end
  if row[4] == "+" then flag:count "*" elseif argument then flag:overwrite(false) end
  return flag:target(commands.field(row[1]))
end

-- Several of one kind are called as they are where the command is shown.
local function add_argument(built, command)
  local argument, words = command.argument, {}
  if not argument then return end
  local added = built:argument(argument[1], argument[2]):args(argument[3] or "1")
  for word in command.synopsis:gmatch "%S+" do words[#words + 1] = word end
  if tonumber(argument[3]) == #words then added:argname(words) end
end

local function parser(command)
  local argparse = require "argparse"
  local built = argparse("trapheus " .. command.name, command.summary:gsub("^%l", string.upper) .. "."):add_help(true)
    :help_max_width(80)
  for _, group in ipairs(command.groups) do
    local flags = {}
    for _, row in ipairs(group[2]) do
      flags[#flags + 1] = add_flag(built, row)
    end
    built:group(group[1], table.unpack(flags))
  end
  add_argument(built, command)
  return built
end

local function check_choice(field, value)
  for _, choice in ipairs(commands.CHOICES[field]) do
    if value == choice then return end
  end
  local keyed = {}
  for _, choice in ipairs(commands.CHOICES[field]) do keyed[choice] = true end
  local near = nearest(value, keyed)
  usage.fail("--%s '%s' is not known%s: %s are", field:gsub("_", "-"), value,
    near and (" (did you mean %s?)"):format(near) or "", table.concat(commands.CHOICES[field], ", "))
end

-- Input as a document ---------------------------------------------------------------------

local DOCUMENT = { identifier = "string", task = "string", isCluster = "boolean" }

local function read_document(source)
  if source == "-" then return io.read "a", "standard input" end
  local file_name = source:match "^@(.+)$"
  if not file_name then return source, "--input" end
  local file, message = io.open(file_name, "r")
  if not file then usage.fail("--input: %s", message) end
  local text, unreadable = file:read "a"
  file:close()
  if not text then usage.fail("--input: %s: %s", file_name, unreadable) end
  return text, file_name
end

local function merge_document(given, source)
  local text, name = read_document(source)
  local ok, document = pcall(json.decode, text)
  if not ok then usage.fail("%s is not JSON: %s", name, tostring(document)) end
  if type(document) ~= "table" or json.is_list(document) then usage.fail("%s: an object is expected", name) end
  for _, key in ipairs(sorted.keys(document)) do
    local expected = DOCUMENT[key]
    if not expected then
      usage.fail("%s: unknown key '%s'; identifier, task and isCluster are known", name, tostring(key))
    elseif type(document[key]) ~= expected then
      usage.fail("%s: %s must be a %s", name, key, expected)
    end
  end
  if given.id and document.identifier then usage.fail "the identifier is given twice: --id and --input" end
  if given.task and document.task then usage.fail "the task is given twice: --task and --input" end
  given.id, given.task = given.id or document.identifier, given.task or document.task
  if document.isCluster ~= nil and not given.cluster and not given.instance then
    given[document.isCluster and "cluster" or "instance"] = true
  end
end

-- Values ----------------------------------------------------------------------------------

local function timeout(text)
  local seconds = duration(text)
  if seconds and seconds > 0 then return seconds end
  usage.fail("--timeout '%s' is no duration: 90s, 45m, 12h or 2d is expected", text)
end

-- A moment: so long ago, or the beginning of a day.
local function since(text)
  local day, seconds = text:find "^%d%d%d%d%-%d%d%-%d%d$", duration(text)
  local at = day and timestamp.parse(text .. "T00:00:00Z")
    or not day and seconds and core.clock.wall_ms() / 1000 - seconds
  if at then return at end
  usage.fail("--since '%s': a time (12h, 7d) or a day (2026-01-31) is expected", text)
end

local function whole(flag, text)
  local number = math.tointeger(tonumber(text))
  if number and number > 0 then return number end
  usage.fail("%s '%s': a whole number from 1 on is expected", flag, text)
end

--- Splits every element at its commas.
---@param list string[]?
---@return string[]
function options.split(list)
  local result = {}
  for _, element in ipairs(list or {}) do
    for part in element:gmatch "[^,%s]+" do result[#result + 1] = part end
  end
  return result
end

local function check_name(flag, name, max)
  local ok, why = names.valid(name, max)
  if not ok then usage.fail("%s '%s' is no valid name: %s", flag, name, why) end
end

-- Flags that would silently do nothing, or contradict each other.
local EXCLUSIVE = {
  { "cluster", "instance" }, { "quiet", "verbose" }, { "final_snapshot", "skip_final_snapshot" },
  { "keep_original", "final_snapshot", "skip_final_snapshot", "delete_automated_backups" },
  { "sandbox", "endpoint_url", "profile", "pace", "state_dir" },
  { "from_describe", "region" }, { "keep_going", "fail_fast", "max_failures" }, { "fail_fast", "max_failures" },
  { "canary", "waves" },
}

-- Flags that mean something only with another one.
local NEEDS = { fault = "sandbox", fault_seed = "sandbox", from_describe = "sandbox", sandbox_time = "sandbox",
  seed = "sandbox", preset = "sandbox", knob = "sandbox" }
for _, field in ipairs(export_options.FIELDS) do NEEDS[field] = "export" end
local FOR = { sandbox = "a rehearsal", export = "an export" }

local ONLY_A_RESTORE = { "keep_original", "final_snapshot", "skip_final_snapshot", "delete_automated_backups",
  "no_fence", "set", "ignore_diff" }

local function as_flag(field) return "--" .. field:gsub("_", "-") end

local function check_needs(given)
  for _, field in ipairs(sorted.keys(NEEDS)) do
    if given[field] and not given[NEEDS[field]] then
      usage.fail("%s is for %s: %s is missing", as_flag(field), FOR[NEEDS[field]], as_flag(NEEDS[field]))
    end
  end
end

local function check_exclusive(given)
  for _, row in ipairs(EXCLUSIVE) do
    for i = 2, #row do
      if given[row[1]] and given[row[i]] then
        usage.fail("%s and %s exclude each other", as_flag(row[1]), as_flag(row[i]))
      end
    end
  end
end

local function check_together(given)
  check_needs(given)
  check_exclusive(given)
  for _, field in ipairs(given.task == "create_snapshot_only" and ONLY_A_RESTORE or {}) do
    if given[field] then usage.fail("%s means nothing for create_snapshot_only", as_flag(field)) end
  end
  if given.task == "db_restore" and given.replace_snapshot then
    usage.fail "--replace-snapshot means nothing for db_restore: the snapshot stays as it is"
  elseif given.task == "db_restore" and given.export then
    usage.fail "--export means nothing for db_restore: it exports the snapshot that a run has made"
  end
  if given.final_snapshot and given.final_snapshot == (given.snapshot or names.snapshot(given.id)) then
    usage.fail("--final-snapshot '%s' is the snapshot that is restored from: another name is needed",
      given.final_snapshot)
  end
end

local function check(given)
  for _, field in ipairs { "task", "replace_snapshot", "on_recoverable" } do
    if given[field] then check_choice(field, given[field]) end
  end
  if not given.id then usage.fail "--id is missing: which database?" end
  if not given.task then usage.fail("--task is missing: %s", table.concat(commands.CHOICES.task, ", ")) end
  check_together(given)
  export_options.check(given)
  check_name("--id", given.id)
  local problem = names.problem(names.derived(given.id:lower()))
  if problem then usage.fail("--id: %s", problem) end
  if given.snapshot and given.task ~= "db_restore" and given.snapshot:find ":" then
    usage.fail("--snapshot '%s': the snapshot is made by this run, so a name is expected", given.snapshot)
  elseif given.snapshot then
    check_name("--snapshot", given.snapshot:match "^arn:.*snapshot:(.+)$" or given.snapshot, 255)
  end
  if given.final_snapshot then check_name("--final-snapshot", given.final_snapshot, 255) end
end

local function overridden(given, kind)
  local list, seen = {}, {}
  for i, text in ipairs(given.set or {}) do
    local override, why = overrides.parse(text, kind)
    if not override then usage.fail("--set '%s': %s", text:match "^[^=]*", why) end -- the value may be a secret
    local key = (override.part or "") .. "." .. override.name
    if seen[key] then usage.fail("--set: %s is given twice", override.name) end
    seen[key], list[i] = true, override
  end
  return list[1] and list or nil
end

-- Settings by name, and their values.
local function read_settings(given)
  local kind = given.cluster and "cluster" or given.instance and "instance" or nil
  for _, name in ipairs(given.ignore_diff or {}) do
    local why = overrides.check_name(name, kind)
    if why then usage.fail("--ignore-diff '%s': %s", name, why) end
  end
  given.set = overridden(given, kind)
  given.ignore_diff = given.ignore_diff and given.ignore_diff[1] and given.ignore_diff or nil
end

local function check_pace(given)
  if not given.pace then return end
  local pace = tonumber(given.pace)
  if not pace or pace < 1 or pace > 1e6 then
    usage.fail("--pace '%s': a number from 1 to 1000000 is expected", given.pace)
  end
  given.pace = pace
end

--- How many times as fast as real time: "real", "fast" (what that is depends), or a number. Raises a usage error.
---@param flag string
---@param text string?
---@param fast number?
---@return number?
function options.speed(flag, text, fast)
  if not text or text == "fast" then return fast end
  local speed = text == "real" and 1 or tonumber(text)
  if speed and speed > 0 and speed <= 1e6 then return speed end
  usage.fail("%s '%s': fast, real, or a number up to 1000000 is expected", flag, text)
end

-- What a scenario says itself may be left out of the command line.
local function take_scenario(given)
  if type(given.sandbox) ~= "string" then return end
  given.id = given.id or "mydb"
  check_name("--id", given.id)
  given.scenario = require("trapheus.sandbox.scenario").load(given.sandbox, given.id:lower())
  given.task = given.task or given.scenario.task
end

-- Reading the command line ----------------------------------------------------------------

-- Of a flag whose argument may be left out: the argument, or true.
local function unwrap(given, command)
  for _, group in ipairs(command.groups) do
    for _, row in ipairs(group[2]) do
      local field, _, optional = commands.field(row[1]), commands.argument(row)
      if optional and given[field] then given[field] = given[field][1] or true end
    end
  end
end

---@class trapheus.Given   What the user asked for: fields named as the flags.

-- Flags that may be repeated; not given at all they are nil.
local LISTS = { "fault", "from_describe", "hooks", "knob", "email_to", "slack", "sns", "webhook", "notify_on",
  "export_tables" }

-- Other commands take the database as an argument.
local function advice(message, name, arguments)
  local first = arguments[1]
  if name ~= "restore" or not message:find "^too many arguments" or not first:find "^%w" then return message end
  return ("%s (did you mean --id %s?)"):format(message, first)
end

--- Reads what a command was given. Raises a usage error.
---@param name string       "resume", …
---@param arguments string[]
---@return trapheus.Given
function options.read(name, arguments)
  local ok, given = parser(commands.find(name)):pparse(arguments)
  package.loaded.argparse = nil -- as much memory as a dozen modules of ours, and of no more use
  if not ok then
    usage.fail("%s; see trapheus %s --help", advice(given:gsub("%s*\n%s*", "; "), name, arguments), name)
  end
  unwrap(given, commands.find(name))
  for _, list in ipairs { "email_to", "slack", "sns", "webhook", "notify_on", "export_tables" } do
    given[list] = given[list] and options.split(given[list])
  end
  for _, list in ipairs(LISTS) do
    if given[list] and not given[list][1] then given[list] = nil end
  end
  check_pace(given)
  if given.timeout then given.timeout_s = timeout(given.timeout) end
  given.since_at = given.since and since(given.since)
  given.limit = given.limit and whole("--limit", given.limit)
  given.concurrency = given.concurrency and whole("--concurrency", given.concurrency)
  if given.report then require("trapheus.page.file").check(given.report) end
  for _, field in ipairs { "output", "log_format", "format", "outcome", "preset", "event" } do
    if given[field] then check_choice(field, given[field]) end
  end
  return given
end

--- Reads what a restore was given. Raises a usage error.
---@param arguments string[]
---@return trapheus.Given
function options.restore(arguments, name)
  local given = options.read(name or "restore", arguments)
  if name then given.task = given.task or commands.CHOICES.task[1] end
  if given.input then merge_document(given, given.input) end
  take_scenario(given)
  read_settings(given)
  check(given)
  given.speed = options.speed("--sandbox-time", given.sandbox_time)
  given.id = given.id:lower()
  return given
end

-- What is checked for each target of a fleet, once more with all of it, and not for the fleet.
local function check_fleet(given)
  if not given.task then usage.fail("--task is missing: %s", table.concat(commands.CHOICES.task, ", ")) end
  check_choice("task", given.task)
  check_needs(given)
  check_exclusive(given)
end

--- Reads what a fleet was given. Raises a usage error.
---@param arguments string[]
---@return trapheus.Given
function options.fleet(arguments)
  local given = options.read("bulk", arguments)
  if not given.resume then check_fleet(given) end
  given.speed = options.speed("--sandbox-time", given.sandbox_time)
  return given
end

--- What one target of a fleet is given: the fleet's flags, and its own in their place. Raises a usage error.
---@param given trapheus.Given
---@param target trapheus.Target
---@return trapheus.Given
function options.of_target(given, target)
  local own = {}
  for field, value in pairs(given) do own[field] = value end
  for field, value in pairs(target.overrides or {}) do own[field] = value end
  own.id = target.id
  if target.kind then own.cluster, own.instance = target.kind == "cluster", target.kind == "instance" end
  local ok, err = pcall(function()
    read_settings(own)
    check(own)
  end)
  if not ok and usage.is(err) then usage.fail("%s: %s", target.where or target.id, tostring(err)) end
  if not ok then error(err, 0) end
  own.id = own.id:lower()
  return own
end

local RECORDED = { "snapshot", "keep_original", "final_snapshot", "skip_final_snapshot", "delete_automated_backups",
  "replace_snapshot", "no_fence", "on_recoverable", "allow_replicas", "allow_foreign_snapshot",
  "set", "ignore_diff" }

--- What of it belongs to the run, and is remembered with it.
---@param given trapheus.Given
---@return table
function options.recorded(given)
  local recorded = { export = given.export }
  for _, field in ipairs(RECORDED) do recorded[field] = given[field] end
  for _, field in ipairs(export_options.FIELDS) do recorded[field] = given[field] end
  return recorded
end

return options
