#!/usr/bin/env bash
# Runs one layer of the tests: one.sh NAME. As others run beside it, what it says is printed when it
# ends, in one piece.
set -euo pipefail
cd "$(dirname "$0")/../.."

name=$1
told=build/layers/$name.log
mkdir -p build/layers
result=passed
"tests/layers/$name.sh" >"$told" 2>&1 || result=FAILED
{
  flock 9
  printf '== %s: %s, %d s\n' "$name" "$result" "$SECONDS"
  cat "$told"
} 9>build/layers/lock
[ "$result" = passed ]
