#!/usr/bin/env bash
# What only the measuring needs, as Debian packages; pgbench comes with postgresql-15.
set -euo pipefail

command -v wrk > /dev/null && exit 0
if [ "$(id -u)" != 0 ]; then
    echo "wrk is missing. Install it as root, then come back: apt-get install --no-install-recommends wrk" >&2
    exit 1
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends wrk < /dev/null
