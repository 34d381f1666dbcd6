"""How long an event is under way, and how many the relay and the consumers move."""
import time

from load import Row
from offer import MIXES, Offer
from orders import place, warm_up
from stack.client import eventually

# An order's lines are never changed: their transaction is the one that placed it.
LAG = """
select extract(epoch from pg_xact_commit_timestamp(i.xmin) - pg_xact_commit_timestamp(l.xmin))::float8 * 1000 as ms
from orders.event e join catalog.inbox i on i.event_id = e.id and i.consumer = 'catalog-orders'
join orders.order_line l on l.order_id = e.aggregate_id::uuid and l.line = 1
where e.type = 'orders.order.placed' and e.at > %s order by 1"""


def sustained(world, offer, seconds):
    """Orders a second that all five services together keep up with: until the last of them has heard of the last order."""
    began = time.monotonic()
    placed = sum(row["good"] + row["late"] for row in offer.run("closed", 16, seconds))
    world.shop.settle(300)
    return placed / (time.monotonic() - began)


def paced(world, offer, rate, seconds):
    """The lags of so many orders a second, the shortest first, in milliseconds."""
    begin = world.shop.value("postgres", "select now()")
    offer.run("open", rate, seconds)
    world.shop.settle(60)
    return [row["ms"] for row in world.shop.sql("postgres", LAG, begin)]


def lag(world, seconds):
    """From the commit of the placing transaction to that of the reserving one, at half of what can be kept up."""
    warm_up(world)
    world.shop.settle(120)
    offer = Offer(world, MIXES["orders"])
    maximum = sustained(world, offer, seconds)
    times = paced(world, offer, max(1, int(maximum / 2)), seconds)
    row = Row(f"event lag orders to catalog, {maximum / 2:.0f} orders/s", unit="ms", wanted="p50 ≤ 3, p99 ≤ 15")
    row.note = (f"p50 {times[len(times) // 2]:.1f} ms, p99 {times[int(len(times) * 0.99)]:.1f} ms of {len(times)}; all five services "
                f"together keep up with {maximum:.0f} orders/s")
    return [row]


def throughput(world, rounds):
    """The stream is lost: the relay publishes the whole event log again, and the consumers look at each."""
    relay, consumer = Row("relay, events/s", unit="events/s"), Row("consumers (known events), events/s", unit="events/s")
    for _ in range(rounds):
        place(world, 2)
        world.shop.settle(60)
        world.shop.stop()
        world.shop.nats.stop()
        world.shop.nats.wipe()
        world.shop.nats.start()
        count = world.shop.value("orders", "select count(*) from event")
        world.shop.sql("orders", "update event set seq = null, epoch = null")
        began = time.monotonic()
        world.shop.start("orders")
        eventually(lambda: not world.shop.value("orders", "select count(*) from event where seq is null limit 1"), 120)
        relay.work.append(count / (time.monotonic() - began))
        began = time.monotonic()
        world.shop.start("catalog")
        eventually(lambda: not left(world, "catalog-orders"), 120)
        consumer.work.append(count / (time.monotonic() - began))
        world.shop.start()
    return [relay, consumer]


def left(world, name):
    for each in world.shop.consumers("orders"):
        if each["name"] == name:
            return each["num_pending"] + each["num_ack_pending"]
    return 1


def road(world, orders):
    """Order to delivered, one after the other: what a whole order costs all five services and PostgreSQL."""
    step, shop = world.shop.road, world.shop
    step.publish({"sku": "ROAD-1", "price": 450})
    step.book_in("ROAD-1", 10000)
    shop.settle(60)
    before = [world.cpu(service) for service in shop.instances]
    began = time.monotonic()
    for _ in range(orders):
        order = step.order([("ROAD-1", 2)])
        step.wait_order(order["id"], status="confirmed")
        step.deliver(order["id"])
    spent = time.monotonic() - began
    shop.settle(60)
    after = [world.cpu(service) for service in shop.instances]
    services = sum(b[0] - a[0] for a, b in zip(before, after)) / orders
    server = (after[0][1] - before[0][1]) / orders
    row = Row("the whole road, one order at a time", unit="s")
    row.note = (f"{spent / orders * 1000:.0f} ms an order (with the driver's polling), "
                f"{services * 1000:.1f} ms CPU of the services, {server * 1000:.1f} ms of PostgreSQL")
    return [row]
