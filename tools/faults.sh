#!/usr/bin/env bash
# The fault tests in PARTS processes side by side (a fault is mostly waiting), each in its own namespaces; one table at
# the end. Arguments go to pytest.
set -uo pipefail
cd "$(dirname "$0")/.."
parts=${PARTS:-2} failed=0 pids=()
export BUILD=${BUILD:-build} SEED=${SEED:-$(date +%s)}

mkdir -p .test
rm -f .test/faults.jsonl
echo "SEED=$SEED"
for part in $(seq "$parts"); do
    PART=$part/$parts tools/alone.sh /usr/bin/python3 -m pytest tests/faults/test_faults.py tests/faults/test_drill.py -s "$@" > ".test/faults-$part.log" 2>&1 &
    pids+=($!)
    sleep 2
done
trap 'kill "${pids[@]}" 2> /dev/null' INT TERM
for part in $(seq "$parts"); do
    wait "${pids[part - 1]}" || failed=1
    echo "== part $part of $parts: .test/faults-$part.log"
    grep -E "^(FAILED|ERROR|SKIPPED)|^=+ .* in " ".test/faults-$part.log"
done
/usr/bin/python3 tests/faults/table.py
exit "$failed"
