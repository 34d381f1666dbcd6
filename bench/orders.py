"""POST of an order of two lines, against pgbench writing the same rows; and reservations."""
import time

from load import Row, wrk
from stack.client import eventually

SKUS = 200

STOCK = """
insert into product (id, title, status, channels, drafted_by) values (uuid_v7(), 'Bench', 'published', '{web}', 'ann');
insert into variant (sku, product_id, place, barcode, title, price, currency)
select 'BENCH-' || n, (select id from product where title = 'Bench'), n, 'BENCH-' || n, 'BENCH-' || n, 450, 'GBP'
from generate_series(1, %d) n;
insert into stock (sku, warehouse, on_hand) select 'BENCH-' || n, 'main', 10000000 from generate_series(1, %d) n;
"""
PRICES = """insert into price (sku, product_id, title, price, currency, stocked, sellable)
select 'BENCH-' || n, uuid_v7(), 'BENCH-' || n, 450, 'GBP', true, true from generate_series(1, %d) n;"""

# The rows that the service writes and the response that it reads; event data and response are constants of that length.
PLACE = r"""
\set n random(1, 9000000000000000)
\set a random(1, %(skus)d)
\set b random(1, %(skus)d)
%(begin)s
begin;
select p.sku, p.price, p.title, o.id from unnest(array['BENCH-' || :a, 'BENCH-' || :b]) l(sku) left join price p on p.sku = l.sku
left join orders o on o.channel = 'web' and o.channel_ref = 'pg-' || :n;
insert into orders (id, channel, channel_ref, request_digest, currency, customer_ref, ship_country, stock_status, stocked_units, gross,
    total, personal)
values (md5(:n::text)::uuid, 'web', 'pg-' || :n, repeat('0', 64), 'GBP', 'c-' || :n, 'GB', 'pending', 2, 900, 900,
    json_build_object('personal', repeat('x', 300)));
insert into order_line (order_id, line, sku, title, quantity, unit_price, list_price, stocked)
values (md5(:n::text)::uuid, 1, 'BENCH-' || :a, 'BENCH-' || :a, 1, 450, 450, true),
    (md5(:n::text)::uuid, 2, 'BENCH-' || :b, 'BENCH-' || :b, 1, 450, 450, true);
insert into deadline (kind, aggregate_id, due_at) values ('pay_by', md5(:n::text)::uuid::text, now() + interval '1 day');
insert into deadline (kind, aggregate_id, due_at) values ('confirm_by', md5(:n::text)::uuid::text, now() + interval '2 hours');
insert into event (type, aggregate, aggregate_id, version, actor, trace, data, private)
values ('pgbench.order.placed', 'order', md5(:n::text)::uuid::text, 1, 'ann', repeat('0', 32),
    json_build_object('data', repeat('x', 700)), json_build_object('private', repeat('x', 300)));
select doc, private, status, version from order_json where id = md5(:n::text)::uuid;
insert into idempotency (principal, route, key, digest, status, body, etag, location)
values ('ann', '/v1/orders', 'pg-' || :n, repeat('0', 64), 201, repeat('x', 1500), '"v1"', '/v1/orders/x');
commit;
%(end)s
"""
TRIPS = PLACE % {"skus": SKUS, "begin": "", "end": ""}
PIPELINED = PLACE % {"skus": SKUS, "begin": r"\startpipeline", "end": r"\endpipeline"}

RESERVE = r"""
\set n random(1, 9000000000000000)
\set a random(1, %d)
\set b random(1, %d)
begin;
insert into reservation (id, order_id, order_number, status) values (md5(:n::text)::uuid, md5(:n::text)::uuid, 'pg-' || :n, 'held');
insert into reservation_line (reservation_id, sku, quantity, reserved, waiting, arrived)
select md5(:n::text)::uuid, 'BENCH-' || s, count(*), count(*), false, 0 from unnest(array[:a::int, :b::int]) s group by s;
update stock set reserved = reserved + 1 where sku = 'BENCH-' || least(:a::int, :b::int) and warehouse = 'main' and on_hand - reserved >= 1;
update stock set reserved = reserved + 1 where sku = 'BENCH-' || greatest(:a::int, :b::int) and warehouse = 'main' and on_hand - reserved >= 1;
insert into reservation_cell (reservation_id, sku, warehouse, quantity)
select md5(:n::text)::uuid, 'BENCH-' || s, 'main', count(*) from unnest(array[:a::int, :b::int]) s group by s;
insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
values ('pgbench.reservation.held', 'reservation', md5(:n::text)::uuid::text, 1, 'catalog-orders', repeat('0', 32),
    json_build_object('data', repeat('x', 300)));
insert into inbox (consumer, event_id) values ('pgbench', md5(:n::text)::uuid);
insert into inbox_cursor (consumer, aggregate, aggregate_id, version) values ('pgbench', 'order', md5(:n::text)::uuid::text, 1);
commit;
"""


def fill(environment):
    environment.shop.sql("catalog", STOCK % (SKUS, SKUS))
    environment.shop.sql("orders", PRICES % SKUS)
    environment.postgres.psql(environment.shop.database, "--command", "vacuum analyze")


def place(environment, seconds, one_sku=False, connections=16):
    env = {"RUN": f"{time.time_ns():x}", "SKUS": str(SKUS), "TOKEN": environment.token()}
    return wrk(environment.base("orders") + "/v1/orders", connections, seconds, script="order.lua",
               env={**env, "ONE_SKU": "1"} if one_sku else env)


WAL_FILES = 60      # of 16 MiB each: as much as one part writes


def warm_up(environment):
    """Bring PostgreSQL to a steady state: statistics exist, and WAL files can be recycled. In a new cluster each file is created
    and zero-filled first, and commits wait for it: 50 ms each second."""
    place(environment, 2)
    environment.postgres.psql(environment.shop.database, "--command", "vacuum analyze")
    for _ in range(WAL_FILES):
        environment.shop.sql("postgres", "select pg_switch_wal() from pg_logical_emit_message(true, 'bench', 'next file')")
    environment.postgres.psql(environment.shop.database, "--command", "checkpoint")


def delete_pgbench_events(environment):
    for service in ("orders", "catalog"):
        environment.postgres.psql(environment.shop.database, "--command", f"set session_replication_role = replica; "
                            f"delete from {service}.event where type like 'pgbench%'")


def measure(environment, rounds, seconds):
    """Place orders while the other services are stopped: the cost is that of the order and of its relay. While pgbench writes,
    orders is paused, so that the relay does not publish its rows."""
    row = Row("POST an order of 2 lines, 16 clients", wanted="≥ 1.0 of round trips, ≥ 0.8 of pipelined")
    warm_up(environment)
    for _ in range(rounds):
        row.measure(lambda: environment.cpu("orders"), seconds, lambda: place(environment, seconds))
        environment.shop.pause("orders")
        for name, sql in (("round trips", TRIPS), ("pipelined", PIPELINED)):
            row.measure_pgbench(f"pgbench, {name}", environment, "orders", seconds, sql)
            delete_pgbench_events(environment)
        environment.shop.resume("orders")
    return [row]


# From the start of the first batch to the commit of the last.
SPENT = """
select extract(epoch from max(pg_xact_commit_timestamp(l.xmin)) - min(r.created_at))::float8
from catalog.reservation r join catalog.reservation_line l on l.reservation_id = r.id where r.arrived > %s"""


def settled(shop):
    """Whether orders and catalog have consumed all of each other's events."""
    waiting = {service: shop.value(service, "select count(*) from event where seq is null") for service in ("orders", "catalog")}
    for service, name in (("orders", "catalog-orders"), ("catalog", "orders-reservations")):
        waiting[name] = sum(each["num_pending"] + each["num_ack_pending"] for each in shop.consumers(service) if each["name"] == name)
    return not any(waiting.values())


def reserve(environment, row, seconds, one):
    """Publish orders while catalog is paused; then catalog reserves them while orders is paused. The events of the round before
    are consumed first."""
    shop = environment.shop
    eventually(lambda: settled(shop), 120)
    last = shop.value("catalog", "select coalesce(max(arrived), 0) from reservation")
    known = shop.value("catalog", "select count(*) from reservation")
    shop.pause("catalog")
    place(environment, seconds, one)
    eventually(lambda: not shop.value("orders", "select count(*) from event where seq is null"), 60)
    orders = shop.value("orders", "select count(*) from orders where channel_ref not like 'pg-%%'")
    shop.pause("orders")
    before = environment.cpu("catalog")
    shop.resume("catalog")
    eventually(lambda: shop.value("catalog", "select count(*) from reservation") >= orders, 120)
    shop.resume("orders")
    row.work.append((orders - known) / max(shop.value("postgres", SPENT, last), 0.001))
    row.costs.append([(b - a) / (orders - known) for a, b in zip(before, environment.cpu("catalog"))])


def reservations(environment, rounds, seconds):
    rows = []
    for service in set(environment.shop.instances) - {"orders", "catalog"}:
        environment.shop.stop(service)
    warm_up(environment)
    for name, one, wanted in (("reservations, 200 SKUs", False, "≥ 1.0"), ("reservations, one SKU", True, "≥ 10")):
        row = Row(name, unit="orders/s", wanted=wanted)
        for _ in range(rounds):
            reserve(environment, row, seconds, one)
            environment.shop.pause("orders")
            environment.shop.pause("catalog")
            sku = 1 if one else SKUS
            row.measure_pgbench("pgbench, row by row", environment, "catalog", seconds, RESERVE % (sku, sku))
            delete_pgbench_events(environment)
            environment.postgres.psql(environment.shop.database, "--command", "set search_path = catalog; set session_replication_role = "
                                "replica; delete from reservation where order_number like 'pg-%'")
            environment.shop.resume("orders")
            environment.shop.resume("catalog")
        rows.append(row)
    return rows
