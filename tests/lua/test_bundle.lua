--- What is inside the program: modules are compiled, all else is as it was.
local core = require "trapheus.core"

local tests = {}

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

-- The text of the line that a function begins at.
local function first_line(f)
  local info = debug.getinfo(f, "S")
  local file, at = read("lua/" .. info.source:sub(2)), 0
  for line in file:gmatch "[^\n]*" do
    at = at + 1
    if at == info.linedefined then return line end
  end
end

function tests.a_module_is_compiled()
  assert(core.bundled("trapheus/names.lua"):sub(1, 4) == "\27Lua")
end

function tests.a_compiled_module_knows_its_lines()
  local valid = require("trapheus.names").valid
  assert(debug.getinfo(valid, "S").source == "@trapheus/names.lua")
  assert(first_line(valid):find("function names.valid", 1, true))
  assert(debug.getlocal(valid, 1) == "text")
end

function tests.what_is_read_as_text_is_as_it_was()
  assert(core.bundled "scripts/restore.lua" == read "scripts/restore.lua")
  for _, name in ipairs {
    "trapheus/aws/errors.tsv", "trapheus/aws/models/sts.json", "trapheus/sandbox/scenarios/replica.lua",
  } do
    assert(core.bundled(name) == read("lua/" .. name), name)
  end
end

return tests
