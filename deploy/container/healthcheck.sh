#!/bin/bash
# healthcheck.sh [PORT PATH]: exit 0 when the service in this container is ready. The image has no HTTP client, so bash is used.
port=${1:-${OPS_PORT:?}} path=${2:-/readyz}
exec 3<> "/dev/tcp/127.0.0.1/$port" || exit 1
printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]
