"""How long an event is under way, and how many the relay and the consumers move."""
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


def sustained(environment, offer, seconds):
    """Orders a second that all five services together keep up with: until the last of them has heard of the last order."""
    began = time.monotonic()
    placed = sum(row["good"] + row["late"] for row in offer.run("closed", 16, seconds))
    environment.shop.settle(300)
    return placed / (time.monotonic() - began)


def paced(environment, offer, rate, seconds):
    """The lags of so many orders a second, the shortest first, in milliseconds."""
    begin = environment.shop.value("postgres", "select now()")
    offer.run("open", rate, seconds)
    environment.shop.settle(60)
    return [row["ms"] for row in environment.shop.sql("postgres", LAG, begin)]


def lag_at(environment, offer, rate, seconds, wanted, more=""):
    times = paced(environment, offer, max(1, int(rate)), seconds)
    row = Row(f"event lag orders to catalog, {rate:.0f} orders/s", unit="ms", wanted=wanted)
    row.note = f"p50 {times[len(times) // 2]:.1f} ms, p99 {times[int(len(times) * 0.99)]:.1f} ms of {len(times)}{more}"
    return row


def lag(environment, seconds):
    """From the commit of the placing transaction to that of the reserving one, at half of what can be kept up, and at a quarter."""
    warm_up(environment)
    environment.shop.settle(120)
    offer = OpenLoop(environment, MIXES["orders"])
    maximum = sustained(environment, offer, seconds)
    return [lag_at(environment, offer, maximum / 2, seconds, "p50 ≤ 3, p99 ≤ 15",
                   f"; all five services together keep up with {maximum:.0f} orders/s"),
            lag_at(environment, offer, maximum / 4, seconds, "report")]


ARTICLES = 20_000
NEW_ARTICLES = """
insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
select 'catalog.product.published', 'product', id::text, 1, 'bench', repeat('a', 32),
    json_build_object('id', id, 'status', 'published', 'title', 'Article', 'category', 'general', 'channels', '["web"]'::json,
        'variants', json_build_array(json_build_object('sku', 'NEW-' || %s || '-' || n, 'barcode', null, 'title', 'Article', 'price', 450,
            'currency', 'GBP', 'weight_g', 250, 'stocked', true)))
from (select uuid_v7() as id, n from generate_series(1, %s) n) new"""
HEARD = """select extract(epoch from max(pg_xact_commit_timestamp(xmin)) - min(applied_at))::float8 from inbox
where consumer = 'orders-products' and applied_at >= %s"""
# The same rows into tables of the same shape, all of a table at once.
BULK = {"inbox": "consumer = 'orders-products' and applied_at >= %s", "inbox_cursor": "consumer = 'orders-products'",
        "price": "sku like 'NEW-%%'"}


def relay(environment, rounds):
    """The stream is lost: the relay publishes the whole event log again. Then somebody else publishes the same bytes. And the
    consumers, who know all of it, look at each."""
    shop, publish = environment.shop, compiled(environment, "publish", "-lnats")
    said, known = Row("relay", unit="events/s", wanted="report"), Row("consumers, events they know", unit="events/s", wanted="report")
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
        said.work.append(count / (time.monotonic() - began))
        began = time.monotonic()
        shop.start("catalog")
        eventually(lambda: not left(environment, "catalog-orders"), 120)
        known.work.append(count / (time.monotonic() - began))
        done = subprocess.run([str(publish), shop.nats.url("operator"), "ORDERS"], check=True, capture_output=True, text=True)
        said.ceiling("nats-server, the same bytes published", float(done.stdout))
        shop.start()
    return [said, known]


def consumers(environment, rounds):
    """Orders comes back and hears of so many new articles: from the first of its transactions to the last one's commit."""
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
        row.work.append(ARTICLES / shop.value("postgres", "set search_path = orders; " + HEARD, begin))
        row.ceiling("the same rows inserted in bulk", ARTICLES / bulk(shop, begin))
        shop.start()
    return [row]


def bulk(shop, begin):
    """Seconds."""
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


def road(environment, orders):
    """Order to delivered, one after the other: what a whole order costs all five services and PostgreSQL."""
    step, shop = environment.shop.workflow, environment.shop
    step.publish({"sku": "ROAD-1", "price": 450})
    step.book_in("ROAD-1", 10000)
    shop.settle(60)
    before = [environment.cpu(service) for service in shop.instances]
    began = time.monotonic()
    for _ in range(orders):
        order = step.order([("ROAD-1", 2)])
        step.wait_order(order["id"], status="confirmed")
        step.deliver(order["id"])
    spent = time.monotonic() - began
    shop.settle(60)
    after = [environment.cpu(service) for service in shop.instances]
    services = sum(b[0] - a[0] for a, b in zip(before, after)) / orders
    server = (after[0][1] - before[0][1]) / orders
    row = Row("the whole road, one order at a time", unit="s")
    row.note = (f"{spent / orders * 1000:.0f} ms an order (with the driver's polling), "
                f"{services * 1000:.1f} ms CPU of the services, {server * 1000:.1f} ms of PostgreSQL")
    return [row]
