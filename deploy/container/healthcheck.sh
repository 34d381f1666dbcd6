#!/bin/bash
# Exit 0 when the service in this container is ready. It has no HTTP client but bash.
exec 3<> "/dev/tcp/127.0.0.1/${OPS_PORT:?}" || exit 1
printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
[ "$status" = 200 ]
