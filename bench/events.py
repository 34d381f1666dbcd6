"""Event lag between two services, and the throughput of relay and consumers."""
import subprocess
import time

from load import Row, compiled
from open_loop import MIXES, OpenLoop
from orders import place, warm_up
from stack.client import eventually

# An order's lines are never changed: their transaction is the one that placed it.
LAG = """
select extract(epoch from pg_xact_commit_timestamp(i.xmin) - pg_xact_commit_timestamp(l.xmin))::float8 * 1000 as ms
from orders.event e join catalog.inbox i on i.event_id = e.id and i.consumer = 'catalog-orders'
join orders.order_line l on l.order_id = e.aggregate_id::uuid and l.line = 1
where e.type = 'orders.order.placed' and e.at > %s order by 1"""


def sustained(environment, load, seconds):
    """Orders per second that all five services together sustain: until the last consumer has applied the last event."""
    began = time.monotonic()
    placed = sum(row["good"] + row["late"] for row in load.run("closed", 16, seconds))
    environment.shop.settle(300)
    return placed / (time.monotonic() - began)


def paced(environment, load, rate, seconds):
    """The event lags at this many orders per second, in milliseconds, sorted."""
    begin = environment.shop.value("postgres", "select now()")
    load.run("open", rate, seconds)
    environment.shop.settle(60)
    return [row["ms"] for row in environment.shop.sql("postgres", LAG, begin)]


def lag_at(environment, load, rate, seconds, wanted, more=""):
    times = paced(environment, load, max(1, int(rate)), seconds)
    row = Row(f"event lag orders to catalog, {rate:.0f} orders/s", unit="ms", wanted=wanted)
    row.note = f"p50 {times[len(times) // 2]:.1f} ms, p99 {times[int(len(times) * 0.99)]:.1f} ms of {len(times)}{more}"
    return row


def lag(environment, seconds):
    """From the commit that places an order to the commit that reserves its stock, at half and a quarter of the maximum rate."""
    warm_up(environment)
    environment.shop.settle(120)
    load = OpenLoop(environment, MIXES["orders"])
    maximum = sustained(environment, load, seconds)
    return [lag_at(environment, load, maximum / 2, seconds, "p50 ≤ 3, p99 ≤ 15",
                   f"; all five services together sustain {maximum:.0f} orders/s"),
            lag_at(environment, load, maximum / 4, seconds, "report")]


ARTICLES = 20_000
NEW_ARTICLES = """
insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
select 'catalog.product.published', 'product', id::text, 1, 'bench', repeat('a', 32),
    json_build_object('id', id, 'status', 'published', 'title', 'Article', 'category', 'general', 'channels', '["web"]'::json,
        'variants', json_build_array(json_build_object('sku', 'NEW-' || %s || '-' || n, 'barcode', null, 'title', 'Article', 'price', 450,
            'currency', 'GBP', 'weight_g', 250, 'stocked', true)))
from (select uuid_v7() as id, n from generate_series(1, %s) n) new"""
APPLIED = """select extract(epoch from max(pg_xact_commit_timestamp(xmin)) - min(applied_at))::float8 from inbox
where consumer = 'orders-products' and applied_at >= %s"""
# The same rows into tables of the same shape, all of a table at once.
BULK = {"inbox": "consumer = 'orders-products' and applied_at >= %s", "inbox_cursor": "consumer = 'orders-products'",
        "price": "sku like 'NEW-%%'"}


def relay(environment, rounds):
    """The stream is deleted and the relay publishes the whole event log again; the ceiling is a plain publisher of the same
    bytes. Then the consumers skip every event, because they have applied it before."""
    shop, publish = environment.shop, compiled(environment, "publish", "-lnats")
    published = Row("relay", unit="events/s", wanted="report")
    known = Row("consumers, events applied before", unit="events/s", wanted="report")
    for _ in range(rounds):
        place(environment, 2)
        shop.settle(60)
        shop.stop()
        shop.nats.stop()
        shop.nats.wipe()
        shop.nats.start()
        count = shop.value("orders", "select count(*) from event")
        shop.sql("orders", "update event set seq = null, epoch = null")
        began = time.monotonic()
        shop.start("orders")
        eventually(lambda: not shop.value("orders", "select count(*) from event where seq is null limit 1"), 120)
        published.work.append(count / (time.monotonic() - began))
        began = time.monotonic()
        shop.start("catalog")
        eventually(lambda: not left(environment, "catalog-orders"), 120)
        known.work.append(count / (time.monotonic() - began))
        done = subprocess.run([str(publish), shop.nats.url("operator"), "ORDERS"], check=True, capture_output=True, text=True)
        published.ceiling("nats-server, the same bytes published", float(done.stdout))
        shop.start()
    return [published, known]


def consumers(environment, rounds):
    """Orders is restarted and applies the events of many new articles: from its first transaction to the last commit."""
    shop, row = environment.shop, Row("a consumer, new events", unit="events/s", wanted="report")
    for turn in range(rounds):
        shop.settle(60)
        shop.stop()
        shop.start("catalog")
        shop.sql("catalog", NEW_ARTICLES, turn, ARTICLES)
        eventually(lambda: not shop.value("catalog", "select count(*) from event where seq is null"), 60)
        begin = shop.value("postgres", "select now()")
        shop.start("orders")
        eventually(lambda: shop.value("orders", "select count(*) from price where sku like %s", f"NEW-{turn}-%") == ARTICLES, 120)
        row.work.append(ARTICLES / shop.value("postgres", "set search_path = orders; " + APPLIED, begin))
        row.ceiling("the same rows inserted in bulk", ARTICLES / bulk(shop, begin))
        shop.start()
    return [row]


def bulk(shop, begin):
    """Seconds to insert the same rows in bulk."""
    for table in BULK:
        shop.sql("orders", f"create table bulk_{table} (like {table} including all)")
    began = time.monotonic()
    for table, where in BULK.items():
        shop.sql("orders", f"insert into bulk_{table} select * from {table} where {where} limit {ARTICLES}",
                 *([begin] if "applied_at" in where else []))
    spent = time.monotonic() - began
    for table in BULK:
        shop.sql("orders", f"drop table bulk_{table}")
    return spent


def left(environment, name):
    for each in environment.shop.consumers("orders"):
        if each["name"] == name:
            return each["num_pending"] + each["num_ack_pending"]
    return 1


def workflow(environment, orders):
    """The whole workflow of one order after the other: its cost in all five services and PostgreSQL."""
    step, shop = environment.shop.workflow, environment.shop
    step.publish({"sku": "FLOW-1", "price": 450})
    step.book_in("FLOW-1", 10000)
    shop.settle(60)
    before = [environment.cpu(service) for service in shop.instances]
    began = time.monotonic()
    for _ in range(orders):
        order = step.order([("FLOW-1", 2)])
        step.wait_order(order["id"], status="confirmed")
        step.deliver(order["id"])
    spent = time.monotonic() - began
    shop.settle(60)
    after = [environment.cpu(service) for service in shop.instances]
    services = sum(b[0] - a[0] for a, b in zip(before, after)) / orders
    server = (after[0][1] - before[0][1]) / orders
    row = Row("the whole workflow, one order at a time", unit="s")
    row.note = (f"{spent / orders * 1000:.0f} ms an order (including the client's polling), "
                f"{services * 1000:.1f} ms CPU of the services, {server * 1000:.1f} ms of PostgreSQL")
    return [row]
