--- Draws the arrows of the architecture from includes, requires and calls, and fails on one that points up.
--- Runs from the root of the repository.
local model = require "trapheus.aws.model"

local tests = {}

-- Reading the tree ----------------------------------------------------------------------------

local function files(directory, ending)
  local list = {}
  local listing <close> = assert(io.popen(("find %s -type f -name '*%s'"):format(directory, ending)))
  for name in listing:lines() do list[#list + 1] = name end
  table.sort(list)
  assert(#list > 0, "no files in " .. directory)
  return list
end

local function read(name)
  local file <close> = assert(io.open(name, "r"))
  return file:read "a"
end

-- Lua without its comments; their lines stay, so that numbers are right.
local function code(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    line = line:find "^%s*%-%-" and "" or line:gsub("%s%-%-%s.*$", "")
    lines[#lines + 1] = line
  end
  return lines
end

local function lua_files(...)
  local list = {}
  for _, directory in ipairs { ... } do
    for _, name in ipairs(files(directory, ".lua")) do list[#list + 1] = name end
  end
  return list
end

local function fail(found)
  if #found > 0 then error(table.concat(found, "\n"), 2) end
end

-- C -------------------------------------------------------------------------------------------

local LUA_HEADERS = { "lua.h", "lauxlib.h", "lualib.h", "luaconf.h", "lua.hpp" }

-- Where, and what is not included there.
local INCLUDES = {
  { "core", LUA_HEADERS },
  { "lua/binding", { "curl/", "expat", "sqlite3" } },
  { "core/include", { "curl/", "expat", "sqlite3", "openssl/" } },
}

local function included(text)
  local list = {}
  for name in text:gmatch '#%s*include%s*[<"]([^>"]+)[>"]' do list[#list + 1] = name end
  return list
end

local function forbidden_includes(text, prefixes)
  local found = {}
  for _, header in ipairs(included(text)) do
    for _, prefix in ipairs(prefixes) do
      if header:sub(1, #prefix) == prefix then found[#found + 1] = header end
    end
  end
  return found
end

function tests.c_layers_include_only_what_is_below()
  local found = {}
  for _, row in ipairs(INCLUDES) do
    for _, ending in ipairs { ".c", ".h" } do
      local ok, list = pcall(files, row[1], ending)
      for _, name in ipairs(ok and list or {}) do
        for _, header in ipairs(forbidden_includes(read(name), row[2])) do
          found[#found + 1] = ("%s includes %s"):format(name, header)
        end
      end
    end
  end
  fail(found)
end

function tests.the_core_includes_nothing_of_the_binding()
  local found = {}
  for _, ending in ipairs { ".c", ".h" } do
    for _, name in ipairs(files("core", ending)) do
      for _, header in ipairs(included(read(name))) do
        if header:find "binding" or header:find "%.%." then found[#found + 1] = name .. " includes " .. header end
      end
    end
  end
  fail(found)
end

function tests.an_include_that_points_up_is_seen()
  assert(#forbidden_includes('#include <lua.h>\n#  include "lauxlib.h"\n', LUA_HEADERS) == 2)
  assert(#forbidden_includes('#include <stdio.h>\n#include "trapheus/xml.h"\n', LUA_HEADERS) == 0)
end

-- Lua -----------------------------------------------------------------------------------------

-- The modules that a source requires; "trapheus.databases.*" for a name made at run time.
local function required(lines)
  local list = {}
  for number, line in ipairs(lines) do
    for rest in line:gmatch "require%s*%(?%s*(.*)" do
      local name, after = rest:match '^["\']([^"\']+)["\']%s*(.*)'
      if name then
        list[#list + 1] = { module = after:find "^%.%." and name .. "*" or name, line = number }
      end
    end
  end
  return list
end

local POLICY = { "pipeline", "run", "door", "parts", "members", "steps", "plan", "command", "cli", "options",
  "progress", "report", "alerts", "drivers", "journal", "world" }

local function but(list, ...)
  local result = table.move(list, 1, #list, 1, {})
  for _, name in ipairs { ... } do result[#result + 1] = name end
  return result
end

-- Which modules may not be required from where.
local ARROWS = {
  { "lua/trapheus/aws/", but(POLICY, "databases", "settings", "sandbox", "notify") },
  { "lua/trapheus/steps/", { "aws", "drivers", "cli", "command", "options", "progress", "report", "alerts", "notify",
    "world", "sandbox", "journal", "pipeline", "door", "plan", "tasks", "core" } },
  { "lua/trapheus/databases/", but(POLICY, "aws", "sandbox", "notify", "tasks", "core") },
  { "lua/trapheus/settings/", but(POLICY, "aws", "sandbox", "notify", "databases", "tasks", "core") },
  { "lua/trapheus/sandbox/", but(POLICY, "databases", "settings", "notify", "tasks", "core") },
  { "lua/trapheus/notify/", but(POLICY, "databases", "settings", "sandbox") },
  { "lua/trapheus/drivers/", { "aws", "steps", "databases", "settings", "cli", "command", "sandbox" } },
  { "lua/trapheus/door.lua", { "pipeline", "steps", "command", "cli", "drivers", "aws", "sandbox", "databases" } },
  { "lua/trapheus/run.lua", { "pipeline", "steps", "command", "cli", "drivers", "aws", "sandbox", "databases" } },
  { "lua/trapheus/pipeline.lua", { "steps", "command", "cli", "drivers", "aws", "sandbox", "databases", "settings" } },
  { "lua/trapheus/tasks.lua", but(POLICY, "aws", "databases", "settings", "sandbox", "notify") },
  { "lua/trapheus/errors.lua", but(POLICY, "aws", "databases", "settings", "sandbox", "notify", "tasks") },
}

local function points_up(module, forbidden)
  for _, name in ipairs(forbidden) do
    local full = "trapheus." .. name
    if module == full or module:sub(1, #full + 1) == full .. "." then return true end
  end
  return false
end

function tests.lua_layers_require_only_what_is_below()
  local found = {}
  for _, row in ipairs(ARROWS) do
    local known = false
    for _, name in ipairs(lua_files "lua/trapheus") do
      if name:sub(1, #row[1]) == row[1] then
        known = true
        for _, use in ipairs(required(code(read(name)))) do
          if points_up(use.module, row[2]) then
            found[#found + 1] = ("%s:%d requires %s"):format(name, use.line, use.module)
          end
        end
      end
    end
    assert(known, "there is no " .. row[1])
  end
  fail(found)
end

-- What the modules stand on, beside one another.
local LIBRARIES = { argparse = true, ["cjson.safe"] = true, cjson = true, trapheus = true }

function tests.modules_require_modules_and_no_scripts()
  local found = {}
  for _, name in ipairs(lua_files "lua/trapheus") do
    for _, use in ipairs(required(code(read(name)))) do
      if not use.module:find "^trapheus%." and not LIBRARIES[use.module] then
        found[#found + 1] = ("%s:%d requires %s"):format(name, use.line, use.module)
      end
    end
  end
  fail(found)
end

local function exists(name)
  local file = io.open(name, "r")
  if file then file:close() end
  return file ~= nil
end

function tests.what_is_required_is_there()
  local found = {}
  for _, name in ipairs(lua_files("lua/trapheus", "scripts")) do
    for _, use in ipairs(required(code(read(name)))) do
      local path = "lua/" .. use.module:gsub("%.", "/")
      local there = not use.module:find "^trapheus%." or use.module:find "%*$" or use.module == "trapheus.core"
        or exists(path .. ".lua") or exists(path .. "/init.lua")
      if not there then found[#found + 1] = ("%s:%d requires %s"):format(name, use.line, use.module) end
    end
  end
  fail(found)
end

function tests.requires_are_seen()
  local lines = code [[
local a = require "trapheus.run" -- require "x"
-- require "y"
return require("trapheus.d." .. k)]]
  local seen = required(lines)
  assert(#seen == 2, "seen: " .. #seen)
  assert(seen[1].module == "trapheus.run" and seen[1].line == 1)
  assert(seen[2].module == "trapheus.d.*" and seen[2].line == 3)
  assert(points_up("trapheus.steps.rename", { "steps" }) and not points_up("trapheus.stepsister", { "steps" }))
end

-- Who changes AWS -----------------------------------------------------------------------------

local function mutating()
  local names = {}
  for _, service in ipairs { "rds", "ses", "sns", "sts" } do
    for operation in pairs(model.load(service).operations) do
      if not model.is_read_only(operation) then names[operation] = true end
    end
  end
  return names
end

-- Calls of operations that change something, and calls by a computed name.
local function changes(lines, operations)
  local list = {}
  for number, line in ipairs(lines) do
    line = line:gsub('"%l+:%u%w+"', '""') -- a permission is no call
    for operation in line:gmatch "[%w_%]%)][:.](%u%w+)" do
      if operations[operation] then list[#list + 1] = { what = operation, line = number } end
    end
    for _, pattern in ipairs { "%f[%w]rds%s*%[", "%f[%w]ses%s*%[", "%f[%w]sts%s*%[" } do
      if line:find(pattern) then list[#list + 1] = { what = "a computed operation", line = number } end
    end
  end
  return list
end

local ALLOWED = {
  ["lua/trapheus/door.lua"] = "a computed operation", -- the door itself
  ["lua/trapheus/notify/email.lua"] = "SendEmail",     -- an alert changes no database
  ["lua/trapheus/notify/sns.lua"] = "Publish",
  ["lua/trapheus/steps/advice/service.lua"] = "a computed operation", -- only asks: see below
}

function tests.only_the_door_changes_anything()
  local found, used, operations = {}, {}, mutating()
  for _, name in ipairs(lua_files("lua/trapheus", "scripts")) do
    if not name:find "^lua/trapheus/sandbox/" then -- the other side
      for _, call in ipairs(changes(code(read(name)), operations)) do
        if ALLOWED[name] == call.what then
          used[name] = true
        else
          found[#found + 1] = ("%s:%d calls %s"):format(name, call.line, call.what)
        end
      end
    end
  end
  fail(found)
  for name in pairs(ALLOWED) do assert(used[name], name .. " needs no exception any more") end
end

function tests.advice_names_no_operation_that_changes_anything()
  local found, operations, asked = {}, mutating(), 0
  for _, name in ipairs(lua_files "lua/trapheus/steps/advice") do
    for number, line in ipairs(code(read(name))) do
      for word in line:gmatch '"(%u%w+)"' do
        if operations[word] then found[#found + 1] = ("%s:%d names %s"):format(name, number, word) end
        asked = asked + (word:find "^Describe" and 1 or 0)
      end
    end
  end
  fail(found)
  assert(asked > 5, "the questions are not seen")
end

function tests.changes_are_seen()
  local sample = code [[
run.world.rds:DeleteDBInstance { x = 1 }
errors.try(rds.ModifyDBInstance, rds, {})
client("rds"):RestoreDBInstanceFromDBSnapshot {}
rds[name](rds, {})
return "ModifyDBInstance", self:target(), parameters
rds:DescribeDBInstances {} -- rds:DeleteDBInstance
]]
  local seen = changes(sample, mutating())
  assert(#seen == 4, "seen: " .. #seen)
  for line, call in ipairs(seen) do assert(call.line == line) end
end

-- Clock and chance ----------------------------------------------------------------------------

local IMPURE = { "os%.time%f[%W]", "os%.clock%f[%W]", "math%.random", "os%.date%s*%(?%s*\"[^\"]*\"%s*%)" }

-- The jitter of a script's own waiting, where it gives no other source.
local OWN_CHANCE = { ["lua/trapheus/backoff.lua"] = true, ["lua/trapheus/waiter.lua"] = true }

local function impure(line)
  for _, pattern in ipairs(IMPURE) do
    if line:find(pattern) then return pattern end
  end
end

function tests.time_and_chance_come_from_the_world()
  local found = {}
  for _, name in ipairs(lua_files("lua/trapheus", "scripts")) do
    for number, line in ipairs(code(read(name))) do
      local pattern = impure(line)
      if pattern and not (pattern == "math%.random" and OWN_CHANCE[name]) then
        found[#found + 1] = ("%s:%d: %s"):format(name, number, line)
      end
    end
  end
  fail(found)
  assert(impure "local t = os.time()" and impure 'os.date("%H")' and not impure 'os.date("!%H", at)')
end

function tests.only_io_of_its_own_touches_the_real_clock()
  local found = {}
  for _, directory in ipairs { "steps", "databases", "settings", "sandbox", "notify" } do
    for _, name in ipairs(lua_files("lua/trapheus/" .. directory)) do
      for number, line in ipairs(code(read(name))) do
        if line:find "core%.clock" then found[#found + 1] = ("%s:%d: %s"):format(name, number, line) end
      end
    end
  end
  fail(found)
end

return tests
