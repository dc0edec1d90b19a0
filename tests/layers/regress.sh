#!/usr/bin/env bash
# What was once a mistake, of the tool that this one re-imagines or of ours.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec tests/layers/lua.sh tests/regress/*.lua
