#!/usr/bin/env bash
# The tests on the binaries in $BUILD: unit tests, the fuzzers' corpus, then the system tests. Arguments go to pytest;
# without any the whole suite runs, in WORKERS processes side by side (a system test is mostly waiting).
set -euo pipefail
cd "$(dirname "$0")/.."
export BUILD=${BUILD:-build}

if [ -x "$BUILD/bin/unit-tests" ]; then
    "$BUILD/bin/unit-tests"
fi
for corpus in tests/fuzz/corpus/*; do
    if [ -x "$BUILD/bin/fuzz-${corpus##*/}" ]; then
        "$BUILD/bin/fuzz-${corpus##*/}" "$corpus"/*
    fi
done
if [ $# -eq 0 ]; then
    set -- tests/system tests/faults/test_quick.py --numprocesses="${WORKERS:-2}" --dist=loadfile
fi
exec /usr/bin/python3 -m pytest "$@"
