--- Shell completion, made of the commands and their flags.
local commands = require "trapheus.commands"

local completion = {}

-- What completes an argument, by its name, where no list of choices does.
local FILES = { DIR = "directory", JSON = "file", FILE = "path", SOURCE = "file" } -- JSON, SOURCE: as @FILE

-- What else there is to choose from.
local SCENARIOS = require "trapheus.sandbox.scenarios"

local function choices_of(flag)
  return commands.CHOICES[commands.field(flag[1])] or commands.argument(flag) == "SCENARIO" and SCENARIOS or nil
end

local function flags_of(command)
  local flags = {}
  for _, group in ipairs(command.groups) do
    for _, flag in ipairs(group[2]) do flags[#flags + 1] = flag end
  end
  flags[#flags + 1] = { "--help", nil, "what it does, and its flags" }
  return flags
end

local function names(rows, key)
  local list = {}
  for i, row in ipairs(rows) do list[i] = row[key] end
  return table.concat(list, " ")
end

-- Every flag of any command that takes an argument, once, in order.
local function flags_with_arguments()
  local seen, list = {}, {}
  local function add(flags)
    for _, flag in ipairs(flags) do
      if flag[2] and not seen[flag[1]] then
        seen[flag[1]] = true
        list[#list + 1] = flag
      end
    end
  end
  add(commands.FLAGS)
  for _, command in ipairs(commands.LIST) do add(flags_of(command)) end
  return list
end

-- bash ------------------------------------------------------------------------------------

local BASH = [==[
# bash completion for trapheus; made by `trapheus completion bash`

_trapheus_runs() { trapheus status 2>/dev/null | sed -n '2,$s/ .*//p'; }

_trapheus_reply() { mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$@"); }

_trapheus() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} script= i
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --scripts) ((i++)) ;;
      -*) ;;
      *) script=${COMP_WORDS[i]} && break ;;
    esac
  done
  case $prev in
@VALUES@
  esac
  case $script in
    "")
      _trapheus_reply -W "@SCRIPTS@ @FLAGS@" -- "$cur"
      _trapheus_reply -o plusdirs -f -X '!*.lua' -- "$cur"
      ;;
@SCRIPT_WORDS@
  esac
}
complete -o filenames -F _trapheus trapheus
]==]

local COMPGEN = { directory = '-d -- "$cur"', file = '-f -P @ -- "${cur#@}"', path = '-f -- "$cur"' }

local function bash_value(flag)
  local choices, argument, optional = choices_of(flag), commands.argument(flag)
  local how = choices and '-W "' .. table.concat(choices, " ") .. '" -- "$cur"' or COMPGEN[FILES[argument]]
  return ("    %s) %s%s ;;"):format(flag[1], how and "_trapheus_reply " .. how .. "; " or "",
    optional and ":" or "return")
end

local function bash_words(command)
  local argument, extra = command.argument, ""
  local choices = argument and commands.CHOICES[argument[1]]
  if choices then extra = " " .. table.concat(choices, " ") end
  if argument and argument[1] == "run" then extra = " $(_trapheus_runs)" end
  local files = argument and argument[1] == "file" and '; _trapheus_reply -f -- "$cur"' or ""
  local pattern = command.name == "restore" and "restore | *.lua" or command.name
  return ('    %s) _trapheus_reply -W "%s%s" -- "$cur"%s ;;'):format(pattern, names(flags_of(command), 1), extra, files)
end

local function map(list, f)
  local lines = {}
  for i, row in ipairs(list) do lines[i] = f(row) end
  return table.concat(lines, "\n")
end

---@return string
function completion.bash()
  return (BASH:gsub("@([%u_]+)@", {
    VALUES = map(flags_with_arguments(), bash_value),
    SCRIPTS = names(commands.LIST, "name"),
    FLAGS = names(commands.FLAGS, 1),
    SCRIPT_WORDS = map(commands.LIST, bash_words),
  }))
end

-- zsh -------------------------------------------------------------------------------------

local ZSH = [==[
#compdef trapheus
# zsh completion for trapheus; made by `trapheus completion zsh`

_trapheus_runs() {
  local -a runs=(${(f)"$(trapheus status 2>/dev/null | sed -n '2,$s/ .*//p')"})
  compadd -a runs
}

_trapheus_input() { compset -P @ && _files }

_trapheus_scripts() {
  local -a scripts=(
@SCRIPTS@
  )
  _describe script scripts
  _files -g '*.lua'
}

_trapheus() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C \
@FLAGS@ \
    '1:script:_trapheus_scripts' '*::argument:->arguments'
  [[ $state == arguments ]] || return
  case $words[1] in
@ARGUMENTS@
  esac
}

if [[ $funcstack[1] == _trapheus ]]; then _trapheus "$@"; else compdef _trapheus trapheus; fi
]==]

local ARGUMENTS = { run = "_trapheus_runs", file = "_files" }
local ACTION = { directory = "_directories", file = "_trapheus_input", path = "_files" }

-- Inside a specification's brackets, and inside single quotes.
local function zsh_text(text)
  return (text:gsub("[][:\\]", "\\%0"):gsub("'", "'\\''"))
end

local function zsh_flag(flag)
  local choices, argument, optional = choices_of(flag), commands.argument(flag)
  local action = choices and "(" .. table.concat(choices, " ") .. ")" or ACTION[FILES[argument]] or ""
  return ("    '%s%s[%s]%s'"):format(flag[4] == "+" and "*" or "", flag[1] .. (argument and "=" or ""),
    zsh_text(flag[3]), argument and (":%s%s:%s"):format(optional and ":" or "", zsh_text(argument), action) or "")
end

local function zsh_flags(flags)
  return (map(flags, zsh_flag):gsub("\n", " \\\n"))
end

local function zsh_arguments(command)
  local argument, extra = command.argument, ""
  local choices = argument and commands.CHOICES[argument[1]]
  if argument then
    extra = (" \\\n    '1:%s:%s'"):format(argument[1], choices and "(" .. table.concat(choices, " ") .. ")"
      or ARGUMENTS[argument[1]] or "")
  end
  local pattern = command.name == "restore" and "restore|*.lua" or command.name
  return ("  %s) _arguments \\\n%s%s ;;"):format(pattern, zsh_flags(flags_of(command)), extra)
end

---@return string
function completion.zsh()
  return (ZSH:gsub("@([%u_]+)@", {
    SCRIPTS = map(commands.LIST, function(command)
      return ("    '%s:%s'"):format(command.name, zsh_text(command.summary))
    end),
    FLAGS = zsh_flags(commands.FLAGS),
    ARGUMENTS = map(commands.LIST, zsh_arguments),
  }))
end

return completion
