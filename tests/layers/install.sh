#!/usr/bin/env bash
# tests/layers/install.sh [DIRECTORY of the build]: what `cmake --install` leaves is complete and works without the source.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/layers/check.sh

build=${1:-build/release}
source=$PWD
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
export HOME=$prefix/home PATH=$prefix/bin:$PATH
unset TRAPHEUS_PATH LUA_PATH LUA_CPATH
is() { [ "$1" = "$2" ] || { printf 'expected: %s\ngot:      %s\n' "$2" "$1"; return 1; }; }

silent() { local out; out=$("$@" 2>&1) && [ -z "$out" ] || { printf '%s\n' "$out"; return 1; }; }

install_to() { # PREFIX [DESTDIR]
  DESTDIR=${2:-} cmake --install "$build" --prefix "$1" >/dev/null
}

# The program ------------------------------------------------------------------------------

has_version() { is "$(trapheus --version)" "trapheus $(sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"; }

restores() {
  local report
  report=$(cd / && trapheus restore --id mydb --task create_snapshot --sandbox 2>/dev/null)
  is "${report%% (*}" "mydb is restored"
}

needs_no_rpath() { ! readelf -d "$prefix/bin/trapheus" "$prefix/lib/lua/5.4/trapheus/core.so" | grep -E 'RPATH|RUNPATH'; }

# What `trapheus new` writes tells an editor of what is installed.
begins_hooks() {
  (cd "$(mktemp -d -p "$prefix")" && trapheus new hooks mine >/dev/null && trapheus check mine.lua >/dev/null &&
    grep -qF "\"$prefix/share/trapheus/meta\"" .luarc.json && grep -qF "\"$prefix/share/lua/5.4/trapheus\"" .luarc.json)
}

# The module -------------------------------------------------------------------------------

stock() { # LUA-ARGUMENT…
  LUA_PATH="$prefix/share/lua/5.4/?.lua;$prefix/share/lua/5.4/?/init.lua;$source/tests/support/?.lua;;" \
    LUA_CPATH="$prefix/lib/lua/5.4/?.so;;" lua5.4 "$@"
}

stock_tests_pass() { stock -e 'os.exit(dofile "tests/lua/run.lua" { "tests/lua/stock.lua" })'; }

every_module_loads() { # away from the source, so that only what is installed is found
  local modules
  modules=$(cd "$prefix/share/lua/5.4" && find trapheus -name '*.lua' | sed 's/\.lua$//; s/\/init$//; s/\//./g' | sort)
  (cd / && for module in $modules; do stock -e "require '$module'" || return; done)
}

is_whole() { diff <(cd lua && find trapheus -name '*.lua' -o -name '*.json' -o -name '*.tsv' -o -name '*.yaml' | sort) \
  <(cd "$prefix/share/lua/5.4" && find trapheus -type f | sort); }

goes_by_architecture() {
  install_to /usr "$prefix/root" && ls "$prefix/root/usr/lib/$(gcc -print-multiarch)/lua/5.4/trapheus/core.so" \
    "$prefix/root/usr/share/zsh/vendor-completions/_trapheus"
}

is_described() { diff -r lua/meta "$prefix/share/trapheus/meta"; }

has_licences() { (cd "$prefix/share/doc/trapheus" && ls LICENSE copyright models/LICENSE models/NOTICE scripts/restore.lua); }

# The manual -------------------------------------------------------------------------------

man_is_clean() { silent mandoc -T lint -W warning "$build/texts/trapheus.1"; }

groff_is_content() { silent groff -mdoc -Kutf8 -Tutf8 -ww -z "$build/texts/trapheus.1"; }

man_shows() { # TEXT…
  local shown text
  shown=$(MANWIDTH=78 man -l "$prefix/share/man/man1/trapheus.1.gz" | col -bx) || return
  for text; do grep -qF -- "$text" <<<"$shown" || { echo "not shown: $text"; return 1; }; done
}

# Completion -------------------------------------------------------------------------------

bash_completes() { # EXPECTED WORD…: the last word is to be completed
  local expected=$1
  shift
  is "$(bash --norc -c 'source "$1" && complete -p trapheus >&2 && shift && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) &&
    _trapheus && echo "${COMPREPLY[@]}"' - "$prefix/share/bash-completion/completions/trapheus" "$@" 2>/dev/null)" "$expected"
}

bash_completes_a_run() {
  trapheus() { printf 'RUN       STARTED\n6k325g6a  2026-01-01 00:00:00Z\n7zz  2026-01-01\n'; }
  export -f trapheus
  bash_completes 6k325g6a trapheus resume 6
}

zsh_completes() { # PATTERN LINE: what appears when Tab is pressed behind the line
  (cd / && timeout 20 zsh -f "$source/tests/support/complete.zsh" "$prefix/share/zsh/site-functions" "$2" "$1")
}

check "installs" install_to "$prefix"
check "the program has its version" has_version
check "the program restores on the sandbox" restores
check "a new hooks file is told of the annotations" begins_hooks
check "nothing points into the build" needs_no_rpath
check "the module works in a stock lua5.4" stock_tests_pass
check "every module loads there" every_module_loads
check "no file of the module is missing" is_whole
check "below /usr it goes where Debian looks" goes_by_architecture
check "the C module is described" is_described
check "the licences are there" has_licences
check "mandoc finds no fault" man_is_clean
check "groff finds no fault" groff_is_content
check "man shows it" man_shows "restore an Amazon RDS database in place" "--skip-final-snapshot" "trapheus rollback [RUN]" \
  "TRAPHEUS_PATH" "SHELL is bash or zsh."
check "bash: a script" bash_completes "restore resume report" trapheus re
check "bash: behind --scripts" bash_completes "status" trapheus --scripts lua st
check "bash: a path" bash_completes "scripts/resume.lua scripts/restore.lua scripts/report.lua" trapheus scripts/re
check "bash: a flag" bash_completes "--task" trapheus restore --ta
check "bash: a flag of one's own script" bash_completes "--replace-snapshot" trapheus my.lua --repl
check "bash: a choice" bash_completes "json jsonl" trapheus status --output j
check "bash: a choice behind =" bash_completes "db_restore" trapheus restore --task = db
check "bash: a file behind @" bash_completes "@CMakeLists.txt" trapheus restore --input @CMakeL
check "bash: no flag for a free value" bash_completes "" trapheus restore --id -
check "bash: a run" bash_completes_a_run
check "bash: what is new" bash_completes "hooks" trapheus new h
check "bash: a file to check" bash_completes "CMakeLists.txt" trapheus check CMakeL
check "bash: a shell" bash_completes "zsh" trapheus completion z
check "zsh: it is sound" zsh -n "$prefix/share/zsh/site-functions/_trapheus"
check "zsh: a script" zsh_completes "trapheus comp*letion" "trapheus comp"
check "zsh: a flag" zsh_completes "--replace-snapshot*=" "trapheus restore --replace-s"
check "zsh: a choice" zsh_completes "create_snapshot_only*db_restore" "trapheus my.lua --task="
check "zsh: a file to check" zsh_completes "check /etc/passwd" "trapheus check /etc/passw"
check "zsh: a shell" zsh_completes "completion zsh" "trapheus completion z"
conclude
