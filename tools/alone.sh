#!/usr/bin/env bash
# Run a command in a network and a mount namespace of its own, where that is allowed: it may drop packets on the loopback
# and mount small disks, and nothing of that outlives it. ALONE tells it so.
set -euo pipefail

if unshare --net --mount ip link set lo up 2> /dev/null; then
    ALONE=1 exec unshare --net --mount -- sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
echo "no namespaces here: some faults are left out" >&2
exec "$@"
