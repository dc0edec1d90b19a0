--- The guide to the sandbox tells of every scenario, as its file does.
local scenario = require "trapheus.sandbox.scenario"
local witness = require "witness"

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

function tests.the_reference_is_made_of_the_annotations()
  local file <close> = assert(io.open("docs/reference.md", "r"))
  local pipe <close> = assert(io.popen "lua5.4 cmake/reference.lua")
  assert(file:read "a" == pipe:read "a", "make it again: lua5.4 cmake/reference.lua > docs/reference.md")
end

function tests.no_cell_of_the_reference_ends_in_the_middle()
  for line in io.lines "docs/reference.md" do assert(not line:find "[,:] |$", line) end
end

-- What both languages have to have alike: the commands, what stands in code in the text, and the figures.
local function facts(name)
  local file <close> = assert(io.open(name, "r"))
  local text, found = "\n" .. file:read "a", { command = {}, code = {}, figure = {} }
  local function note(kind, what) found[kind][what] = (found[kind][what] or 0) + 1 end
  text = text:gsub("\n```(.-)\n```", function(block)
    for line in block:gmatch "\n%$ ([^\n]+)" do note("command", (line:gsub(" +# .*", ""))) end
    return ""
  end)
  text = text:gsub("\n    [^\n]*", ""):gsub("%]%([^)]*%)", "]")
  text = text:gsub("`([^`]+)`", function(code) note("code", (code:gsub("%s+", " "))) return "" end)
  for figure in text:gmatch "%d[%d.,]*" do note("figure", (figure:gsub("[.,]+$", ""))) end
  return found
end

function tests.both_languages_tell_the_same_facts()
  local english, chinese = facts "README.md", facts "docs/README.zh-CN.md"
  for kind, counts in pairs(english) do
    assert(next(counts), kind)
    for what, count in pairs(counts) do
      witness.equal(chinese[kind][what], count, ("%s in the Chinese README: %s"):format(kind, what))
    end
    for what in pairs(chinese[kind]) do
      assert(counts[what], ("%s in the Chinese README alone: %s"):format(kind, what))
    end
  end
end

function tests.what_the_guide_points_to_is_there()
  local pipe <close> = assert(io.popen "ls README.md CONTRIBUTING.md docs/*.md examples/*.md")
  for name in pipe:lines() do
    local file <close> = assert(io.open(name, "r"))
    local directory = name:match "^(.-)[^/]*$"
    for target in file:read("a"):gmatch "%]%(([^)#%s]+)[^)]*%)" do
      local there = target:find "^%a+:" or io.open(directory .. target, "r")
      assert(there, ("%s points to %s"):format(name, target))
      if io.type(there) then there:close() end
    end
  end
end

function tests.every_example_is_in_their_list()
  local file <close> = assert(io.open("examples/README.md", "r"))
  local text = file:read "a"
  local pipe <close> = assert(io.popen "cd examples && find . -type f ! -name README.md")
  for name in pipe:lines() do
    name = name:sub(3)
    assert(text:find(("](%s)"):format(name), 1, true), name .. " is not in examples/README.md")
  end
end

return tests
