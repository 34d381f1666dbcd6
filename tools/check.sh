#!/usr/bin/env bash
# Check formatting, that scripts parse, and that two compilers give no warning.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=$(nproc)

echo "format"
git ls-files -z '*.c' '*.h' | xargs -0 -r clang-format --dry-run -Werror

echo "scripts"
git ls-files -z '*.sh' .ci/run | xargs -0 -r -n1 bash -n
git ls-files -z 'tools/*' 'tests/*' | xargs -0 -r grep -lZ '^#!/usr/bin/python3\|^import \|^from ' -- |
    xargs -0 -r /usr/bin/python3 -c '
import ast, sys
for name in sys.argv[1:]:
    if name.endswith(".py") or open(name).readline().startswith("#!/usr/bin/python3"):
        ast.parse(open(name).read(), name)'

echo "gcc"
tools/build.sh build-gcc "$jobs" -DCMAKE_C_COMPILER=gcc
echo "clang"
tools/build.sh build-clang "$jobs" -DCMAKE_C_COMPILER=clang

echo "layers"
tools/check_layers.py build-gcc
