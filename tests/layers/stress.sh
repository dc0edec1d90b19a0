#!/usr/bin/env bash
# The tests in Lua once more, with the collector running all the time (tests/support/stress.lua).
# Left out: every-single-fault, which is hundreds of whole runs of what the other suites run, and
# test_sandbox_random, which looks at numbers only.
set -euo pipefail
cd "$(dirname "$0")/../.."

files=()
for file in tests/lua/test_*.lua tests/regress/*.lua; do
  case $file in */every-single-fault.lua | */test_sandbox_random.lua) ;; *) files+=("$file") ;; esac
done
TRAPHEUS_GC=stress exec tests/layers/lua.sh "${files[@]}"
