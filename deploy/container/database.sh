#!/bin/bash
# Roles and schemas, each time the system comes up; runs in the database's image, from the volume `setup` filled.
set -euo pipefail
. /run/backroom/passwords
PGPASSWORD=$(cat /run/backroom/superuser)
export PGPASSWORD
psql --no-psqlrc --quiet --tuples-only --host postgres --username postgres --dbname backroom \
    --file /run/backroom/database.sql > /dev/null
echo "roles and schemas are in their places"
