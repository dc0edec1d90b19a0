#!/usr/bin/env bash
# What a reader should not have to look for: form, likely mistakes, and the ceilings on size.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/layers/check.sh

MOST_LINES=400           # of a hand-written file, tests apart
MOST_FUNCTION_LINES=50   # of a Lua function; clang-tidy and luacheck have the other ceilings

mapfile -t written < <(find . \( -name build -o -name .git \) -prune -o -type f -print | sort)
among() { printf '%s\n' "${written[@]}" | grep -E "$1"; }
mapfile -t c_files < <(among '^\./(core|lua|tests/(c|fuzz|sim))/.*\.[ch]$')
mapfile -t c_units < <(among '^\./(core|lua|tests/(c|sim))/.*\.c$')
mapfile -t lua_files < <(among '\.lua$')
mapfile -t own_text < <(among . | grep -vE '^\./(tests/data|lua/trapheus/aws/models)/')

tidy() { printf '%s\n' "${c_units[@]}" | xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p build/debug 2>/dev/null; }

short_files() {
  among '^\./(core|lua|scripts|examples|cmake|bench)/.*\.([ch]|lua)$' | xargs wc -l |
    awk -v most="$MOST_LINES" '$2 != "total" && $1 > most { print $2 ": " $1 " lines"; bad = 1 } END { exit bad }'
}

short_functions() { # luac lists them as "function <FILE:FIRST,LAST> …"
  for file in "${lua_files[@]}"; do luac5.4 -l -p "$file"; done |
    sed -nE 's/^function <(.*):([0-9]+),([0-9]+)>.*/\1 \2 \3/p' |
    awk -v most="$MOST_FUNCTION_LINES" '$3 - $2 >= most { print $1 ":" $2 ": " $3 - $2 + 1 " lines"; bad = 1 }
      END { exit bad }'
}

lacks() { ! grep -nIE "$@"; }

check "clang-format" clang-format --dry-run -Werror "${c_files[@]}"
check "clang-tidy" tidy
check "luacheck" luacheck -q --no-color "${lua_files[@]}"
check "files of at most $MOST_LINES lines" short_files
check "Lua functions of at most $MOST_FUNCTION_LINES lines" short_functions
check "no blanks at the end of a line" lacks '[[:space:]]+$' "${own_text[@]}"
check "no path of the machine it was written on" lacks '/wor[k]/|bash_job[s]' "${written[@]}"
conclude
