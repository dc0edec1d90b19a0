#!/usr/bin/env bash
# Builds the release twice, in two directories and under two sets of circumstances: the program and
# the module must be the same bytes. And once by another compiler: one seed, one story in the sandbox.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/layers/check.sh

base=$PWD/build/reproducible
sources=(CMakeLists.txt CMakePresets.json bench cmake core docs lua scripts)
[ -d examples ] && sources+=(examples)

build() { # DIRECTORY: a copy of the sources, and their release build
  mkdir -p "$1"
  cp -r "${sources[@]}" "$1"
  (cd "$1" && cmake --preset release && cmake --build --preset release -j "$(nproc)" --target trapheus module) \
    >"$1/log" 2>&1 || { cat "$1/log"; return 1; }
}

by_clang() {
  { CC=clang cmake -S "$base/a" -B "$base/clang" -G Ninja -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$base/clang" -j "$(nproc)" --target trapheus; } >"$base/clang.log" 2>&1 || { cat "$base/clang.log"; return 1; }
}

tells_the_same() { TRAPHEUS_PATH=tests/support "$base/clang/trapheus" tests/lua/run.lua tests/lua/test_sandbox_trace.lua; }

rm -rf "$base"
check "first build" build "$base/a"
check "second build" env -i PATH="$PATH" HOME="$base" TZ=Asia/Tokyo LC_ALL=C SOURCE_DATE_EPOCH=1 \
  bash -c "$(declare -f build); $(declare -p sources); umask 027; build '$base/another place'"
for file in trapheus lua/trapheus/core.so; do
  check "$file: the same bytes" cmp "$base/a/build/release/$file" "$base/another place/build/release/$file"
done
check "a build by clang" by_clang
check "clang: the same story of a seed" tells_the_same
conclude
