"""nats-server hangs while news flow: consumers leave their inboxes and come back, and nothing is freed under the
library's reader (nats.c 3.4.1, its issue 637: a service died of it when it was stopped in such a moment)."""
import signal
import time

import pytest

from order_news import News
from stack.client import eventually

SHOP = {"services": ("orders",)}
HANGS = 4
HANG_SECONDS = 2.5      # longer than the consumers' patience with a silent server
ANSWERS_SECONDS = 10    # the relay asks twice, and then knows that nobody will answer
EVENTS = """insert into event (type, aggregate, aggregate_id, version, actor, trace, data)
select 'orders.test.said', 'test', n::text, 1, 'ann', repeat('0', 32), '{}' from generate_series(1, 1100) n"""


@pytest.fixture(scope="module")
def news(shop):
    return News(shop)


def test_a_service_outlives_a_server_that_hangs_again_and_again_and_hears_all_news(shop, news):
    product = news.product(("HANG", 1))
    price = 1
    for _ in range(HANGS):
        for _ in range(100):
            price += 1
            news.product(("HANG", price), id_=product, wait=False)
        shop.nats.process.send(signal.SIGSTOP)
        time.sleep(HANG_SECONDS)
        shop.nats.process.send(signal.SIGCONT)
    eventually(lambda: news.listed("HANG")["price"] == price, timeout=60)


def test_more_events_than_may_be_without_an_answer_go_out_once_the_server_is_back(shop):
    """The relay has no place for more until those before were answered, or never will be: it must see the latter, too."""
    shop.nats.process.send(signal.SIGSTOP)
    shop.sql("orders", EVENTS)
    time.sleep(ANSWERS_SECONDS)
    shop.nats.kill9()
    shop.nats.start()
    eventually(lambda: not shop.value("orders", "select count(*) from event where seq is null"), timeout=30)
    shop.sql("postgres", "set session_replication_role = replica; delete from orders.event where aggregate = 'test'")


def test_a_service_stops_with_0_while_the_server_hangs(shop, news):
    shop.nats.process.send(signal.SIGSTOP)
    try:
        time.sleep(HANG_SECONDS)
        shop.stop("orders")         # fails on any other exit code
    finally:
        shop.nats.process.send(signal.SIGCONT)
