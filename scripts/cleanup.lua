--- What runs have left behind: shown, and on request removed, as far as it is certainly theirs.
local command = require "trapheus.command"
local core = require "trapheus.core"
local json = require "trapheus.json"
local leftovers = require "trapheus.leftovers"
local log = require "trapheus.log"
local options = require "trapheus.options"

local function text(found)
  if #found == 0 then return "nothing is left of any run" end
  local lines = {}
  for _, thing in ipairs(found) do
    lines[#lines + 1] = ("%-8s %s %s: %s"):format(thing.remove and "remove" or "look at", thing.what, thing.name,
      thing.why)
  end
  for i, line in ipairs(lines) do lines[i] = log.clean(line) end
  return table.concat(lines, "\n")
end

local function document(found)
  local list = json.list {}
  for i, thing in ipairs(found) do
    list[i] = { what = thing.what, name = thing.name, run_id = thing.run_id, why = thing.why, remove = thing.remove,
      removed = thing.removed or false,
      failure = thing.failure or json.null }
  end
  return list
end

local function removable(found)
  for _, thing in ipairs(found) do
    if thing.remove then return true end
  end
end

-- On a terminal a person says yes; elsewhere --remove is enough.
local function agreed(given, found)
  if given.yes or not (core.system.isatty(0) and core.system.isatty(2)) then return true end
  io.stderr:write(text(found), "\n\nType yes to do what is under 'remove': ")
  return io.read "l" == "yes"
end

local function tell(given, found)
  if (given.output or "text") ~= "text" then
    return print(json.encode(document(found), { indent = given.output == "json" }))
  end
  print(text(found))
  for _, thing in ipairs(found) do
    if thing.removed then print(log.clean(("removed %s %s"):format(thing.what, thing.name))) end
    if thing.failure then print(log.clean(("not removed: %s %s: %s"):format(thing.what, thing.name, thing.failure))) end
  end
end

return function(arguments)
  local given = options.read("cleanup", arguments)
  local world = command.real_world(given)
  local found = leftovers.find(world)
  if given.remove and removable(found) and agreed(given, found) then
    command.arm(world)
    leftovers.remove(world, found)
  end
  tell(given, found)
  for _, thing in ipairs(found) do
    if thing.failure then return 4 end
  end
  return 0
end
