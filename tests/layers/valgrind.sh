#!/usr/bin/env bash
# Runs the C tests and a whole restore under valgrind. The tests of short memory are left to the
# address sanitizer, which is faster; valgrind also sees memory that is read before it is written.
# So is that of processes: under valgrind a program that is not there is started all the same, as
# posix_spawn learns of the failure from vfork, of which valgrind makes fork.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/layers/check.sh

watched=(valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect)

for program in build/debug/tests/test_*; do
  case $program in */test_alloc* | */test_process) continue ;; esac
  check "${program##*/}" "${watched[@]}" "$program"
done
check "a restore in the sandbox" "${watched[@]}" \
  build/debug/trapheus scripts/restore.lua --id mydb --task create_snapshot --sandbox --quiet
conclude
