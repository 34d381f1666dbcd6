#!/usr/bin/env bash
# Run a command in separate network and mount namespaces, where permitted: it may drop packets on the loopback interface
# and mount small file systems, and all of that ends with it. ALONE is set then.
set -euo pipefail

if unshare --net --mount ip link set lo up 2> /dev/null; then
    ALONE=1 exec unshare --net --mount -- sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
echo "namespaces are not permitted: some faults are skipped" >&2
exec "$@"
