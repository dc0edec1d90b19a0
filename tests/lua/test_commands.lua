--- The one table of commands and flags, and all that is made of it or must agree with it.
local commands = require "trapheus.commands"
local completion = require "trapheus.completion"
local json = require "trapheus.json"
local options = require "trapheus.options"
local path = require "trapheus.path"
local report = require "trapheus.report"
local usage = require "trapheus.usage"
local witness = require "witness"
local tests = {}

local function lines_of(shell_command)
  local pipe = assert(io.popen(shell_command))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  assert(pipe:close() and #lines > 0, shell_command)
  return lines
end

local function read(file_name)
  local file <close> = assert(io.open(file_name, "r"))
  return file:read "a"
end

local function each_flag(visit)
  for _, command in ipairs(commands.LIST) do
    for _, group in ipairs(command.groups) do
      for _, flag in ipairs(group[2]) do visit(flag, command) end
    end
  end
end

function tests.every_script_is_a_command_and_every_command_a_script()
  local scripts = {}
  for i, file in ipairs(lines_of "ls scripts") do scripts[i] = file:match "^(.+)%.lua$" end
  local listed = path.scripts()
  table.sort(listed)
  assert(table.concat(listed, " ") == table.concat(scripts, " "), table.concat(listed, " "))
end

function tests.every_flag_is_read()
  each_flag(function(flag, command)
    local arguments = { flag[1], flag[2] and "1" }
    local needed = command.argument and (tonumber(command.argument[3] or 1) or 0) or 0
    for _ = 1, needed do table.insert(arguments, 1, "x") end
    local field = commands.field(flag[1])
    local choices = commands.CHOICES[field]
    if choices then arguments[#arguments] = choices[1] end
    assert(options.read(command.name, arguments)[field], command.name .. " " .. flag[1])
  end)
end

function tests.help_fits_a_terminal_of_80_columns()
  local helps = { "" }
  for _, command in ipairs(commands.LIST) do helps[#helps + 1] = command.name end
  for _, name in ipairs(helps) do
    for _, line in ipairs(lines_of(("%s %s --help"):format(arg[0], name))) do
      assert(utf8.len(line) <= 80, line)
    end
  end
end

function tests.help_names_both_arguments_of_a_command_that_has_two()
  for name, wanted in pairs { new = "hooks|script NAME", diff = "A B" } do
    local help = table.concat(lines_of(("%s %s --help"):format(arg[0], name)), "\n")
    assert(help:match("^Usage: .-\n\n"):find(wanted .. "\n", 1, true), help)
  end
end

function tests.a_plan_whose_rehearsal_does_not_end_well_says_so_by_its_exit_code()
  local plan = arg[0] .. " restore --id mydb --task create_snapshot --sandbox --plan --quiet --output json %s; echo $?"
  for more, code in pairs { [""] = "0", ["--set Iops=5"] = "10" } do
    local lines = lines_of(plan:format(more))
    witness.equal(table.remove(lines), code, "the exit code " .. more)
    local document = json.decode(table.concat(lines, "\n"))
    witness.equal(document.outcome, "planned")
    witness.equal(document.plan.trouble ~= json.null, code == "10", "the trouble")
  end
end

function tests.every_choice_is_in_its_help()
  local seen = {}
  each_flag(function(flag)
    local field = commands.field(flag[1])
    for _, choice in ipairs(commands.CHOICES[field] or {}) do
      assert(flag[3]:find(choice, 1, true), flag[1] .. " does not speak of " .. choice)
      seen[field] = true
    end
  end)
  assert(seen.task and seen.replace_snapshot and seen.output)
end

function tests.completion_knows_every_command_and_flag()
  for shell, script in pairs { bash = completion.bash(), zsh = completion.zsh() } do
    assert(not script:find "@[%u_]+@", shell .. ": something was not put in")
    each_flag(function(flag, command)
      assert(script:find(flag[1], 1, true) and script:find(command.name, 1, true), shell .. ": " .. flag[1])
    end)
  end
end

function tests.a_colon_in_the_name_of_an_argument_does_not_end_it_in_zsh()
  local script, met = completion.zsh(), 0
  each_flag(function(flag)
    if flag[2] and flag[2]:find ":" then
      met = met + 1
      assert(script:find("]:" .. flag[2]:gsub(":", "\\:") .. ":", 1, true), flag[1])
    end
  end)
  assert(met > 0)
end

function tests.completion_is_for_the_shells_it_names()
  local run = path.script "completion"()
  for _, shell in ipairs(commands.CHOICES.shell) do assert(completion[shell]) end
  local ok, err = pcall(run, { "fish" })
  assert(not ok and usage.is(err) and tostring(err):find "fish")
end

-- The manual ------------------------------------------------------------------------------

function tests.the_manual_names_every_variable()
  local manual = read "docs/trapheus.1.in"
  local variables = [[grep -rhoE --include='*.lua' '"((AWS|TRAPHEUS|XDG)_[A-Z_]*[A-Z]|NO_COLOR)"' lua | sort -u]]
  for _, name in ipairs(lines_of(variables)) do
    assert(manual:find(name:match '"(.*)"', 1, true), name)
  end
end

function tests.the_manual_names_every_exit_code()
  local codes, told = { [0] = true, true, true, [report.DIFFERENT] = true, [report.PARTIAL] = true,
    [report.DOUBTFUL] = true }, {}
  for _, code in pairs(report.EXIT) do codes[code] = true end
  for code in read("docs/trapheus.1.in"):match("%.Sh EXIT STATUS(.-)%.Sh"):gmatch "%.It (%d+)" do
    told[tonumber(code)] = true
  end
  for code = 0, 10 do assert(codes[code] == told[code], code) end
end

return tests
