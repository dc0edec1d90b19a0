--- `trapheus new`, `trapheus check` and the examples: what is written or shown can be checked and rehearsed as it is.
local core = require "trapheus.core"
local hooks_file = require "hooks_file"
local json = require "trapheus.json"

local tests = {}

local PROGRAM = core.system.realpath(arg[0])

-- What a command prints, on both streams, and its exit code.
local function shell(directory, command)
  local pipe = assert(io.popen(("cd %s && { %s; } 2>&1"):format(directory, command:gsub("@", PROGRAM)), "r"))
  local text = pipe:read "a"
  local _, _, code = pipe:close()
  return text, code
end

local function in_directory(f)
  local name = os.tmpname()
  os.remove(name)
  assert(core.system.mkdir(name))
  local ok, err = xpcall(f, debug.traceback, name)
  os.execute("rm -r " .. name)
  assert(ok, err)
end

local function expect(directory, command, code, ...)
  local text, got = shell(directory, command)
  assert(got == code, ("%s: exit %s, not %d: %s"):format(command, got, code, text))
  for _, part in ipairs { ... } do
    assert(text:find(part, 1, true), ("%s: no '%s' in: %s"):format(command, part, text))
  end
  return text
end

-- New ---------------------------------------------------------------------------------------

tests["a new hooks file can be checked and rehearsed as it is"] = function()
  in_directory(function(directory)
    expect(directory, "@ new hooks mine", 0, "mine.lua\n", ".luarc.json\n")
    expect(directory, "@ check mine.lua", 0, "mine.lua: hooks after snapshot, before rename, on_failure, verify")
    expect(directory, "@ restore --id mydb --task create_snapshot --sandbox --hooks mine.lua", 0,
      "mydb is about to be moved aside", "the snapshot is mydb-snapshot", "the replacement is at", "mydb is restored")
    expect(directory, "@ restore --id mydb --sandbox restore-fails --hooks mine.lua", 5, "rolled_back: ")
  end)
end

tests["a new script can be checked and rehearsed as it is"] = function()
  in_directory(function(directory)
    expect(directory, "@ new script mine.lua", 0, "mine.lua\n")
    expect(directory, "@ check mine.lua", 0, "a script, the pipeline restore with the tasks create_snapshot, ")
    expect(directory, "@ ./mine.lua --id mydb --task create_snapshot --sandbox", 0, "moved aside", "announce: done")
  end)
end

tests["nothing that is there is written over"] = function()
  in_directory(function(directory)
    shell(directory, "echo mine > a.lua; echo ours > .luarc.json")
    expect(directory, "@ new hooks a", 2, "a.lua is there already, and is not written over")
    expect(directory, "@ new hooks b", 0, ".luarc.json is there already: its workspace.library should have")
    expect(directory, "cat a.lua .luarc.json", 0, "mine\nours\n")
  end)
end

tests["the language server is told where the annotations are"] = function()
  in_directory(function(directory)
    expect(directory, "@ new hooks mine", 0)
    local file <close> = assert(io.open(directory .. "/.luarc.json"))
    local library = json.decode(file:read "a")["workspace.library"]
    assert(core.system.stat(library[1] .. "/trapheus/core.lua"), library[1])
    assert(core.system.stat(library[2] .. "/hooks.lua") and core.system.stat(library[2] .. "/view.lua"), library[2])
  end)
end

tests["what cannot be begun"] = function()
  in_directory(function(directory)
    expect(directory, "@ new hook mine", 2, "there is no 'hook' to begin with (did you mean hooks?): hooks or script")
    expect(directory, "@ new hooks", 2)
    expect(directory, "@ new hooks ''", 2, "is no name")
    expect(directory, "@ new hooks no/such/directory/mine", 2, "no/such/directory/mine.lua")
    expect(directory, "ls -A | wc -l", 0, "0")
  end)
end

-- Check -------------------------------------------------------------------------------------

local WRONG = {
  ["return {"] = "is not a Lua script",
  ["error 'no'"] = "x.lua: ",
  ["return 7"] = "it returns a number; a table of hooks is expected",
  ["return { before = { renam = print } }"] = "before.renam: there is no such step (did you mean rename?)",
  ["return require('trapheus').load 'restor'"] = "there is no script 'restor'",
  ["local p = require('trapheus').load 'restore' p:replace('rename', {}) return p"] =
    "x.lua: step rename: advance is a nil; a function is expected",
  ["local p = require('trapheus').load 'restore' p.steps.lock.undo = 5 return p"] = "step lock: undo is a number",
}

tests["what is wrong is found without running it"] = function()
  in_directory(function(directory)
    for text, answer in pairs(WRONG) do
      local file = assert(io.open(directory .. "/x.lua", "w"))
      file:write(text)
      file:close()
      expect(directory, "@ check x.lua", 2, answer)
    end
    expect(directory, "chmod 666 x.lua; @ check x.lua", 2, "x.lua may be written by others")
    expect(directory, "@ check no.lua", 2, "no.lua")
    expect(directory, "echo 'return {}' > x.lua; chmod 644 x.lua; @ check x.lua", 0, "a hooks file without hooks")
    expect(directory, "echo 'return function() error() end' > x.lua; @ check x.lua", 0, "a function of its arguments")
  end)
end

tests["a plan has the hooks checked, and calls none"] = function()
  in_directory(function(directory)
    local plan = "@ restore --id mydb --task create_snapshot --sandbox --plan --hooks x.lua"
    shell(directory, "echo 'return { before = { preflight = error, rename = error } }' > x.lua")
    expect(directory, plan, 0, "planned, nothing was changed", "Hook, not called for the plan: before preflight (/",
      "Hook, not called for the plan: before rename (/")
    shell(directory, "echo 'return { before = { renam = error } }' > x.lua")
    expect(directory, plan, 2, "before.renam")
  end)
end

tests["a script that makes its clients when it is loaded is rehearsed without AWS"] = function()
  in_directory(function(directory)
    local file = assert(io.open(directory .. "/x.lua", "w"))
    file:write [[local trapheus = require "trapheus"
      local rds, restore = trapheus.client "rds", trapheus.load "restore"
      restore:before("rename", function(run)
        trapheus.sleep(60)
        run:warn("seen " .. rds:DescribeDBInstances {}.DBInstances[1].DBInstanceIdentifier)
      end)
      return restore]]
    file:close()
    expect(directory, "env -i HOME=/ @ ./x.lua --id mydb --task create_snapshot --sandbox", 0, "seen mydb")
    expect(directory, "env -i HOME=/ @ ./x.lua --id mydb --task create_snapshot --sandbox=restore-fails", 5)
    expect(directory, "env -i HOME=/ @ ./x.lua --id mydb --task create_snapshot", 3, "NoRegion")
  end)
end

-- Examples ----------------------------------------------------------------------------------

local function example(name)
  local file <close> = assert(io.open("examples/hooks/" .. name .. ".lua"))
  return file:read "a"
end

local function said(result)
  local words = {}
  for _, event in ipairs(result.events) do
    if event.event == "said" then words[#words + 1] = event.message end
  end
  return table.concat(words, "\n")
end

tests["example: smoke-test"] = function()
  local result = hooks_file.run(example "smoke-test")
  assert(result.outcome == "restored" and said(result) == "mydb answers, with 1 rows", said(result))
  result = hooks_file.run((example("smoke-test"):gsub([["1\n"]], [["0\n"]])))
  assert(result.outcome == "rolled_back" and result.record.failure.message:find "the table is empty")
end

tests["example: quiet-hours"] = function()
  local result = hooks_file.run(example "quiet-hours")
  assert(result.outcome == "restored" and said(result) == "waiting until 02:00 UTC")
  for _, step in ipairs(result.record.steps) do
    if step.name == "rename" then assert(step.ended_at // 3600 % 24 == 2) end
  end
end

tests["example: keep-log"] = function()
  in_directory(function(directory)
    core.system.setenv("RESTORE_LOGS", directory)
    local result = hooks_file.run(example "keep-log")
    result.pipeline:ended(result.run)
    core.system.setenv("RESTORE_LOGS", nil)
    assert(said(result):find "rename +%d+ s", said(result))
    local last
    for line in io.lines(directory .. "/mydb.jsonl") do last = json.decode(line) end
    assert(last.event == "done" and last.step == "finish")
  end)
end

tests["example: mask-personal-data"] = function()
  local result = hooks_file.run(example "mask-personal-data")
  assert(result.outcome == "restored" and said(result) == "mydb is masked, by 2 statements", said(result))
  result = hooks_file.run((example("mask-personal-data"):gsub("output = \"\"", "code = 3")))
  assert(result.outcome == "rolled_back", result.outcome)
end

tests["example: warm-up"] = function()
  local result = hooks_file.run(example "warm-up")
  assert(result.outcome == "restored" and said(result) == "orders is warm\ncustomers is warm", said(result))
  result = hooks_file.run((example("warm-up"):gsub([[output = "1\n"]], "code = 1")))
  assert(result.outcome == "restored" and said(result):find "customers stays cold: ", said(result))
end

tests["example: pause-application"] = function()
  in_directory(function(directory)
    local run = "PID_FILE=pid @ restore --id mydb --task create_snapshot --hooks x.lua --sandbox"
    local file <close> = assert(io.open(directory .. "/x.lua", "w"))
    file:write(example "pause-application"):flush()
    expect(directory, run, 4, "the hook before rename", "pid: No such file")
    shell(directory, "echo 4711 > pid")
    expect(directory, run, 0, "SIGUSR1 to 4711", "SIGUSR2 to 4711")
    expect(directory, run .. "=restore-fails", 5, "SIGUSR1 to 4711", "SIGUSR2 to 4711")
  end)
end

tests["example: pause-in-kubernetes"] = function()
  local result = hooks_file.run(example "pause-in-kubernetes")
  result.pipeline:ended(result.run)
  assert(result.outcome == "restored" and said(result) == "web is scaled to 0\nweb is scaled to 2", said(result))
  result = hooks_file.run((example("pause-in-kubernetes"):gsub("output = '.-'", "code = 22")))
  assert(result.outcome == "failed", result.outcome)
end

tests["example: dns-change"] = function()
  local result = hooks_file.run(example "dns-change")
  result.pipeline:ended(result.run)
  local wanted = "db.example.com points at standby.example.com\ndb.example.com points at mydb."
  assert(result.outcome == "restored" and said(result):sub(1, #wanted) == wanted, said(result))
  result = hooks_file.run((example("dns-change"):gsub('output = "{}"', "code = 254")))
  assert(result.outcome == "failed", result.outcome)
end

tests["no example is forgotten"] = function()
  local pipe <close> = assert(io.popen "ls examples/hooks")
  for name in pipe:lines() do assert(tests["example: " .. name:gsub("%.lua$", "")], name) end
end

return tests
