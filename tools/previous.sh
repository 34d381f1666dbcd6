#!/usr/bin/env bash
# The version before, into build-previous: that of PREVIOUS, else the last one with an older schema.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build-previous

if ! git rev-parse --git-dir > /dev/null 2>&1; then
    echo "no history here: the test with two versions is left out" >&2
    exit 0
fi
commit=$(git rev-parse "${PREVIOUS:-$(git log -1 --diff-filter=A --format=%H -- '*/migrations/*.sql')^}")
if [ "$(cat "$folder/commit" 2> /dev/null)" != "$commit" ]; then
    rm -rf "$folder"
    mkdir -p "$folder/source"
    git archive "$commit" | tar -x -C "$folder/source"
fi
cmake -S "$folder/source" -B "$folder" > "$folder/cmake.log"
cmake --build "$folder" --parallel "${1:-2}"
echo "$commit" > "$folder/commit"
