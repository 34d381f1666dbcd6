#!/usr/bin/env bash
# Build the previous version into build-previous, for the test with two versions side by side: PREVIOUS=COMMIT, else the
# newest release (tag) before this commit. Without one there is nothing to stay compatible with, and the test is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=build-previous

commit=${PREVIOUS:-$(git tag --list '[v0-9]*' --merged HEAD^ --sort=-version:refname 2> /dev/null | head -n 1)}
if [ -z "$commit" ]; then
    echo "no release before this commit: the test with two versions is skipped" >&2
    rm -rf "$folder"
    exit 0
fi
commit=$(git rev-parse "$commit^{commit}")
if [ "$(cat "$folder/commit" 2> /dev/null)" != "$commit" ]; then
    rm -rf "$folder"
    mkdir -p "$folder/source"
    git archive "$commit" | tar -x -C "$folder/source"
fi
cmake -S "$folder/source" -B "$folder" > "$folder/cmake.log"
cmake --build "$folder" --parallel "${1:-2}"
echo "$commit" > "$folder/commit"
