"""This is down, that still works: each of the five services, nats-server and PostgreSQL taken away in turn.

One test a cell of the table in docs/reliability.md, and one for each line that everything is caught up afterwards.
"""
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from stack.books import Books, analytics_equal_orders
from asking import CALLS as FIRST, Asking, stopped
from stack.client import eventually

SHOP = {"env": {"CONSUME_BACKOFF_MS": "100"}}
SERVICES = ("catalog", "orders", "fulfillment", "support", "analytics")
DOWN = (*SERVICES, "nats", "postgres")
HANGS_NO_LONGER_THAN = 5       # seconds: what fails, fails soon


class Play:
    """What is tried while something is down, and what must have come of it in the end."""

    def __init__(self, shop):
        self.shop, self.number = shop, 0
        self.paid, self.parcels = [], []
        shop.road.publish({"sku": "MUG", "price": 450})
        shop.road.book_in("MUG", 1000)
        eventually(lambda: shop.orders.get("/v1/prices/MUG").status == 200)

    def prepare(self):
        """A parcel that stands ready to be shipped."""
        self.number += 1
        self.order = self.shop.road.order([("MUG", 2)])
        self.shop.road.shipment(self.order["id"])
        self.shop.road.wave()
        self.parcel = self.shop.road.shipment(self.order["id"], "waved")
        self.shop.road.pack(self.parcel)
        self.shop.settle()

    # -- calls: one that reads and one that writes, of each service ----------------------------------

    def read_products(self):
        return self.shop.catalog.get("/v1/products")

    def book_in(self):
        return self.shop.catalog.post("/v1/stock/movements", {
            "sku": "MUG", "warehouse": "main", "quantity": 5, "reason": "received", "reference": f"more-{self.number}"})

    def read_orders(self):
        return self.shop.orders.get("/v1/orders")

    def place_and_pay(self):
        placed = self.shop.orders.post("/v1/orders", self.shop.road.order_body([("MUG", 1)], paid=450))
        if placed.status == 201:
            self.paid.append(placed.json["id"])
        return placed

    def read_shipments(self):
        return self.shop.fulfillment.get("/v1/shipments")

    def ship(self):
        answer = self.shop.fulfillment.post(f"/v1/shipments/{self.parcel['id']}/ship",
                                            {"carrier": "dhl", "tracking_number": f"RES{self.number}"})
        if answer.status == 200:
            self.parcels.append((self.order["id"], self.parcel["id"]))
        return answer

    def read_tickets(self):
        return self.shop.support.get("/v1/tickets")

    def open_ticket(self):
        return self.shop.support.post("/v1/tickets", {"subject": "A handle is off", "body": "Blue one.", "channel": "email"})

    def read_sales(self):
        return self.shop.analytics.get("/v1/sales", params={**self.today(), "by": "day"})

    @staticmethod
    def today():
        today = datetime.now(ZoneInfo("Europe/London")).date()
        return {"from": str(today), "to": str(today + timedelta(1))}

    # -- afterwards --------------------------------------------------------------------------------

    def caught_up(self):
        """Everything that was begun meanwhile arrived everywhere, once."""
        shop = self.shop
        for order in self.paid:
            shop.road.wait_order(order, 30, status="confirmed", stock_status="reserved", payment_status="paid")
            shop.road.shipment(order)
        for order, parcel in self.parcels:
            shop.road.wait_order(order, 30, status="shipped", stock_status="taken")
        shop.settle(60)
        for order, parcel in self.parcels:
            tasks = shop.support.get("/v1/tasks", params={"order_id": order}).expect(200)["data"]
            assert [each["shipment_id"] for each in tasks] == [parcel]
        books = Books(shop)
        wrong = [check for check in books.all_checks() if not check[2]]
        assert not wrong, wrong
        today = self.today()
        what, figures, holds = analytics_equal_orders(shop, books.orders, today["from"], today["to"], lambda order: True)
        assert holds, f"{what}: {figures}"
        for service in SERVICES:
            assert shop.clients[service].get("/v1/dead-letters").expect(200)["data"] == []


CALLS = {"read_products": "catalog", "book_in": "catalog", "read_orders": "orders", "place_and_pay": "orders",
         "read_shipments": "fulfillment", "ship": "fulfillment", "read_tickets": "support", "open_ticket": "support",
         "read_sales": "analytics"}


@pytest.fixture(scope="module")
def play(shop):
    return Play(shop)


@pytest.fixture(scope="module", params=DOWN)
def down(request, shop, play):
    """Its name, while it is away."""
    play.prepare()
    what = request.param
    {"nats": shop.nats.kill9, "postgres": shop.postgres.kill9}.get(what, lambda: shop.kill(what))()
    yield what
    bring_back(shop, what)


def bring_back(shop, what):
    if what in SERVICES:
        shop.start(what)
        return
    server = getattr(shop, what)
    if not server.alive():
        server.start()


@pytest.mark.parametrize("call", CALLS)
def test_what_does_not_need_the_missing_one_works_as_ever(shop, play, down, call):
    """Only PostgreSQL takes the others with it: then each call is refused soon, and says when to come back."""
    if down == CALLS[call]:
        with pytest.raises(OSError):
            getattr(play, call)()
        return
    began = time.monotonic()
    answer = getattr(play, call)()
    took = time.monotonic() - began
    assert took < HANGS_NO_LONGER_THAN, f"{call} took {took:.1f} s without {down}"
    if down == "postgres":
        assert answer.status == 503 and answer.headers["Retry-After"], answer
    else:
        assert answer.status in (200, 201), answer


def test_the_others_say_of_themselves_whether_they_can_serve(shop, down):
    for service in set(SERVICES) - {down}:
        assert shop.ops(service, "/livez")[0] == 200
        assert shop.ops(service, "/readyz")[0] == (503 if down == "postgres" else 200), service
        assert shop.ops(service, "/metrics")[0] == 200


def test_what_was_begun_meanwhile_arrives_everywhere_once(shop, play, down):
    bring_back(shop, down)
    eventually(lambda: all(shop.ready(service) for service in SERVICES), 20)
    play.caught_up()


def test_news_that_take_long_to_be_written_are_not_taken_for_a_lost_database(shop):
    """A statement in the background may take 30 seconds; a wait of 6 made it begin anew for ever."""
    product = shop.road.publish({"sku": "SLOW", "price": 450})
    shop.settle(60)
    heard = "select count(*) from inbox where consumer = 'orders-products'"
    before = shop.value("orders", heard)
    shop.sql("postgres", """
        create function orders.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(7); return new; end $$;
        create trigger dawdle before insert on orders.inbox for each row when (new.consumer = 'orders-products')
            execute function orders.dawdle()""")
    shop.catalog.post(f"/v1/products/{product['id']}/delist", {"reason": "sold out"}).expect(200)
    eventually(lambda: shop.value("orders", heard) == before + 1, 30)
    shop.sql("postgres", "drop trigger dawdle on orders.inbox; drop function orders.dawdle()")


def test_no_request_waits_longer_than_its_deadline_for_a_database_that_is_stopped(shop):
    """It took 7.4 s when each of a request's steps had a time of its own."""
    with Asking(shop, FIRST) as asking, stopped(shop.postgres):
        time.sleep(5.5)
    slowest, refused = asking.check()
    assert refused == set(FIRST), "who was not even disturbed was not tested"
    print(f"slowest of {len(asking.answers)}: {slowest:.1f} s")
    eventually(lambda: all(shop.clients[service].get(path).status == 200 for service, (path, _) in FIRST.items()), 10)
