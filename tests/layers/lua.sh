#!/usr/bin/env bash
# Tests in Lua, run by the program under the sanitizers: lua.sh [FILE…], without any those of the modules.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ $# -gt 0 ] || set -- tests/lua/test_*.lua
TRAPHEUS_PATH=tests/support exec build/asan/trapheus tests/lua/run.lua "$@"
