#!/usr/bin/env bash
# Run the tests on the build in $BUILD: unit tests, fuzz corpora, then system tests. Arguments go to pytest.
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
    set -- tests/system tests/faults/test_quick.py
fi
exec /usr/bin/python3 -m pytest "$@"
