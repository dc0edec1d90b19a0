--- trapheus.run: a program, its limits, its environment, and what a rehearsal makes of it.
local core = require "trapheus.core"
local errors = require "trapheus.errors"
local hooks_file = require "hooks_file"
local tasks = require "trapheus.tasks"
local trapheus = require "trapheus"

local tests = {}

local function sh(script, fields)
  local program = { argv = { "sh", "-c", script } }
  for field, value in pairs(fields or {}) do program[field] = value end
  return trapheus.run(program)
end

local function fails(script, fields, code, text)
  local ok, err = pcall(sh, script, fields)
  assert(not ok and errors.is(err, code), tostring(err))
  assert(tostring(err):find(text, 1, true), tostring(err))
  return err
end

tests["what it prints, on both streams"] = function()
  local result = sh "echo out; echo err >&2"
  assert(result.code == 0 and result.output == "out\n" and result.errors == "err\n")
end

tests["one that fails raises what it said last"] = function()
  local err = fails("echo out; echo first >&2; echo 'no orders' >&2; exit 3", nil, "ProgramFailed",
    "sh ended with code 3: no orders")
  assert(err.details.code == 3 and err.details.output == "out\n")
  fails("exit 4", nil, "ProgramFailed", "sh ended with code 4")
end

tests["of several lines the one that says why is told"] = function()
  fails([[printf 'ERROR:  there is no "orders"\nLINE 1: select 1 from orders\n            ^\n' >&2; exit 1]], nil,
    "ProgramFailed", 'sh ended with code 1: ERROR:  there is no "orders"')
  fails([[printf 'one\ntwo\n  ^\n' >&2; exit 1]], nil, "ProgramFailed", "sh ended with code 1: two")
end

tests["trapheus.try makes an answer of it"] = function()
  local result, err = trapheus.try(trapheus.run, { argv = { "false" } })
  assert(result == nil and err.details.code == 1)
end

tests["one that is not there"] = function()
  local ok, err = pcall(trapheus.run, { argv = { "/no/such/program" } })
  assert(not ok and errors.is(err, "ProgramFailed"), tostring(err))
  assert(tostring(err):find "/no/such/program cannot be run: .*No such file", tostring(err))
end

tests["its limits"] = function()
  fails("sleep 60", { timeout_s = 0.05 }, "ProgramTimeout", "sh has not ended after 0.05 s (timeout_s), and was killed")
  fails("while :; do echo 0123456789; done", { output_max_bytes = 100 }, "ProgramOutput",
    "printed more than 100 bytes (output_max_bytes)")
end

tests["a word of the shell is only a word"] = function()
  assert(trapheus.run { argv = { "printf", "%s", "$(id); `id`" } }.output == "$(id); `id`")
end

tests["no secrets in its environment, unless asked for"] = function()
  local before = core.system.environment()
  local given = { AWS_SECRET_ACCESS_KEY = "s3cret", AWS_SESSION_TOKEN = "t0ken", AWS_ACCESS_KEY_ID = "AKID",
    TRAPHEUS_SLACK = "https://hooks", PLAIN = "plain" }
  for name, value in pairs(given) do core.system.setenv(name, value) end
  local shown, asked = sh("env").output, sh("env", { aws_secrets = true }).output
  for name in pairs(given) do core.system.setenv(name, before[name]) end
  for name in pairs(given) do
    assert((shown:find(name .. "=", 1, true) ~= nil) == (name == "PLAIN"), name)
    assert(asked:find(name .. "=", 1, true), name)
  end
end

tests["variables of its own"] = function()
  assert(sh('echo "$MINE ${HOME-none}"', { env = { MINE = "a b", HOME = false } }).output == "a b none\n")
end

tests["others go on meanwhile"] = function()
  local order = {}
  tasks.run(function()
    tasks.all {
      function() sh "sleep 0.2" order[#order + 1] = "program" end,
      function() tasks.sleep(0.01) order[#order + 1] = "other" end,
    }
  end)
  assert(table.concat(order, " ") == "other program", table.concat(order, " "))
end

local MISUSE = {
  [{}] = "run: argv is missing",
  [{ argv = {} }] = "run: argv is empty",
  [{ argv = "ls" }] = "run: argv: expected table, got string",
  [{ argv = { "ls", 5 } }] = "run: argv[2]: expected a string",
  [{ argv = { "ls\0" } }] = "without NUL",
  [{ argv = { "ls" }, timeout = 5 }] = "run: there is no field 'timeout' (did you mean timeout_s?)",
  [{ argv = { "ls" }, timeout_s = "5" }] = "run: timeout_s: expected number, got string",
  [{ argv = { "ls" }, timeout_s = 0 }] = "run: timeout_s: expected up to 604800",
  [{ argv = { "ls" }, output_max_bytes = 1e12 }] = "run: output_max_bytes: expected up to",
  [{ argv = { "ls" }, env = { ["A=B"] = "x" } }] = "run: env: 'A=B' is no name",
  [{ argv = { "ls" }, env = { A = 5 } }] = "run: env.A: expected a string, or false",
  [{ argv = { "ls" }, rehearse = false }] = "run: rehearse: expected table or true, got boolean",
}

for program, text in pairs(MISUSE) do
  tests["misuse: " .. text] = function()
    local ok, err = pcall(function() trapheus.run(program) end)
    assert(not ok and tostring(err):find(text, 1, true), tostring(err))
    assert(tostring(err):find "test_program.lua", "the caller's line: " .. tostring(err))
  end
end

-- In a rehearsal ------------------------------------------------------------------------------

tests["in a rehearsal no program is started, unless that is asked for"] = function()
  local name = os.tmpname()
  os.remove(name)
  local result, seen = hooks_file.run(([[
    local trapheus = require "trapheus"
    return { verify = function()
      local touched = trapheus.run { argv = { "touch", %q } }
      seen[1] = touched.code .. touched.output
      seen[2] = trapheus.run { argv = { "psql" }, rehearse = { output = "42\n" } }.output
      seen[3] = trapheus.run { argv = { "echo", "really" }, rehearse = true }.output
      trapheus.run { argv = { "psql" }, rehearse = { code = 2, errors = "no such table\n" } }
    end }]]):format(name))
  assert(not core.system.stat(name), "it was started")
  assert(seen[1] == "0" and seen[2] == "42\n" and seen[3] == "really\n")
  assert(result.outcome == "rolled_back")
  assert(result.record.failure.message:find "psql ended with code 2: no such table", result.record.failure.message)
  local told
  for _, event in ipairs(result.events) do told = told or event.event == "outside" and event.message end
  assert(told == "rehearsed only: run touch", tostring(told))
end

return tests
