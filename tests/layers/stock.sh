#!/usr/bin/env bash
# The module, from a Lua that is not ours.
set -euo pipefail
cd "$(dirname "$0")/../.."

LUA_PATH="lua/?.lua;lua/?/init.lua;tests/support/?.lua;;" LUA_CPATH="build/debug/lua/?.so;;" \
  exec lua5.4 -e 'os.exit(dofile "tests/lua/run.lua" { "tests/lua/stock.lua" })'
