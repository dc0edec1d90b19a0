#!/usr/bin/env bash
# Looks at the release build as a loader would: hardening.sh [DIRECTORY of the build]
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/layers/check.sh

directory=${1:-build/release}
program=$directory/trapheus
module=$directory/lua/trapheus/core.so

shows() { readelf -W "$1" "$2" | grep -E "$3" >/dev/null; } # OPTION FILE PATTERN
hides() { ! readelf -W "$1" "$2" | grep -E "$3"; }
lacks_text() { ! grep -qaF "$2" "$1"; }
begins_with_endbr() { objdump -d --no-show-raw-insn "--disassemble=$2" "$1" | grep endbr64 >/dev/null; }

check "program: position independent" shows -d "$program" 'FLAGS_1.*PIE'
for file in "$program" "$module"; do
  name=$(basename "$file")
  check "$name: symbols are bound at the start" shows -d "$file" 'BIND_NOW|FLAGS_1.*NOW'
  check "$name: relocations are read-only afterwards" shows -l "$file" 'GNU_RELRO'
  check "$name: the stack is not executable" shows -l "$file" 'GNU_STACK.* RW +0x'
  check "$name: nothing is writable and executable" hides -l "$file" 'LOAD.* RWE '
  check "$name: no text relocations, no search path" hides -d "$file" 'TEXTREL|RPATH|RUNPATH'
  check "$name: the stack is guarded" shows --dyn-syms "$file" '__stack_chk_fail'
  check "$name: calls of the C library are fortified" shows --dyn-syms "$file" '__(memcpy|vsnprintf|snprintf)_chk'
  check "$name: it does not know where it was built" lacks_text "$file" "$PWD"
done
if [ "$(uname -m)" = x86_64 ]; then
  check "program: indirect branches are checked" begins_with_endbr "$program" main
  check "core.so: indirect branches are checked" begins_with_endbr "$module" luaopen_trapheus_core
fi
conclude
