"""Isolation of the services: their permissions in the database and in nats-server."""
import os

import psycopg2
import pytest

from stack import plan
from stack.process import port_free

SHOP = {"services": ("catalog",)}

OTHERS = [(one, other) for one in plan.SERVICES for other in plan.SERVICES if one != other]


@pytest.mark.parametrize("one, other", OTHERS)
def test_a_service_cannot_read_another_schema(shop, one, other):
    shop.sql(other, "create table if not exists wall (a int)")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        shop.sql(one, f"select * from {other}.wall")


@pytest.mark.parametrize("statement", [
    "create schema mine", "create table public.t (a int)", "create table extensions.t (a int)", "create role x",
    "select pg_read_file('/etc/passwd')", "copy (select 1) to program 'true'", "alter role orders createdb",
    "set session authorization postgres",
])
def test_a_service_can_do_nothing_outside_its_schema(shop, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        shop.sql("orders", statement)


def test_a_service_cannot_connect_to_another_database(shop):
    with pytest.raises(psycopg2.OperationalError, match="permission denied"):
        shop.sql("orders", "select 1", database="postgres")


def test_a_service_has_its_own_schema_first_in_its_search_path(shop):
    for service in plan.SERVICES:
        assert shop.value(service, "select current_schema()") == service


@pytest.mark.parametrize("subject", [
    "$JS.API.STREAM.DELETE.CATALOG", "$JS.API.STREAM.PURGE.CATALOG", "$JS.API.STREAM.RESTORE.CATALOG",
    "$JS.API.STREAM.SNAPSHOT.CATALOG", "$JS.API.STREAM.MSG.DELETE.CATALOG", "$JS.API.STREAM.CREATE.ORDERS",
    "$JS.API.STREAM.UPDATE.ORDERS", "orders.order.placed", "$SYS.REQ.SERVER.PING", "anything",
])
def test_a_service_may_not_publish(shop, subject):
    with pytest.raises(OSError, match="Permissions Violation"):
        shop.nats.request(subject, user="catalog", timeout=2)


def test_connections_without_a_password_are_refused(shop):
    shop.nats.passwords["stranger"] = ""
    with pytest.raises(OSError, match="Authorization Violation"):
        shop.nats.request("$JS.API.INFO", user="stranger")


def test_nats_listens_on_no_other_port(shop):
    """Only clients and monitoring, both on loopback: no cluster, leafnode, websocket or mqtt port."""
    held = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in open(table).read().splitlines()[1:]:
            fields = line.split()
            address, _, port = fields[1].rpartition(":")
            if fields[3] == "0A" and fields[9] in inodes(shop.nats.process.pid):
                held.append((address, int(port, 16)))
    assert sorted(held) == sorted([("0100007F", shop.nats.port), ("0100007F", shop.nats.monitor_port)])
    assert not port_free(shop.nats.port)


def inodes(pid):
    found = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        target = os.readlink(entry.path)
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found
