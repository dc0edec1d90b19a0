--- The guide to the sandbox tells of every scenario, as its file does.
local scenario = require "trapheus.sandbox.scenario"

local tests = {}

local FILE = "docs/sandbox.md"

local function table_of_scenarios()
  local lines = { "| scenario | what happens | ends as | what it shows |", "| --- | --- | --- | --- |" }
  for _, name in ipairs(scenario.names()) do
    local each = scenario.load(name)
    local task = each.task ~= "create_snapshot" and (" (`%s`)"):format(each.task) or ""
    lines[#lines + 1] = ("| `%s`%s | %s | %s | %s |"):format(name, task, each.title, each.expected:gsub("_", " "),
      each.shows)
  end
  return table.concat(lines, "\n")
end

function tests.the_guide_has_the_scenarios_as_their_files_have_them()
  local file <close> = assert(io.open(FILE, "r"))
  local told = file:read("a"):match "<!%-%- scenarios:[^\n]*\n(.-)\n<!%-%- end of scenarios"
  local wanted = table_of_scenarios()
  assert(told == wanted, "it should be:\n" .. wanted)
end

function tests.every_scenario_file_is_listed()
  local listed, found = {}, 0
  for _, name in ipairs(scenario.names()) do listed[name] = true end
  local pipe <close> = assert(io.popen "ls lua/trapheus/sandbox/scenarios")
  for file in pipe:lines() do
    local name = file:match "^(.+)%.lua$"
    assert(name == "init" or listed[name], file .. " is not in the list")
    found = found + 1
  end
  assert(found == #scenario.names() + 1)
end

function tests.every_scenario_says_what_it_shows()
  for _, name in ipairs(scenario.names()) do assert(scenario.load(name).shows, name) end
end

return tests
