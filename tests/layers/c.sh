#!/usr/bin/env bash
# The C tests, under the sanitizers: a program a unit, and one closing line for all of them.
set -euo pipefail
cd "$(dirname "$0")/../.."

passed=0 failed=0
for program in build/asan/tests/test_*; do
  said=$("$program" 2>&1) || { printf '%s\n%s\n' "$program" "$said"; failed=$((failed + 1)); }
  passed=$((passed + $(grep -c '^\[       OK \]' <<<"$said" || true)))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
