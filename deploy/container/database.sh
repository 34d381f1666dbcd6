#!/bin/bash
# Create roles and schemas at every start. Runs in PostgreSQL's image, from the volume that `setup` filled.
set -euo pipefail
. /run/backroom/passwords
PGPASSWORD=$(cat /run/backroom/superuser)
export PGPASSWORD
psql --no-psqlrc --quiet --tuples-only --host postgres --username postgres --dbname backroom \
    --file /run/backroom/database.sql > /dev/null
echo "Roles and schemas are ready."
