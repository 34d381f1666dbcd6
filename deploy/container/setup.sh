#!/bin/bash
# Make passwords and keys once, and put into each container's volume only what that container needs. Runs as root.
# Volumes below /setup: vault (all passwords, for this script only), keys (to issue tokens), postgres, nats, nats-data, and
# one for each service.
set -euo pipefail
umask 022
SERVICES="catalog orders fulfillment support analytics"
SHARE=/usr/local/share/backroom
vault=/setup/vault
keys=/setup/keys
chmod 700 "$vault" "$keys"

password() { # password NAME: make it the first time, print it every time
    if [ ! -s "$vault/$1" ]; then
        (umask 077; printf 'p%s' "$(head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n')" > "$vault/$1.new")
        mv "$vault/$1.new" "$vault/$1"
    fi
    cat "$vault/$1"
}

put() { # put FILE OWNER: write standard input to FILE atomically, readable by OWNER only
    (umask 077; cat > "$1.new")
    chown "$2" "$1.new"
    mv "$1.new" "$1"
}

user=$(id -u backroom)
backroom-token keys "$keys" > /dev/null
chown -R "$user" "$keys"

{
    echo "client_address: \"0.0.0.0:4222\""
    echo "monitor_address: \"127.0.0.1:8222\""
    echo "storage_folder: \"/data\""
    echo "storage_limit: 10GB"
    for name in operator $SERVICES; do echo "${name}_password: \"$(password "nats-$name")\""; done
} | put /setup/nats/settings.conf "$user"
put /setup/nats/nats.conf "$user" < "$SHARE/nats.conf"
chown "$user" /setup/nats-data

# The user id of PostgreSQL differs between images, so only the volume protects these files.
password postgres > /setup/postgres/superuser
cp "$SHARE/postgres.conf" "$SHARE/database.sql" "$SHARE/database.sh" /setup/postgres/
for name in $SERVICES; do
    echo "export ${name^^}_DATABASE_PASSWORD=$(password "postgres-$name")"
done > /setup/postgres/passwords

for name in $SERVICES; do
    {
        echo "DATABASE_URL=postgresql://$name:$(password "postgres-$name")@postgres:5432/backroom"
        echo "NATS_URL=nats://$name:$(password "nats-$name")@nats:4222"
        echo "JWKS_FILE=/run/backroom/jwks.json"
    } | put "/setup/$name/settings" "$user"
    put "/setup/$name/jwks.json" "$user" < "$keys/jwks.json"
done
echo "Passwords and keys are ready."
