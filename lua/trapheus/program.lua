--- Runs a program: by no shell, in a process group of its own, with a limit to its time and its output, and without the
--- secrets of the environment.
---
---     local reply = trapheus.run { argv = { "psql", "-Atc", "select count(*) from orders" }, env = { PGHOST = host } }
---     assert(tonumber(reply.output) > 0, "the orders are missing")
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local nearest = require "trapheus.nearest"
local ambient = require "trapheus.ambient"
local secrets = require "trapheus.secrets"
local sorted = require "trapheus.sorted"
local tasks = require "trapheus.tasks"

---@class trapheus.Program
---@field argv string[]              The first is looked for in PATH.
---@field timeout_s number?          In real time; then it is killed, with its group. Default: 60.
---@field output_max_bytes integer?  Of its standard output; then it is killed. Default: 1 MiB.
---@field env table<string, string|false>?  Variables beside those of this process; false takes one away.
---@field aws_secrets boolean?       Leave the AWS credentials in its environment.
---@field rehearse (true|{ code: integer?, output: string?, errors: string? })?  In a rehearsal no program is started:
---                                  this is its reply (default: code 0, no output). true: it is started all the same.

---@class trapheus.ProgramResult
---@field code integer    0: one that ends with another raises an error whose details are this.
---@field output string   Of its standard output.
---@field errors string   Of its standard error, the first 64 KiB.

local FIELDS = { argv = "table", timeout_s = "number", output_max_bytes = "number", env = "table",
  aws_secrets = "boolean", rehearse = "table or true" }
local TIMEOUT_S, MAX_BYTES = 60, 1 << 20
local MOST = { timeout_s = 7 * 24 * 3600, output_max_bytes = 64 << 20 }

local function is_a(kind, value)
  return type(value) == kind or kind == "table or true" and (type(value) == "table" or value == true)
end

-- What is wrong with it; nil: nothing.
local function wrong_field(program)
  for field, value in pairs(program) do
    local kind = FIELDS[field]
    if not kind then
      local near = nearest(tostring(field), FIELDS)
      return ("there is no field '%s'%s"):format(tostring(field), near and (" (did you mean %s?)"):format(near) or "")
    elseif not is_a(kind, value) then
      return ("%s: expected %s, got %s"):format(field, kind, type(value))
    end
  end
end

local function wrong_argv(argv)
  if not argv then return "argv is missing" end
  if #argv == 0 then return "argv is empty" end
  for i = 1, #argv do
    if type(argv[i]) ~= "string" or argv[i]:find "\0" then
      return ("argv[%d]: expected a string, without NUL"):format(i)
    end
  end
end

local function wrong_variable(env)
  for name, value in pairs(env or {}) do
    if type(name) ~= "string" or name == "" or name:find "[=%z]" then return ("env: '%s' is no name"):format(name) end
    if value ~= false and (type(value) ~= "string" or value:find "\0") then
      return ("env.%s: expected a string, or false"):format(name)
    end
  end
end

local function wrong_limit(program)
  for field, most in pairs(MOST) do
    local value = program[field]
    if value and not (value > 0 and value <= most) then return ("%s: expected up to %d"):format(field, most) end
  end
end

local function problem(program)
  if type(program) ~= "table" then return "expected { argv = … }, got " .. type(program) end
  return wrong_field(program) or wrong_argv(program.argv) or wrong_variable(program.env) or wrong_limit(program)
end

-- "NAME=value", of what it may see.
local function environment(program)
  local variables, list = core.system.environment(), {}
  for _, name in ipairs(program.aws_secrets and {} or secrets.VARIABLES) do variables[name] = nil end
  for name, value in pairs(program.env or {}) do variables[name] = value or nil end
  for i, name in ipairs(sorted.keys(variables)) do list[i] = name .. "=" .. variables[name] end
  if #list == 0 then list[1] = "PATH=/usr/bin:/bin" end
  return list
end

local function fail(program, code, format, ...)
  error(errors.new { code = code, operation = "run", message = program.argv[1] .. " " .. format:format(...) }, 0)
end

-- Virtual time has no room for a program: it is waited for on a loop of its own.
local function wait(op, loop)
  if not ambient.rehearsed then return tasks.await(op) end
  while not op:done() do assert(loop:step()) end
  return op:result()
end

local function start(program)
  local loop = ambient.rehearsed and assert(core.loop {}) or tasks.loop()
  local timeout_s, max_bytes = program.timeout_s or TIMEOUT_S, program.output_max_bytes or MAX_BYTES
  local op <close>, refusal = loop:process { argv = program.argv, timeout_ms = timeout_s * 1000, max_bytes = max_bytes,
    environment = environment(program), apart = true }
  if not op then fail(program, "ProgramFailed", "cannot be run: %s", refusal.message) end
  local result, err = wait(op, loop)
  if result then return result end
  if err.code == "ETIMEDOUT" then
    fail(program, "ProgramTimeout", "has not ended after %g s (timeout_s), and was killed", timeout_s)
  elseif err.code == "ETOOBIG" then
    fail(program, "ProgramOutput", "printed more than %d bytes (output_max_bytes), and was killed", max_bytes)
  end
  fail(program, "ProgramFailed", "cannot be waited for: %s", err.message)
end

local function rehearse(program)
  ambient.tell("run " .. program.argv[1])
  local reply = program.rehearse or {}
  return { code = reply.code or 0, output = reply.output or "", errors = reply.errors or "" }
end

-- The line that says why: below it some (psql) draw where in the text that was.
local function reason(text)
  local last, blamed
  for line in text:gmatch "[^\n]+" do
    last = line:find "%w" and line or last
    blamed = line:find "[Ee][Rr][Rr][Oo][Rr]" and line or blamed
  end
  return blamed or last
end

--- Runs a program to its end. One that cannot be run, takes too long, prints too much, or ends with another code than 0
--- raises an error table: ProgramFailed, ProgramTimeout, ProgramOutput; `trapheus.try` makes an answer of it.
---@param program trapheus.Program
---@return trapheus.ProgramResult
return function(program)
  local wrong = problem(program)
  if wrong then error("run: " .. wrong, 2) end
  local started = not ambient.rehearsed or program.rehearse == true
  local result = (started and start or rehearse)(program)
  if result.code == 0 then return result end
  local said = reason(result.errors)
  error(errors.new { code = "ProgramFailed", operation = "run", details = result,
    message = ("%s ended with code %d%s"):format(program.argv[1], result.code, said and ": " .. said or "") }, 0)
end
