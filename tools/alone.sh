#!/usr/bin/env bash
# Run a command in its own network and mount namespace, if that is allowed. There it may drop packets on the loopback
# interface and mount small disks; both end with the command. Sets ALONE=1 for it.
set -euo pipefail

if unshare --net --mount ip link set lo up 2> /dev/null; then
    ALONE=1 exec unshare --net --mount -- sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
echo "Namespaces are not allowed here: faults that need them are skipped." >&2
exec "$@"
