--- The examples that are no hooks: each command in them is run, on the sandbox.
local core = require "trapheus.core"

local tests = {}

local PROGRAM = core.system.realpath(arg[0])
local EXAMPLES = core.system.realpath "examples"

local function read(name)
  local file <close> = assert(io.open(EXAMPLES .. "/" .. name))
  return file:read "a"
end

-- Runs a command in a new directory, with @ for the program, and looks for parts of what it says.
local function expect(command, code, ...)
  local pipe = assert(io.popen(("d=$(mktemp -d) && cd $d && { %s; } 2>&1; c=$?; rm -r $d; exit $c")
    :format((command:gsub("@", PROGRAM))), "r"))
  local text = pipe:read "a"
  local _, _, got = pipe:close()
  assert(got == code, ("%s: exit %s, not %d: %s"):format(command, got, code, text))
  for _, part in ipairs { ... } do
    assert(text:find(part, 1, true), ("%s: no '%s' in: %s"):format(command, part, text))
  end
end

tests["approval: it waits for the file, and fails without it"] = function()
  local run = ("cp %s/scripts/approval.lua . && @ ./approval.lua --id mydb --task create_snapshot --sandbox")
    :format(EXAMPLES)
  expect(run, 4, "approval: waiting for the approval ./mydb", "failed before the original was touched")
  expect("touch mydb; " .. run, 0, "approval: done", "mydb is restored")
end

tests["pause-application: it stays paused when the run is parked"] = function()
  local run = "PID_FILE=pid @ restore --id mydb --hooks x.lua --task create_snapshot --sandbox=name-taken > out 2>&1"
  expect(("echo 4711 > pid; cp %s/hooks/pause-application.lua x.lua; "):format(EXAMPLES) .. run
    .. "; grep SIGUSR1 out && ! grep SIGUSR2 out", 0)
end

tests["refresh-staging: the command as it stands"] = function()
  local command = read("refresh-staging.md"):match "```sh\ntrapheus (.-)\n```"
  expect("@ " .. command, 0, "production-snapshot", "DBInstanceClass = db.t4g.medium", "staging is restored")
end

tests["module: what it prints"] = function()
  local printed, lines = print, {}
  _G.print = function(text) lines[#lines + 1] = text end -- luacheck: ignore
  local ok, err = pcall(assert(loadfile(EXAMPLES .. "/module.lua", "t")))
  _G.print = printed -- luacheck: ignore
  assert(ok, err)
  local text = table.concat(lines, "\n")
  assert(text == "orders postgres available\nnobody: DBInstanceNotFound", text)
end

return tests
