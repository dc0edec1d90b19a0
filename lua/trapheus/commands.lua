--- The commands and their flags, as data: the parser, --help, the man page and shell completion
--- are all made of these tables.
local commands = {}

---@class trapheus.Flag       { flag, argument (none: a switch; [X]: may be left out), help, "+" if it may be repeated }
---@class trapheus.FlagGroup  { title, flags }

---@class trapheus.Command
---@field name string
---@field summary string                What it does; no capital, no full stop.
---@field synopsis string               What stands behind the name.
---@field argument? string[]            { field, help, "?" if it may be left out }
---@field groups trapheus.FlagGroup[]

local WHAT = { "What to restore", {
  { "--id", "ID", "the DB instance or DB cluster to restore" },
  { "--task", "TASK", "create_snapshot: make or replace ID-snapshot, then restore from it; "
    .. "db_restore: restore from ID-snapshot as it is; create_snapshot_only: only the snapshot" },
  { "--instance", nil, "ID is a DB instance (default: looked up)" },
  { "--cluster", nil, "ID is a DB cluster" },
  { "--input", "JSON", 'the same as one document: {"identifier":…,"task":…,"isCluster":…}, @FILE, or - for stdin' },
  { "--snapshot", "NAME", "the snapshot to make or to restore from (default: ID-snapshot)" },
} }

local TIMEOUT = { "--timeout", "DURATION",
  "stop at the next safe point after this time (90s, 45m, 12h, 2d); resume goes on" }

local HOOKS = { "--hooks", "FILE", "call the functions that this Lua file returns before and after "
  .. "steps, to verify, and when it ends (trapheus new hooks writes one to start with)", "+" }

local HOW = { "How", {
  { "--plan", nil, "print every call it would make, and change nothing" },
  { "--yes", nil, "do not ask for the identifier on a terminal" },
  { "--keep-original", nil, "leave the original as ID-temp" },
  { "--final-snapshot", "NAME", "take a last snapshot of the original before it is deleted" },
  { "--skip-final-snapshot", nil, "take none, whatever the defaults say" },
  { "--delete-automated-backups", nil, "drop the original's automated backups (kept by default)" },
  { "--replace-snapshot", "HOW", "safe (default: the old one goes when covered) or direct (it goes first)" },
  { "--no-fence", nil, "do without deletion protection on the original" },
  { "--on-recoverable", "HOW", "a restored database that a person could mend: wait (default: park) or rollback" },
  { "--allow-replicas", nil, "restore although read replicas stay with the old database" },
  { "--allow-foreign-snapshot", nil, "restore from another database's snapshot" },
  { "--set", "KEY=VALUE", "give the replacement another value of a setting than the original's (trapheus settings "
    .. "names them; MEMBER.KEY=VALUE for a member of a cluster)", "+" },
  { "--ignore-diff", "KEY", "accept that this setting of the replacement differs (of a cluster: of its members too; "
    .. "MEMBER.KEY for one)", "+" },
  HOOKS,
  TIMEOUT,
} }

--- What goes wrong in the sandbox; see trapheus.sandbox.fault_plan.
local FAULT = { "--fault", "SPEC", "let something go wrong in the sandbox: OPERATION:OCCURRENCE:KIND[:PARAMETER…], "
  .. "TIME:ACTION[:PARAMETER…], or @FILE with a list of such; see trapheus sandbox --faults", "+" }
local FAULT_SEED = { "--fault-seed", "N", "let things go wrong in the sandbox at random, as this seed has it" }

--- How the sandbox behaves; see trapheus.sandbox.knobs.
local SEED = { "--seed", "N", "where the sandbox's random numbers begin (default: 1)" }
local PRESET = { "--preset", "NAME", "the values of its knobs: quick, typical (default) or adversarial" }
local KNOB = { "--knob", "NAME=VALUE", "another value for one of them: a number, or LOW..HIGH to draw from; see "
  .. "trapheus sandbox --knobs", "+" }

local STATE_DIR = { "--state-dir", "DIR", "where runs are remembered (default: ~/.local/state/trapheus)" }

local WHERE = { "Where", {
  { "--profile", "NAME", "the profile of the shared AWS files" },
  { "--region", "REGION", "the AWS Region" },
  { "--endpoint-url", "URL", "another endpoint than AWS's" },
  { "--pace", "N", "divide every wait by N, for emulators" },
  STATE_DIR,
} }

-- What a sandbox begins with, of whoever asks for one.
local FROM_DESCRIBE = { "--from-describe", "FILE", "begin with the databases that aws rds describe-db-instances, "
  .. "describe-db-clusters and describe-db-snapshots have printed as JSON; - is stdin", "+" }

local EXPORT = { "Exporting the snapshot to S3", {
  { "--export", nil, "export the snapshot that is made, by a task that is named after the run (trapheus setup "
    .. "export --print prints a template of what that needs)" },
  { "--export-bucket", "BUCKET", "into this bucket, in the same Region (default: rds-snapshots-ACCOUNT)" },
  { "--export-role", "ROLE", "by this role, a name or an ARN (default: trapheus-export-REGION)" },
  { "--export-key", "KEY", "encrypted with this KMS key: an id, an ARN or an alias (default: alias/trapheus-export)" },
  { "--export-prefix", "PREFIX", "under this path in the bucket" },
  { "--export-tables", "LIST", "only these: DATABASE, DATABASE.TABLE (MySQL, MariaDB), DATABASE.SCHEMA or "
    .. "DATABASE.SCHEMA.TABLE (PostgreSQL); a list with commas, or repeated", "+" },
  { "--export-wait", nil, "wait for it to end before anything is moved; else only for its start" },
  { "--export-optional", nil, "go on without it, with a warning, where it is not possible or fails" },
} }

local REHEARSAL = { "Rehearsing", {
  { "--sandbox", "[SCENARIO]", "rehearse on the built-in sandbox; a scenario, by name or by file, says what goes "
    .. "wrong, and --id and --task may be left out (trapheus sandbox --scenarios shows them)" },
  FROM_DESCRIBE,
  { "--sandbox-time", "SPEED", "fast (default: in no time), real, or so many times as fast as real time" },
  SEED, PRESET, KNOB, FAULT, FAULT_SEED,
} }

local REPORT = { "--report", "FILE", "write what happened, step by step, to this page of HTML" }

local TOLD = { "What is told", {
  { "--output", "FORMAT", "text (default), json (one document at the end) or jsonl (events, then the document)" },
  { "--verbose", nil, "every AWS call, with its request id" },
  { "--quiet", nil, "nothing but the result" },
  { "--log-format", "FORMAT", "what goes to stderr: text (default) or json, a line an event" },
  REPORT,
  { "--record", "FILE", "write every call and its reply to this file, without secrets; trapheus sandbox --replay "
    .. "compares it with the sandbox" },
} }

local CHANNELS = { "Who is told", {
  { "--email-from", "ADDRESS", "sender of mail, verified in SES" },
  { "--email-to", "ADDRESS", "who gets it; a list with commas, or repeated", "+" },
  { "--slack", "SOURCE", "a Slack webhook that is told: @FILE or env:NAME, where its address stands", "+" },
  { "--sns", "ARN", "an SNS topic that is told", "+" },
  { "--webhook", "SOURCE", "any other webhook that is told, in JSON: @FILE or env:NAME", "+" },
  { "--notify-on", "EVENT", "of what they are told: start, success, failure, rolled_back, parked, interrupted or all "
    .. "(default: failure,rolled_back,parked); slack:start is for Slack alone", "+" },
  { "--config", "FILE", "who is told, and of what (default: ~/.config/trapheus/config.lua)" },
} }

local SANDBOX = { { "Where and what", {
  { "--listen", "ADDRESS:PORT", "where to listen, on this machine only (default: 127.0.0.1:0); port 0 is a free one, "
    .. "and the URL is the first line of output" },
  { "--database", "NAME", "begin with an instance of this name", "+" },
  { "--cluster", "NAME", "begin with a cluster of this name; NAME:3 has three members (default: 2)", "+" },
  FROM_DESCRIBE,
  { "--scenario", "SCENARIO", "begin with what this one says, and let go wrong what it says" },
  { "--id", "ID", "the database of the scenario (default: mydb)" },
  { "--region", "REGION", "the Region it stands for (default: us-east-1); requests are signed for it" },
  { "--access-key", "ID", "the access key it knows (default: AKIDSANDBOX)" },
  { "--secret", "TEXT", "the made-up secret of that key (default: sandbox-secret)" },
  { "--quiet", nil, "do not tell what is asked" },
} }, { "How it behaves", {
  { "--time", "SPEED", "fast (default: 60 times as fast as real time), real, or a number" },
  SEED, PRESET, KNOB,
  { "--knobs", nil, "print the knobs, and what each stands for" },
  FAULT, FAULT_SEED,
  { "--faults", nil, "print what can go wrong, and how to say it" },
  { "--scenarios", nil, "print the scenarios, and what each shows" },
  { "--replay", "FILE", "instead of listening: ask the sandbox what this file of restore --record has asked RDS, and "
    .. "print where its replies differ; 9 if they do" },
} } }

--- What a flag or an argument may be, by the name of its field.
---@type table<string, string[]>
commands.CHOICES = {
  task = { "create_snapshot", "db_restore", "create_snapshot_only" },
  replace_snapshot = { "safe", "direct" },
  on_recoverable = { "wait", "rollback" },
  output = { "text", "json", "jsonl" },
  log_format = { "text", "json" },
  format = { "csv", "json", "lines" },
  shell = { "bash", "zsh" },
  part = { "export" },
  what = { "hooks", "script" },
  outcome = { "restored", "snapshotted", "refused", "failed", "rolled_back" },
  event = { "start", "success", "failure", "rolled_back", "parked", "interrupted" },
  notify_on = { "start", "success", "failure", "rolled_back", "parked", "interrupted", "all" },
  preset = { "quick", "typical", "adversarial" },
}

--- The program itself.
commands.SUMMARY = "Restores an Amazon RDS database in place: same identifier, same endpoint, same configuration."
commands.SYNOPSIS = "[--scripts DIR] SCRIPT [ARGUMENT…]"

---@type trapheus.Flag[]
commands.FLAGS = {
  { "--scripts", "DIR", "look there for scripts and modules, then in TRAPHEUS_PATH" },
  { "--help", nil, "these commands and flags" },
  { "--version", nil, "the version" },
}

local WHICH = { "Which", {
  { "--targets", "FILE", "those of this file (CSV with a header, JSON, or a name a line; - is stdin), each with flags "
    .. "of its own", "+" },
  { "--format", "FORMAT", "what such a file is, where its name does not say: csv, json or lines" },
  { "--tag", "KEY=VALUE", "instead of names: all that have this tag, whatever its value if there is none, and every "
    .. "other one given", "+" },
  { "--engine", "ENGINE", "and are of this engine, or of one of several; * and ? stand for what there may be", "+" },
  { "--match", "PATTERN", "and have a name as this one, or one of several: staging-*", "+" },
} }

local MANY = { "How many, and when to stop", {
  { "--concurrency", "N", "restores under way at a time (default: 10)" },
  { "--canary", "N", "the first N alone; the others begin when all of them have ended well" },
  { "--waves", "LIST", "so many at a time, as 1,10,25%; a wave begins when the one before it has ended" },
  { "--max-failures", "N", "begin no more when more than N, or P% of all, have not ended well (default: 0)" },
  { "--fail-fast", nil, "the same as --max-failures 0" },
  { "--keep-going", nil, "begin all, whatever becomes of the others" },
  { "--resume", "FLEET", "go on with this one: what is under way or parked, then what was not begun" },
} }

-- A command about a run that exists.
local RUN = { "run", "the run's id", "?" }
local RUN_OR_FLEET = { "run", "the id of the run, or of the fleet", "?" }
local STATE = { "Where", { STATE_DIR } }
local OUTPUT = { "What is told", { { "--output", "FORMAT", "text (default), json or jsonl (a line a run)" } } }
local PAST = { "Which", {
  { "--id", "ID", "of this database" },
  { "--since", "WHEN", "ended since: 7d or 12h ago, or a day as 2026-01-31 (UTC)" },
  { "--outcome", "OUTCOME", "restored, snapshotted, refused, failed or rolled_back" },
  { "--limit", "N", "at most so many (default: 20)" },
} }
local KIND = { "What", {
  { "--instance", nil, "it is a DB instance (default: looked up)" },
  { "--cluster", nil, "it is a DB cluster" },
  { "--sandbox", nil, "of the built-in sandbox" },
} }
local TABLE = { "Or", { { "--table", nil, "print all settings there are and how each travels; nothing is called" } } }
local LOOK = { "What is told", { { "--output", "FORMAT", "text (default), json, or jsonl (json in one line)" },
  { "--verbose", nil, "every AWS call, with its request id" } } }
local LEFT = { "How", {
  { "--remove", nil, "remove what is certainly of a run in this journal; the rest is only named" },
  { "--yes", nil, "do not ask on a terminal" },
} }
local LEFT_TOLD = { "What is told", { { "--output", "FORMAT", "text (default), json or jsonl (the same as json)" },
  { "--verbose", nil, "every AWS call, with its request id" } } }
local OF_A_RUN = { { "How", {
  { "--from-aws", "ID", "its journal is gone: end what a run has begun on ID, from the marks that it left there" },
  { "--hooks", "FILE", "with these hooks, instead of those that it began with", "+" },
  { "--no-hooks", nil, "without the hooks that it began with" },
  { "--accept-changes", nil, "although its script or its hooks have changed since it began" },
  TIMEOUT,
} }, WHERE, TOLD, CHANNELS }

--- Some flags of a group.
local function of(group, ...)
  local wanted, flags = {}, {}
  for _, flag in ipairs { ... } do wanted[flag] = true end
  for _, row in ipairs(group[2]) do
    if wanted[row[1]] then flags[#flags + 1] = row end
  end
  return flags
end

---@type trapheus.Command[]
commands.LIST = {
  { name = "restore", synopsis = "--id ID --task TASK",
    groups = { WHAT, HOW, EXPORT, REHEARSAL, WHERE, TOLD, CHANNELS },
    summary = "restores one database in place" },
  { name = "bulk", synopsis = "--task TASK [TARGET…]",
    argument = { "target", "the DB instances and DB clusters to restore", "*" },
    groups = { WHICH, MANY, { "What to restore", of(WHAT, "--task", "--instance", "--cluster") },
      { "How", of(HOW, "--plan", "--yes", "--keep-original", "--skip-final-snapshot", "--delete-automated-backups",
        "--replace-snapshot", "--no-fence", "--on-recoverable", "--allow-replicas", "--allow-foreign-snapshot", "--set",
        "--ignore-diff", "--hooks", "--timeout") }, EXPORT,
      { "Rehearsing", {
        { "--sandbox", nil, "rehearse on the built-in sandbox, with databases of these names" }, FROM_DESCRIBE,
        { "--sandbox-time", "SPEED", "fast (default: in no time), real, or so many times as fast as real time" },
        SEED, PRESET, KNOB, FAULT, FAULT_SEED,
      } }, WHERE,
      { "What is told", of(TOLD, "--output", "--verbose", "--quiet", "--log-format", "--report") },
      CHANNELS },
    summary = "restores many databases" },
  { name = "resume", synopsis = "[RUN]", argument = RUN_OR_FLEET, groups = OF_A_RUN,
    summary = "goes on with an interrupted or parked run" },
  { name = "rollback", synopsis = "[RUN]", argument = RUN, groups = OF_A_RUN,
    summary = "gives a run up: all is as it was" },
  { name = "status", synopsis = "[RUN]", argument = RUN, groups = { STATE, OUTPUT },
    summary = "shows the runs of this machine" },
  { name = "history", synopsis = "[--id ID]", groups = { PAST, STATE, OUTPUT },
    summary = "shows the runs that have ended" },
  { name = "report", synopsis = "[RUN]", argument = RUN_OR_FLEET, groups = { { "What is told", { REPORT } }, STATE },
    summary = "makes a page of HTML of a run, or of many" },
  { name = "settings", synopsis = "NAME", argument = { "name", "the DB instance or DB cluster", "?" },
    groups = { TABLE, KIND, WHERE, LOOK },
    summary = "shows what a database is configured with" },
  { name = "diff", synopsis = "A B", argument = { "databases", "two databases, each by its name, or a file of "
    .. "trapheus settings --output json or aws rds describe-db-… (FILE#NAME of several)", "2" },
    groups = { KIND, WHERE, LOOK }, summary = "compares two of them; 9 if different" },
  { name = "cleanup", synopsis = "[--remove]", groups = { LEFT, WHERE, LEFT_TOLD },
    summary = "shows what runs have left behind" },
  { name = "sandbox", synopsis = "--listen ADDRESS", groups = SANDBOX,
    summary = "serves a pretended RDS on this machine" },
  { name = "policy", synopsis = "ID [--task TASK]", argument = { "id", "the DB instance or cluster" },
    groups = { { "What it would restore", of(WHAT, "--task", "--instance", "--cluster", "--snapshot") },
      { "How", of(HOW, "--keep-original", "--final-snapshot", "--skip-final-snapshot", "--delete-automated-backups",
        "--replace-snapshot", "--no-fence", "--allow-replicas", "--allow-foreign-snapshot", "--set", "--ignore-diff") },
      EXPORT, REHEARSAL, WHERE, CHANNELS },
    summary = "prints the IAM policy a restore needs" },
  { name = "doctor", synopsis = "[ID]", argument = { "id", "a database, to have permissions for it checked", "?" },
    groups = { { "What it would restore", of(WHAT, "--task", "--instance", "--cluster", "--snapshot") }, EXPORT, WHERE,
      { "What is told", { { "--output", "FORMAT", "text (default), json or jsonl (both one document)" } } },
      CHANNELS },
    summary = "checks whether a restore can run here" },
  { name = "notify", synopsis = "--test", groups = { { "What to do", {
      { "--test", nil, "send a message, marked as a test, to everybody who is told of anything" },
      { "--print", nil, "print it, as each would get it, and send nothing" },
      { "--event", "NAME", "as if of start, success, failure (default), rolled_back, parked or interrupted; only "
        .. "those who are told of it get it" },
      { "--output", "FORMAT", "text (default), json or jsonl (the same in one line)" },
    } }, { "Where", of(WHERE, "--profile", "--region", "--endpoint-url") }, CHANNELS },
    summary = "tries who is told, and how" },
  { name = "setup", synopsis = "export --print", argument = { "part", "what for: export" }, groups = { { "How", {
      { "--print", nil, "print the template; it is for you to read, and to deploy" } } } },
    summary = "prints a CloudFormation template" },
  { name = "new", synopsis = "hooks|script NAME", argument = { "what", "hooks or script, and the file to write", "2" },
    groups = {}, summary = "writes a hooks file or a script" },
  { name = "check", synopsis = "FILE", argument = { "file", "a script or a hooks file" }, groups = {},
    summary = "loads and checks it, without running it" },
  { name = "completion", synopsis = "SHELL", argument = { "shell", "bash or zsh" }, groups = {},
    summary = "prints completion for bash or zsh" },
}

--- The field of what was given that a flag ends up in.
---@param flag string  "--state-dir"
---@return string      "state_dir"
function commands.field(flag) return (flag:gsub("^%-%-", ""):gsub("-", "_")) end

-- Of one database among many, these are not to be said; all others are.
local OF_ALL = { ["--id"] = true, ["--input"] = true, ["--plan"] = true, ["--yes"] = true, ["--hooks"] = true,
  ["--timeout"] = true }

--- What can be said of one database among many, by the field of the flag.
---@type table<string, trapheus.Flag>
commands.OF_ONE = {}
for _, group in ipairs { WHAT, HOW } do
  for _, row in ipairs(group[2]) do
    if not OF_ALL[row[1]] then commands.OF_ONE[commands.field(row[1])] = row end
  end
end

--- The name of a flag's argument, and whether it may be left out.
---@param flag trapheus.Flag
---@return string? name
---@return boolean optional
function commands.argument(flag)
  local inner = flag[2] and flag[2]:match "^%[(.+)%]$"
  return inner or flag[2], inner ~= nil
end

---@param name string
---@return trapheus.Command?
function commands.find(name)
  for _, command in ipairs(commands.LIST) do
    if command.name == name then return command end
  end
end

return commands
