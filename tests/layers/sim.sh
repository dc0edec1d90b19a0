#!/usr/bin/env bash
# Simulation, on every core.
#   sim.sh                       what ./dev test plays: the cases that have a name, every single fault and crash, a share
#                                of each other campaign, and of the seeded mistakes the defects of the original
#   sim.sh --runs N [--seed S]   all of each campaign, N random cases, one in a hundred of them in bytes as well, and
#                                the seeded mistakes
#   sim.sh CAMPAIGN [OPTION…]    one of tests/sim/campaigns.lua, or mutants
#   sim.sh --case JSON           one case, told as a timeline
set -euo pipefail
cd "$(dirname "$0")/../.."
export TRAPHEUS_PATH=tests/support:tests/sim LUA_CPATH=build/release/tests/?.so
program=build/release/trapheus
shards=$(nproc)
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT
failed=0

# Its shards side by side; each leaves its figures, and tells of its first failures.
campaign() { # NAME [OPTION…]
  for i in $(seq "$shards"); do
    "$program" tests/sim/run.lua "$1" --shard "$i/$shards" --out "$parts/$1.$i.json" "${@:2}" >"$parts/$i.txt" &
  done
  for _ in $(seq "$shards"); do wait -n || failed=1; done
  cat "$parts"/*.txt
}

sum() { "$program" tests/sim/sum.lua "$@" "$parts"/*.json || failed=1; }

mutants() { # [OPTION…]
  for i in $(seq "$shards"); do
    "$program" tests/sim/mutate.lua --shard "$i/$shards" "$@" >"$parts/$i.txt" &
  done
  for _ in $(seq "$shards"); do wait -n || failed=1; done
  cat "$parts"/*.txt | awk '/^[0-9]+ passed/ { passed += $1; failed += $3; next } { print } END {
    printf "mutation score: %.0f %%\n%d passed, %d failed\n", 100 * passed / (passed + failed), passed, failed }'
}

case ${1:-} in
"")
  "$program" tests/lua/run.lua tests/sim/test_tree.lua || failed=1
  campaign named
  campaign singles --alone 97
  campaign elsewhere --share 97
  campaign pairs --share 997
  campaign swarm --runs 150
  campaign bytes --runs 150
  sum --all
  mutants --defects
  ;;
--runs)
  campaign named
  for name in singles elsewhere pairs; do campaign "$name" --alone 97; done
  campaign swarm "$@"
  campaign bytes "$1" $(($2 / 100)) "${@:3}"
  sum --all
  mutants
  ;;
--case) "$program" tests/sim/run.lua "$@" || failed=1 ;;
mutants) mutants "${@:2}" ;;
*)
  campaign "$@"
  sum
  ;;
esac
exit "$failed"
