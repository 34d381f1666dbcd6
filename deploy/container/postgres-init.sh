#!/bin/bash
# At the first start of the database's container: roles and schemas.
set -euo pipefail
(
    . /run/backroom/passwords
    psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
        -f /run/backroom/database.sql > /dev/null
)
