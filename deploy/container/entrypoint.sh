#!/bin/sh
# Start a service in a container. Its connection settings are in a file, never on a command line.
set -eu
settings=${SETTINGS_FILE:-/run/backroom/settings}
if [ -r "$settings" ]; then
    set -a
    . "$settings"
    set +a
fi
# Log lines name the instance by its container's name.
export INSTANCE="${INSTANCE:-${HOSTNAME:-$(cat /etc/hostname)}}"
exec "$@"
