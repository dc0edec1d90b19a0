#!/usr/bin/env bash
# Feeds the parsers arbitrary bytes, from recorded ones on: fuzz.sh [SECONDS for each, default 2]
set -euo pipefail
cd "$(dirname "$0")/../.."
source tests/layers/check.sh

seconds=${1:-2}
units=(xml xml_shape xml_items query uri buf error) # what the targets are made of
directory=build/fuzz
mkdir -p "$directory"

seed() { # the corpus of each target, from what services said and were sent
  mkdir -p "$directory"/corpus_{xml,form,uri,reply}
  cp tests/data/protocols/responses/*.xml "$directory/corpus_xml"
  for file in tests/data/samples/*.http; do
    case $file in
    *.response.http)
      sed '1,/^\r\{0,1\}$/d' "$file" >"$directory/corpus_xml/${file##*/}"
      cp "$directory/corpus_xml/${file##*/}" "$directory/corpus_reply"
      ;;
    *.request.http) sed '1,/^\r\{0,1\}$/d' "$file" >"$directory/corpus_form/${file##*/}" ;;
    esac
  done
  printf '{"__type":"a#B","message":"\\u00e9\\n","n":{"x":[1,"}"]}}' >"$directory/corpus_reply/error"
  gzip -9nc lua/trapheus/aws/models/partitions.json >"$directory/corpus_reply/packed"
  printf 'https://[::1]:5000/a%%2fb/../c?d=e' >"$directory/corpus_uri/literal"
  printf 'http://rds.eu-west-1.amazonaws.com' >"$directory/corpus_uri/endpoint"
  printf '/a/./b/../../c//d/%%7e%%zz' >"$directory/corpus_uri/path"
}

build() { # TARGET
  local sources=("${units[@]/#/core/src/}") libraries=(-lexpat -lcrypto)
  if [ "$1" = reply ]; then # the judge of replies stands on the rest of the core
    sources=(core/src/*.c) libraries+=(-lcurl -lz -lsqlite3 -lmicrohttpd -lm)
  fi
  clang -std=c11 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -Icore/include \
    -DTRAPHEUS_VERSION='"fuzz"' \
    -o "$directory/$1" "tests/fuzz/fuzz_$1.c" "${sources[@]}" "${libraries[@]}"
}

run() { # TARGET
  "$directory/$1" -max_total_time="$seconds" -max_len=16384 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$directory/$1-" -print_final_stats=1 "$directory/corpus_$1"
}

units=("${units[@]/%/.c}")
check "corpus" seed
for target in xml form uri reply; do
  check "$target: builds" build "$target"
  check "$target: $seconds s of fuzzing" run "$target"
done
conclude
