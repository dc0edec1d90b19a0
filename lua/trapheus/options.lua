--- The flags of a restore, as data, and what they mean together.
local argparse = require "argparse"
local json = require "trapheus.json"
local names = require "trapheus.names"
local usage = require "trapheus.usage"

local options = {}

-- flag, argument (none: a switch; "+": may be repeated), help
local GROUPS = {
  { "What to restore", {
    { "--id", "ID", "the DB instance to restore" },
    { "--task", "TASK", "create_snapshot: make or replace ID-snapshot, then restore from it; "
      .. "db_restore: restore from ID-snapshot as it is; create_snapshot_only: only the snapshot" },
    { "--instance", nil, "ID is a DB instance (default: looked up)" },
    { "--cluster", nil, "ID is a DB cluster" },
    { "--input", "JSON", 'the same as one document: {"identifier":…,"task":…,"isCluster":…}, @FILE, or - for stdin' },
    { "--snapshot", "NAME", "the snapshot to make or to restore from (default: ID-snapshot)" },
  } },
  { "How", {
    { "--plan", nil, "print every call it would make, and change nothing" },
    { "--yes", nil, "do not ask for the identifier on a terminal" },
    { "--keep-original", nil, "leave the original as ID-temp" },
    { "--final-snapshot", "NAME", "take a last snapshot of the original before it is deleted" },
    { "--skip-final-snapshot", nil, "take none, whatever the defaults say" },
    { "--delete-automated-backups", nil, "drop the original's automated backups (kept by default)" },
    { "--replace-snapshot", "HOW", "safe (default: the old one goes when covered) or direct (it goes first)" },
    { "--no-fence", nil, "do without deletion protection on the original" },
    { "--allow-replicas", nil, "restore although read replicas stay with the old database" },
    { "--allow-foreign-snapshot", nil, "restore from another database's snapshot" },
    { "--timeout", "DURATION", "stop at the next safe point after this time (90s, 45m, 12h, 2d); resume goes on" },
  } },
  { "Where", {
    { "--profile", "NAME", "the profile of the shared AWS files" },
    { "--region", "REGION", "the AWS Region" },
    { "--endpoint-url", "URL", "another endpoint than AWS's" },
    { "--pace", "N", "divide every wait by N, for emulators" },
    { "--sandbox", nil, "rehearse on the built-in sandbox, in virtual time" },
    { "--state-dir", "DIR", "where runs are remembered (default: ~/.local/state/trapheus)" },
  } },
  { "What is told", {
    { "--output", "FORMAT", "text (default), json (one document at the end) or jsonl (events, then the document)" },
    { "--verbose", nil, "every AWS call, with its request id" },
    { "--quiet", nil, "nothing but the result" },
    { "--email-from", "ADDRESS", "sender of the mail on failure, verified in SES" },
    { "--email-to", "ADDRESS", "who gets it; a list with commas, or repeated", "+" },
    { "--slack", "URL", "Slack webhook told on failure (better: in the environment or the configuration file)", "+" },
  } },
}

local CHOICES = {
  task = { "create_snapshot", "db_restore", "create_snapshot_only" },
  replace_snapshot = { "safe", "direct" },
  output = { "text", "json", "jsonl" },
}

local function field_of(flag) return (flag:gsub("^%-%-", ""):gsub("-", "_")) end

local function parser(groups, name, summary)
  local built = argparse(name, summary):add_help(true)
  for _, group in ipairs(groups) do
    local flags = {}
    for _, row in ipairs(group[2]) do
      local flag = row[2] and built:option(row[1], row[3]):argname(row[2]) or built:flag(row[1], row[3])
      if row[4] == "+" then flag:count "*" end
      flags[#flags + 1] = flag:target(field_of(row[1]))
    end
    built:group(group[1], table.unpack(flags))
  end
  return built
end

local function check_choice(field, value)
  for _, choice in ipairs(CHOICES[field]) do
    if value == choice then return end
  end
  usage.fail("--%s '%s' is not known: %s are", field:gsub("_", "-"), value, table.concat(CHOICES[field], ", "))
end

-- Input as a document ---------------------------------------------------------------------

local DOCUMENT = { identifier = "string", task = "string", isCluster = "boolean" }

local function read_document(source)
  if source == "-" then return io.read "a", "standard input" end
  local file_name = source:match "^@(.+)$"
  if not file_name then return source, "--input" end
  local file, message = io.open(file_name, "r")
  if not file then usage.fail("--input: %s", message) end
  local text = file:read "a"
  file:close()
  return text, file_name
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  return keys
end

local function merge_document(given, source)
  local text, name = read_document(source)
  local ok, document = pcall(json.decode, text)
  if not ok then usage.fail("%s is not JSON: %s", name, tostring(document)) end
  if type(document) ~= "table" or json.is_list(document) then usage.fail("%s: an object is expected", name) end
  for _, key in ipairs(sorted_keys(document)) do
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

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }

local function duration(text)
  local number, unit = text:match "^(%d+%.?%d*)([smhd]?)$"
  if not number or tonumber(number) <= 0 then
    usage.fail("--timeout '%s' is no duration: 90s, 45m, 12h or 2d is expected", text)
  end
  return tonumber(number) * SECONDS[unit ~= "" and unit or "s"]
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

local function check(given)
  for _, field in ipairs { "task", "replace_snapshot", "output" } do
    if given[field] then check_choice(field, given[field]) end
  end
  if not given.id then usage.fail "--id is missing: which database?" end
  if not given.task then usage.fail("--task is missing: %s", table.concat(CHOICES.task, ", ")) end
  if given.cluster and given.instance then usage.fail "--cluster and --instance exclude each other" end
  if given.final_snapshot and given.skip_final_snapshot then
    usage.fail "--final-snapshot and --skip-final-snapshot exclude each other"
  end
  check_name("--id", given.id)
  local problem = names.problem(given.id:lower())
  if problem then usage.fail("--id: %s", problem) end
  if given.snapshot and given.task ~= "db_restore" and given.snapshot:find ":" then
    usage.fail("--snapshot '%s': the snapshot is made by this run, so a name is expected", given.snapshot)
  elseif given.snapshot then
    check_name("--snapshot", given.snapshot:match "^arn:.*:snapshot:(.+)$" or given.snapshot, 255)
  end
  if given.final_snapshot then check_name("--final-snapshot", given.final_snapshot, 255) end
end

local function check_pace(given)
  if not given.pace then return end
  local pace = tonumber(given.pace)
  if not pace or pace < 1 or pace > 1e6 then
    usage.fail("--pace '%s': a number from 1 to 1000000 is expected", given.pace)
  end
  given.pace = pace
end

-- Reading the command line ----------------------------------------------------------------

local function parse(groups, name, summary, arguments, more)
  local built = parser(groups, name, summary)
  if more then more(built) end
  local ok, given = built:pparse(arguments)
  if not ok then usage.fail("%s; see %s --help", given, name) end
  for _, list in ipairs { "email_to", "slack" } do given[list] = options.split(given[list]) end
  check_pace(given)
  if given.timeout then given.timeout_s = duration(given.timeout) end
  if given.output then check_choice("output", given.output) end
  return given
end

---@class trapheus.Given   What the user asked for: fields named as the flags.

--- Reads the flags of a restore. Raises a usage error.
---@param arguments string[]
---@return trapheus.Given
function options.restore(arguments)
  local given = parse(GROUPS, "trapheus restore",
    "Restores an Amazon RDS database in place: same identifier, same endpoint, same configuration.", arguments)
  if given.input then merge_document(given, given.input) end
  check(given)
  given.id = given.id:lower()
  return given
end

--- Reads the flags of a command about a run that exists.
---@param name string       "resume", …
---@param summary string
---@param arguments string[]
---@return trapheus.Given  with `run`
function options.run(name, summary, arguments)
  local where, told = GROUPS[3], GROUPS[4]
  local how = { "How", { GROUPS[2][2][#GROUPS[2][2]] } }
  return parse({ how, where, told }, "trapheus " .. name, summary, arguments, function(built)
    built:argument("run", "the run's id"):args "?"
  end)
end

local RECORDED = { "snapshot", "keep_original", "final_snapshot", "skip_final_snapshot", "delete_automated_backups",
  "replace_snapshot", "no_fence", "allow_replicas", "allow_foreign_snapshot" }

--- What of it belongs to the run, and is remembered with it. No webhook, no address.
---@param given trapheus.Given
---@return table
function options.recorded(given)
  local recorded = {}
  for _, field in ipairs(RECORDED) do recorded[field] = given[field] end
  return recorded
end

return options
