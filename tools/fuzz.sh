#!/usr/bin/env bash
# Fuzz each parser for some seconds: tools/fuzz.sh [SECONDS] [TARGET]…
# New inputs are kept in build-fuzz/corpus. A crash is saved there and ends the run with an error.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(json target cursor trace envelope schedule privacy utf8 rows)
folder=build-fuzz

cmake -S . -B "$folder" -DCMAKE_C_COMPILER=clang -DFUZZ=ON > /dev/null
cmake --build "$folder" --parallel "$(nproc)" --target fuzz-targets > /dev/null

for target in "${targets[@]}"; do
    mkdir -p "$folder/corpus/$target"
    log="$folder/corpus/$target.log"
    if ! "$folder/bin/fuzz-$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$folder/corpus/$target-" "$folder/corpus/$target" "tests/fuzz/corpus/$target" \
        > "$log" 2>&1; then
        tail -40 "$log" >&2
        echo "$target: failed, see the input in $folder/corpus" >&2
        exit 1
    fi
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: //p' "$log") runs, $(ls "$folder/corpus/$target" | wc -l) inputs in the corpus"
done
