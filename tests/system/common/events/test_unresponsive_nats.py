"""nats-server hangs under traffic: consumers resubscribe, and no subscription is freed while the library reads (nats.c 3.4.1,
issue 637: a service crashed when it was stopped at such a moment)."""
import signal
import time

import pytest

from event_publisher import EventPublisher
from stack.client import eventually

SHOP = {"services": ("orders",)}
HANGS = 4
HANG_SECONDS = 2.5      # longer than the consumers' timeout
ANSWERS_SECONDS = 10    # the relay checks twice before it treats them as lost
EVENTS = """insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
select 'orders.test.said', 'test', n::text, 1, 'ann', repeat('0', 32), '{}' from generate_series(1, 1100) n"""


@pytest.fixture(scope="module")
def publisher(shop):
    return EventPublisher(shop)


def test_a_service_survives_a_server_that_hangs_repeatedly_and_receives_all_events(shop, publisher):
    product = publisher.product(("HANG", 1))
    price = 1
    for _ in range(HANGS):
        for _ in range(100):
            price += 1
            publisher.product(("HANG", price), id_=product, wait=False)
        shop.nats.process.send(signal.SIGSTOP)
        time.sleep(HANG_SECONDS)
        shop.nats.process.send(signal.SIGCONT)
    eventually(lambda: publisher.price("HANG")["price"] == price, timeout=60)


def test_more_events_than_may_be_unacknowledged_are_published_once_the_server_is_back(shop):
    """The relay publishes no more events until earlier ones are acknowledged or lost: it must detect lost ones, too."""
    shop.nats.process.send(signal.SIGSTOP)
    shop.sql("orders", EVENTS)
    time.sleep(ANSWERS_SECONDS)
    shop.nats.kill9()
    shop.nats.start()
    eventually(lambda: not shop.value("orders", "select count(*) from event where seq is null"), timeout=30)
    shop.sql("postgres", "set session_replication_role = replica; delete from orders.event where aggregate = 'test'")


def test_a_service_exits_with_0_while_the_server_hangs(shop, publisher):
    shop.nats.process.send(signal.SIGSTOP)
    try:
        time.sleep(HANG_SECONDS)
        shop.stop("orders")         # fails on any other exit code
    finally:
        shop.nats.process.send(signal.SIGCONT)
