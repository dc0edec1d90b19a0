--- Pauses the application before the database is moved aside, and lets it go on at the end. It is one process on this
--- machine that pauses on SIGUSR1 and goes on at SIGUSR2 (which must do nothing when it is not paused): change the
--- signals, or the program (kubectl scale, systemctl stop), to what yours understands.
---
---     PID_FILE=/run/shop.pid trapheus restore --id mydb --task create_snapshot --hooks pause-application.lua
---
--- With --sandbox nobody is signalled. If the application cannot be paused, nothing is changed. It stays paused when
--- the run is parked, as a person has to decide first.
local trapheus = require "trapheus"

local function signal(name)
  local file <close> = assert(io.open(os.getenv "PID_FILE" or "/run/shop.pid"))
  local pid = assert(file:read "n", "the pid file holds no number")
  trapheus.run { argv = { "kill", "-s", name, ("%d"):format(pid) }, rehearse = { output = "" } }
  print(("SIG%s to %d"):format(name, pid))
end

local function resume(run)
  if run.outcome ~= "parked" then signal "USR2" end -- parked: nobody knows yet which database it would write to
end

---@type trapheus.Hooks
return {
  before = { rename = function() signal "USR1" end },
  on_success = resume,
  on_failure = resume,
}
