#!/bin/sh
# Every benchmark, one after the other; each is one command of its own and prints ratios against a named peer.
set -eu
cd "$(dirname "$0")/.."
for script in benchmarks/[a-z]*.py; do
  [ "$script" = benchmarks/faults.py ] && continue # it takes an hour and measures no speed: run it by itself
  echo "== $script"
  .venv/bin/python "$script"
done
