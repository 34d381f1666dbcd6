#!/bin/sh
# A service in a container: its connection settings are in a file of its own, never on a command line.
set -eu
settings=${SETTINGS_FILE:-/run/backroom/settings}
if [ -r "$settings" ]; then
    set -a
    . "$settings"
    set +a
fi
# Log lines say which of several it was: the container's own name.
export INSTANCE="${INSTANCE:-${HOSTNAME:-$(cat /etc/hostname)}}"
exec "$@"
