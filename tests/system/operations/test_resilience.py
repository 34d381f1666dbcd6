"""What works while something is down: each of the five services, nats-server and PostgreSQL in turn.

One test for each cell of the table in docs/explanation/reliability.md, and one for each row that everything catches up afterwards.
"""
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from stack.reconcile import Reconciliation, analytics_equal_orders
from client_load import CALLS as LOAD_CALLS, ClientLoad, paused
from stack.client import eventually

SHOP = {"env": {"CONSUME_BACKOFF_MS": "100"}}
SERVICES = ("catalog", "orders", "fulfillment", "support", "analytics")
DOWN = (*SERVICES, "nats", "postgres")
HANGS_NO_LONGER_THAN = 5       # seconds until a refusal


class Requests:
    """The requests made while something is down, and their expected effects in the end."""

    def __init__(self, shop):
        self.shop, self.number = shop, 0
        self.paid, self.shipped = [], []
        shop.workflow.publish({"sku": "MUG", "price": 450})
        shop.workflow.book_in("MUG", 1000)
        eventually(lambda: shop.orders.get("/v1/prices/MUG").status == 200)

    def prepare(self):
        """Prepare a packed shipment."""
        self.number += 1
        self.order = self.shop.workflow.order([("MUG", 2)])
        self.shop.workflow.shipment(self.order["id"])
        self.shop.workflow.wave()
        self.packed = self.shop.workflow.shipment(self.order["id"], "waved")
        self.shop.workflow.pack(self.packed)
        self.shop.settle()

    # -- one read and one write of each service ----------------------------------

    def read_products(self):
        return self.shop.catalog.get("/v1/products")

    def book_in(self):
        return self.shop.catalog.post("/v1/stock/movements", {
            "sku": "MUG", "warehouse": "main", "quantity": 5, "reason": "received", "reference": f"more-{self.number}"})

    def read_orders(self):
        return self.shop.orders.get("/v1/orders")

    def place_and_pay(self):
        placed = self.shop.orders.post("/v1/orders", self.shop.workflow.order_body([("MUG", 1)], paid=450))
        if placed.status == 201:
            self.paid.append(placed.json["id"])
        return placed

    def read_shipments(self):
        return self.shop.fulfillment.get("/v1/shipments")

    def ship(self):
        answer = self.shop.fulfillment.post(f"/v1/shipments/{self.packed['id']}/ship",
                                            {"carrier": "dhl", "tracking_number": f"RES{self.number}"})
        if answer.status == 200:
            self.shipped.append((self.order["id"], self.packed["id"]))
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

    # -- effects --------------------------------------------------------------------------------

    def caught_up(self):
        """Check that all work begun meanwhile was applied everywhere once."""
        shop = self.shop
        for order in self.paid:
            shop.workflow.wait_order(order, 30, status="confirmed", stock_status="reserved", payment_status="paid")
            shop.workflow.shipment(order)
        for order, packed in self.shipped:
            shop.workflow.wait_order(order, 30, status="shipped", stock_status="taken")
        shop.settle(60)
        for order, packed in self.shipped:
            tasks = shop.support.get("/v1/tasks", params={"order_id": order}).expect(200)["data"]
            assert [each["shipment_id"] for each in tasks] == [packed]
        books = Reconciliation(shop)
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
def requests(shop):
    return Requests(shop)


@pytest.fixture(scope="module", params=DOWN)
def down(request, shop, requests):
    """The name of the server that is down."""
    requests.prepare()
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
def test_requests_that_do_not_need_the_missing_server_work(shop, requests, down, call):
    """Only without PostgreSQL all requests fail: each is refused soon, with Retry-After."""
    if down == CALLS[call]:
        with pytest.raises(OSError):
            getattr(requests, call)()
        return
    began = time.monotonic()
    answer = getattr(requests, call)()
    took = time.monotonic() - began
    assert took < HANGS_NO_LONGER_THAN, f"{call} took {took:.1f} s without {down}"
    if down == "postgres":
        assert answer.status == 503 and answer.headers["Retry-After"], answer
    else:
        assert answer.status in (200, 201), answer


def test_the_other_services_report_their_readiness(shop, down):
    for service in set(SERVICES) - {down}:
        assert shop.ops(service, "/livez")[0] == 200
        assert shop.ops(service, "/readyz")[0] == (503 if down == "postgres" else 200), service
        assert shop.ops(service, "/metrics")[0] == 200


def test_work_begun_meanwhile_is_applied_everywhere_once(shop, requests, down):
    bring_back(shop, down)
    eventually(lambda: all(shop.ready(service) for service in SERVICES), 20)
    requests.caught_up()


def test_a_slow_event_transaction_is_not_treated_as_a_lost_database(shop):
    """A background statement may take 30 seconds; a timeout of 6 restarted it forever."""
    product = shop.workflow.publish({"sku": "SLOW", "price": 450})
    shop.settle(60)
    received = "select count(*) from inbox where consumer = 'orders-products'"
    before = shop.value("orders", received)
    shop.sql("postgres", """
        create function orders.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(7); return new; end $$;
        create trigger dawdle before insert on orders.inbox for each row when (new.consumer = 'orders-products')
            execute function orders.dawdle()""")
    shop.catalog.post(f"/v1/products/{product['id']}/delist", {"reason": "sold out"}).expect(200)
    eventually(lambda: shop.value("orders", received) == before + 1, 30)
    shop.sql("postgres", "drop trigger dawdle on orders.inbox; drop function orders.dawdle()")


def test_no_request_waits_longer_than_its_deadline_for_a_paused_database(shop):
    """It took 7.4 s when each step of a request had its own timeout."""
    with ClientLoad(shop, LOAD_CALLS) as load, paused(shop.postgres):
        time.sleep(5.5)
    slowest, refused = load.check()
    assert refused == set(LOAD_CALLS), "a service was not affected, so it was not tested"
    print(f"slowest of {len(load.answers)}: {slowest:.1f} s")
    eventually(lambda: all(shop.clients[service].get(path).status == 200 for service, (path, _) in LOAD_CALLS.items()), 10)
