--- What `trapheus new` writes: a hooks file or a script to begin with, and where the Lua language server finds what a
--- hook sees.
local core = require "trapheus.core"
local json = require "trapheus.json"

local starter = {}

--- By what is asked for; FILE is the name of the file.
starter.TEXTS = {}

starter.TEXTS.hooks = [==[
--- Hooks around a restore.
---
---     trapheus check FILE
---     trapheus restore --id mydb --task create_snapshot --hooks FILE --sandbox
---
--- A hook is given a view of the run (trapheus.RunView), which cannot be written. It may sleep, call AWS and run
--- programs. It answers nothing or true, or false and why; an error says no as well. One that has ended is not called
--- again when the run is resumed, unless it is { run = function(run) … end, ["repeat"] = true }.
local trapheus = require "trapheus"

---@type trapheus.Hooks
return {
  -- What each may take, in seconds (default: 3600; a hook can have its own: { run = …, timeout_s = 60 }).
  timeout_s = 600,

  -- Before a step first looks: preflight, lock, fence, snapshot, rename, restore, configure, verify, delete, finish.
  -- A failure is one of the step: until the rename the original is untouched, then the restore is rolled back.
  before = {
    rename = function(run)
      print(("%s is about to be moved aside"):format(run.identifier))
    end,
  },

  -- When a step is done. A failure is a warning.
  after = {
    snapshot = function(run)
      print(("the snapshot is %s"):format(run.facts.snapshot.name))
    end,
  },

  -- When the replacement has all that the original had. A failure rolls the restore back.
  verify = function(run)
    local at = assert(run:endpoint(), "the replacement has no endpoint")
    print(("the replacement is at %s, port %d"):format(at.address, at.port))
    -- A program that fails raises. In a rehearsal none is started; `rehearse` is what it would have answered.
    trapheus.run { argv = { "getent", "hosts", at.address }, timeout_s = 30 }
    -- trapheus.run { argv = { "psql", "-XAtc", "select 1" }, env = { PGHOST = at.address }, timeout_s = 60,
    --   rehearse = { output = "1\n" } }
    -- AWS, by its own names: trapheus.client("rds"):DescribeDBInstances {}
  end,

  -- Told of everything that happens, between two looks at RDS. A failure is a warning, and it is told no more.
  -- on_event = function(event, run) end,

  -- At the end; run.outcome is "restored" or "snapshotted", or "refused", "failed", "rolled_back" or "parked".
  -- on_success = function(run) end,
  -- Who is told of it without a hook is in the configuration file (trapheus notify --help); from here:
  -- trapheus.notify.slack { url = os.getenv "TEAM_SLACK", text = "…" }, and email, sns and webhook.
  on_failure = function(run)
    print(("%s: %s"):format(run.outcome, run.failure.message))
  end,
}
]==]

starter.TEXTS.script = [==[
--- A restore of our own: the shipped one, with changes.
---
---     trapheus check FILE
---     trapheus FILE --id mydb --task create_snapshot --sandbox
---
--- What only looks on is better in a hooks file (trapheus new hooks NAME).
local trapheus = require "trapheus"

local restore = trapheus.load "restore"

-- Steps: preflight, lock, fence, snapshot, rename, restore, configure, verify, delete, finish.
-- A hook of a script is given the run itself, as a step is (trapheus.Run).
restore:before("rename", function(run)
  run:tell("said", { message = run.identifier .. " is about to be moved aside" })
end)

-- Another step, after one that is there. It looks, makes at most one change, by run:mutate, and answers run:done(),
-- run:wait(why) or run:fail(why); it may be called again at any moment. `undo` is the same, backwards.
restore:insert("snapshot", {
  name = "announce",
  advance = function(run)
    return run:done()
  end,
})

-- restore:replace("configure", { advance = function(run) … end })
-- restore:remove "fence"

return restore
]==]

local function exists(name) return core.system.stat(name) ~= nil end

--- Where what is annotated lies: of an installation, else of a checkout that the program was built in.
---@return string[]?
function starter.library()
  local program = core.system.realpath "/proc/self/exe"
  local prefix = program and program:match "^(.*)/[^/]+/[^/]+$"
  if not prefix then return nil end
  for _, list in ipairs {
    { prefix .. "/share/trapheus/meta", prefix .. "/share/lua/5.4/trapheus" },
    { prefix .. "/../lua/meta", prefix .. "/../lua/trapheus" },
  } do
    if exists(list[1]) and exists(list[2]) then
      return { core.system.realpath(list[1]), core.system.realpath(list[2]) }
    end
  end
end

--- The text of a .luarc.json.
---@param library string[]
---@return string
function starter.luarc(library)
  return json.encode({ ["runtime.version"] = "Lua 5.4", ["workspace.checkThirdParty"] = false,
    ["workspace.library"] = json.list(library) }, { indent = true }) .. "\n"
end

return starter
