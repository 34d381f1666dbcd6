#!/usr/bin/env bash
# Install the Debian packages that are missing: tools/install.sh [PACKAGE]… (packages beside the usual ones). Nothing is
# started and no database cluster is created: Backroom runs its own PostgreSQL and nats-server.
set -euo pipefail

PACKAGES=(
    build-essential clang clang-format cmake pkg-config
    libulfius-dev libjansson-dev libpq-dev libnats-dev librhonabwy-dev libcsv-dev libcurl4-gnutls-dev
    postgresql-15 nats-server haproxy curl
    python3 python3-cryptography python3-hypothesis python3-jsonschema python3-jwt python3-psycopg2 python3-yaml
    python3-pytest python3-pytest-timeout python3-pytest-xdist python3-requests
    jq
    "$@"
)
DAEMONS=(postgresql nats-server haproxy prometheus)

missing() {
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${PACKAGES[@]}" 2>/dev/null |
        sed -n 's/^installed //p' | sort -u | comm -13 - <(printf '%s\n' "${PACKAGES[@]}" | sort -u)
}

mapfile -t wanted < <(missing)
[ ${#wanted[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
    echo "These Debian packages are missing. Install them as root, then run this again:" >&2
    echo "  apt-get install --no-install-recommends ${wanted[*]}" >&2
    exit 1
fi

# Two files control what Debian's packages do after unpacking. Both are restored at the end.
POLICY=/usr/sbin/policy-rc.d
CLUSTER=/etc/postgresql-common/createcluster.conf
kept=$(mktemp -d)
tidy() {
    if [ -e "$kept/policy" ]; then cp -p "$kept/policy" "$POLICY"; else rm -f "$POLICY"; fi
    if [ -e "$kept/cluster" ]; then cp -p "$kept/cluster" "$CLUSTER"; fi
    rm -rf "$kept"
}
trap tidy EXIT
trap 'exit 130' INT TERM

[ ! -e "$POLICY" ] || cp -p "$POLICY" "$kept/policy"
printf '#!/bin/sh\nexit 101\n' > "$POLICY"
chmod 755 "$POLICY"

install() {
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" < /dev/null
}

echo "Installing ${wanted[*]}"
DEBIAN_FRONTEND=noninteractive apt-get update -q
case " ${wanted[*]} " in
*" postgresql-15 "*)
    [ -e "$CLUSTER" ] || install postgresql-common
    cp -p "$CLUSTER" "$kept/cluster"
    sed -i -E 's/^#?(create_main_cluster) .*/\1 = false/' "$CLUSTER"
    ;;
esac
install "${wanted[@]}"

# What was installed here must not start with the machine.
if command -v systemctl > /dev/null; then
    for daemon in "${DAEMONS[@]}"; do
        case " ${wanted[*]} " in
        *" $daemon"*) systemctl disable "$daemon" > /dev/null 2>&1 || true ;;
        esac
    done
fi

mapfile -t still < <(missing)
if [ ${#still[@]} -gt 0 ]; then
    echo "Still missing: ${still[*]}" >&2
    exit 1
fi
