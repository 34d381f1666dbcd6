#!/usr/bin/env bash
# Compile: tools/build.sh FOLDER JOBS [OPTION OF CMAKE]…
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 jobs=$2
shift 2

if [ ! -e "$folder/CMakeCache.txt" ] || [ $# -gt 0 ]; then
    cmake -S . -B "$folder" "$@" > "${TMPDIR:-/tmp}/backroom-cmake.$$" 2>&1 || {
        cat "${TMPDIR:-/tmp}/backroom-cmake.$$" >&2
        rm -f "${TMPDIR:-/tmp}/backroom-cmake.$$"
        exit 1
    }
    rm -f "${TMPDIR:-/tmp}/backroom-cmake.$$"
fi
cmake --build "$folder" --parallel "$jobs"
