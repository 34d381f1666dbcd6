"""Reservations: orders reserve stock in order of arrival, wait for it, release it, and it is booked out with the shipment."""
import random
import threading
import time

import pytest

from event_publisher import EventPublisher
from reservations import Reservations, check_stock
from stack.client import eventually

SHOP = {"services": ("catalog",), "env": {"CONSUME_BACKOFF_MS": "1"}}


@pytest.fixture(scope="module")
def publisher(shop):
    return EventPublisher(shop)


@pytest.fixture(scope="module")
def reservations(shop):
    return Reservations(shop)


@pytest.fixture(autouse=True)
def stock_is_right(shop, publisher):
    yield
    publisher.settle()
    check_stock(shop)


def stocked(shop, *skus, quantity=0, warehouse="main"):
    for sku in skus:
        shop.workflow.draft({"sku": sku, "price": 100})
        if quantity:
            shop.workflow.book_in(sku, quantity, warehouse=warehouse)


# -- reserving, and waiting for stock ------------------------------------------------------------------------------


def test_a_placed_order_reserves_its_lines(shop, publisher, reservations):
    stocked(shop, "HOLD-A", "HOLD-B", quantity=10)
    order = publisher.place(("HOLD-A", 2), ("HOLD-B", 3), ("HOLD-A", 1))
    held = reservations.of(order)
    assert held["status"] == "held" and held["order_number"] == order["number"]
    assert [(line["sku"], line["quantity"], line["reserved"], line["taken"]) for line in held["lines"]] == [
        ("HOLD-A", 3, 3, 0), ("HOLD-B", 3, 3, 0)]
    assert reservations.level("HOLD-A") == (10, 3, 7)
    event, = shop.catalog.get("/v1/events", params={"aggregate": held["id"]}).json["data"]
    assert event["type"] == "catalog.reservation.held" and event["version"] == 1
    assert event["data"] == {
        "id": held["id"], "order_id": order["id"], "status": "held",
        "lines": [{"sku": "HOLD-A", "quantity": 3, "reserved": 3, "taken": 0},
                  {"sku": "HOLD-B", "quantity": 3, "reserved": 3, "taken": 0}],
        "allocation": [{"sku": "HOLD-A", "warehouse": "main", "quantity": 3},
                       {"sku": "HOLD-B", "warehouse": "main", "quantity": 3}]}


def test_orders_without_stock_wait_and_are_served_in_order_of_arrival(shop, publisher, reservations):
    stocked(shop, "LINE", quantity=1)
    first, second, third, fourth = (publisher.place(("LINE", n)) for n in (2, 2, 1, 3))
    assert [reservations.status(each) for each in (first, second, third, fourth)] == ["short", "short", "held", "short"]
    shop.workflow.book_in("LINE", 3)
    assert [reservations.status(each) for each in (first, second, fourth)] == ["held", "short", "short"]
    assert reservations.level("LINE") == (4, 3, 1)
    shop.workflow.book_in("LINE", 1)
    assert [reservations.status(each) for each in (second, fourth)] == ["held", "short"]
    assert reservations.events(second) == ["short", "held"] and reservations.events(fourth) == ["short"]


def test_an_order_too_large_for_the_stock_is_skipped_and_served_later(shop, publisher, reservations):
    stocked(shop, "PASS")
    big, small = publisher.place(("PASS", 10)), publisher.place(("PASS", 1))
    shop.workflow.book_in("PASS", 5)
    assert (reservations.status(big), reservations.status(small)) == ("short", "held")
    shop.workflow.book_in("PASS", 6)
    assert reservations.status(big) == "held"


def test_an_order_reserves_all_its_lines_or_none(shop, publisher, reservations):
    stocked(shop, "ALL-A", quantity=5)
    stocked(shop, "ALL-B", quantity=1)
    order = publisher.place(("ALL-A", 1), ("ALL-B", 2))
    assert reservations.status(order) == "short"
    assert reservations.level("ALL-A") == (5, 0, 5)
    shop.workflow.book_in("ALL-B", 1)
    assert reservations.status(order) == "held"


def test_an_order_with_allow_partial_reserves_what_is_available(shop, publisher, reservations):
    stocked(shop, "PART-A", quantity=5)
    stocked(shop, "PART-B", quantity=1)
    order = publisher.place(("PART-A", 1), ("PART-B", 3), allow_partial=True)
    partial = reservations.of(order)
    assert partial["status"] == "partial"
    assert [(line["sku"], line["reserved"], line["waiting"]) for line in partial["lines"]] == [
        ("PART-A", 1, False), ("PART-B", 1, True)]
    shop.workflow.book_in("PART-B", 1)
    shop.workflow.book_in("PART-A", 1)
    shop.workflow.book_in("PART-B", 1)
    assert reservations.events(order) == ["partial", "partial", "held"]


def test_an_order_is_reserved_in_one_warehouse_if_one_covers_it(shop, publisher, reservations):
    stocked(shop, "WH-A", quantity=9, warehouse="east")
    shop.workflow.book_in("WH-A", 2, warehouse="west")
    stocked(shop, "WH-B", quantity=2, warehouse="west")
    one = reservations.of(publisher.place(("WH-A", 2), ("WH-B", 1)))
    assert {cell["warehouse"] for cell in one["allocation"]} == {"west"}
    two = reservations.of(publisher.place(("WH-A", 2), ("WH-B", 1)))
    assert [(cell["sku"], cell["warehouse"]) for cell in two["allocation"]] == [("WH-A", "east"), ("WH-B", "west")]


def test_lines_that_are_not_stocked_need_no_reservation(shop, publisher, reservations):
    shop.workflow.draft({"sku": "POSTAGE", "price": 300, "stocked": False})
    order = publisher.place(("POSTAGE", 1), ("M-FEE", 1, {"stocked": False}))
    held = reservations.of(order)
    assert held["status"] == "held" and held["lines"] == [] and held["allocation"] == []
    assert shop.catalog.get("/v1/stock/POSTAGE").status == 404


def test_an_order_of_an_unknown_sku_waits_until_it_is_drafted_and_booked_in(shop, publisher, reservations):
    order = publisher.place(("LATE-SKU", 1))
    assert reservations.status(order) == "short"
    stocked(shop, "LATE-SKU", quantity=1)
    assert reservations.status(order) == "held"


# -- releasing -------------------------------------------------------------------------------------------------


def test_a_cancelled_order_releases_its_stock_once_and_the_next_order_gets_it(shop, publisher, reservations):
    stocked(shop, "BACK", quantity=3)
    first, second, third = (publisher.place(("BACK", n)) for n in (3, 2, 1))
    assert reservations.status(first) == "held"
    publisher.cancel(first)
    assert [reservations.status(each) for each in (first, second, third)] == ["released", "held", "held"]
    assert reservations.level("BACK") == (3, 3, 0)
    gone = reservations.of(first)
    assert gone["allocation"] == [] and gone["lines"][0]["reserved"] == 0
    publisher.cancel(first)                # again, as another event
    assert reservations.level("BACK") == (3, 3, 0) and reservations.events(first) == ["held", "released"]


def test_a_backordered_order_that_is_cancelled_leaves_the_queue(shop, publisher, reservations):
    stocked(shop, "LEAVE")
    first, second = publisher.place(("LEAVE", 1)), publisher.place(("LEAVE", 1))
    publisher.cancel(first)
    publisher.settle()
    shop.workflow.book_in("LEAVE", 1)
    assert (reservations.events(first), reservations.events(second)) == (["short", "released"], ["short", "held"])


def test_an_order_placed_and_cancelled_in_one_batch_reserves_nothing(shop, publisher, reservations):
    stocked(shop, "BRIEF", quantity=1)
    brief, stays = publisher.new_order(("BRIEF", 1)), publisher.new_order(("BRIEF", 1))
    with reservations.allocation_blocked():
        publisher.place(("BRIEF", 9))
        time.sleep(0.3)         # this one is being processed now; the next ones form a batch
        publisher.send(publisher.order_event(brief, "placed"), publisher.order_event(stays, "placed"), publisher.order_event(brief, "cancelled"))
        time.sleep(0.3)
    assert reservations.events(brief) == ["released"] and reservations.events(stays) == ["held"]


def test_stock_released_for_one_sku_serves_an_order_that_waits_for_several(shop, publisher, reservations):
    stocked(shop, "SEV-A", "SEV-B", quantity=1)
    holder = publisher.place(("SEV-A", 1))
    waits = publisher.place(("SEV-A", 1), ("SEV-B", 1))
    assert reservations.status(waits) == "short"
    publisher.cancel(holder)
    assert reservations.status(waits) == "held"
    assert reservations.level("SEV-B") == (1, 1, 0)


# -- shipping -------------------------------------------------------------------------------------


def test_a_shipped_shipment_books_its_stock_out_against_the_reservation(shop, publisher, reservations):
    stocked(shop, "OUT-A", "OUT-B", quantity=10)
    order = publisher.place(("OUT-A", 2), ("OUT-B", 1))
    publisher.settle()
    publisher.ship(order, ("OUT-A", 2), ("OUT-B", 1))
    taken = reservations.of(order)
    assert taken["status"] == "taken" and [line["taken"] for line in taken["lines"]] == [2, 1]
    assert reservations.level("OUT-A") == (8, 0, 8) and reservations.level("OUT-B") == (9, 0, 9)
    move, = shop.catalog.get("/v1/movements", params={"sku": "OUT-A", "reason": "shipped"}).json["data"]
    assert move["quantity"] == -2 and move["reference"].startswith("SH-")
    assert reservations.events(order) == ["held", "taken"]


def test_an_order_in_two_shipments_is_taken_with_the_second(shop, publisher, reservations):
    stocked(shop, "TWO", quantity=2, warehouse="east")
    shop.workflow.book_in("TWO", 2, warehouse="west")
    order = publisher.place(("TWO", 3))
    cells = {cell["warehouse"]: cell["quantity"] for cell in reservations.of(order)["allocation"]}
    assert sum(cells.values()) == 3 and len(cells) == 2
    publisher.ship(order, ("TWO", cells["east"]), warehouse="east")
    assert reservations.status(order) == "held" and reservations.events(order) == ["held"]
    publisher.ship(order, ("TWO", cells["west"]), warehouse="west")
    assert reservations.status(order) == "taken" and reservations.level("TWO") == (1, 0, 1)


def test_units_taken_are_not_released_when_the_rest_is_cancelled(shop, publisher, reservations):
    stocked(shop, "REST", quantity=2)
    order = publisher.place(("REST", 3), allow_partial=True)
    publisher.settle()
    publisher.ship(order, ("REST", 2))
    assert reservations.status(order) == "partial"
    publisher.cancel(order)
    gone = reservations.of(order)
    assert gone["status"] == "released" and gone["lines"][0]["taken"] == 2 and reservations.level("REST") == (0, 0, 0)


def test_a_taken_order_cannot_be_released(shop, publisher, reservations):
    stocked(shop, "FINAL", quantity=1)
    order = publisher.place(("FINAL", 1))
    publisher.settle()
    publisher.ship(order, ("FINAL", 1))
    publisher.settle()
    publisher.cancel(order)
    assert reservations.events(order) == ["held", "taken"] and reservations.level("FINAL") == (0, 0, 0)


def test_a_shipment_of_a_released_order_comes_out_of_the_available_stock(shop, publisher, reservations):
    stocked(shop, "LATE", quantity=3)
    order = publisher.place(("LATE", 2))
    publisher.cancel(order)
    publisher.settle()
    publisher.ship(order, ("LATE", 2))
    assert reservations.status(order) == "released" and reservations.level("LATE") == (1, 0, 1)


def test_a_shipment_of_more_than_the_stock_becomes_a_dead_letter_and_others_are_applied(shop, publisher, reservations):
    stocked(shop, "GHOST", quantity=2)
    order, good = publisher.place(("GHOST", 1)), publisher.place(("GHOST", 1))
    publisher.settle()
    publisher.send(*publisher.shipment_events(order, ("GHOST", 5)), *publisher.shipment_events(good, ("GHOST", 1)))
    assert eventually(lambda: reservations.status(good) == "taken", 30)
    letters = eventually(lambda: [each for each in shop.catalog.get("/v1/dead-letters").json["data"]
                                  if each["consumer"] == "catalog-shipments"], 30)
    assert letters[0]["code"] == "stock.insufficient"
    assert reservations.level("GHOST") == (1, 1, 0)


# -- repeated, late and invalid events ---------------------------------------------------------------------------


def test_repeated_and_reordered_events_change_nothing(shop, publisher, reservations):
    stocked(shop, "SHUF", quantity=20)
    orders = [publisher.new_order(("SHUF", 1 + n % 3)) for n in range(15)]
    events = [publisher.order_event(each, "placed") for each in orders]
    publisher.send(*events)
    events += [publisher.order_event(each, "cancelled") for each in orders[::3]]
    publisher.send(*events[15:])
    publisher.settle()
    for each in orders[1::3]:
        quantity = each["lines"][0]["quantity"]
        if reservations.status(each) == "held":
            events += publisher.ship(each, ("SHUF", quantity))
    publisher.settle()
    before = shop.sql("catalog", "select id, status, version from reservation order by arrived")
    level, response = reservations.level("SHUF"), shop.value("catalog", "select count(*) from event")
    for _ in range(3):
        random.shuffle(events)
        publisher.send(*events)
    publisher.settle()
    assert shop.sql("catalog", "select id, status, version from reservation order by arrived") == before
    assert reservations.level("SHUF") == level and shop.value("catalog", "select count(*) from event") == response


def test_an_event_that_arrives_before_the_order_waits_for_it(shop, publisher, reservations):
    stocked(shop, "OVER", quantity=1)
    order = publisher.new_order(("OVER", 1))
    placed, cancelled = publisher.order_event(order, "placed"), publisher.order_event(order, "cancelled")
    publisher.send(cancelled)
    publisher.send(placed)
    assert eventually(lambda: reservations.status(order) == "released", 20)
    assert reservations.level("OVER") == (1, 0, 1)


def test_an_invalid_order_becomes_a_dead_letter_and_others_are_applied(shop, publisher, reservations):
    stocked(shop, "BROKEN", quantity=1)
    bad, good = publisher.new_order(("BROKEN", 0)), publisher.new_order(("BROKEN", 1))
    publisher.send(publisher.order_event(bad, "placed"), publisher.order_event(good, "placed"))
    assert reservations.status(good) == "held"
    letter = next(each for each in shop.catalog.get("/v1/dead-letters").json["data"]
                  if each["aggregate_id"] == bad["id"])
    assert letter["code"] == "event.invalid"


def test_an_invalid_order_that_was_discarded_is_skipped_when_it_is_redelivered(shop, publisher, reservations):
    stocked(shop, "AGAIN", quantity=1)
    bad, good = publisher.new_order(("AGAIN", 0)), publisher.new_order(("AGAIN", 1))
    publisher.send(publisher.order_event(bad, "placed"))
    publisher.settle()

    def letters():
        return [each for each in shop.catalog.get("/v1/dead-letters").json["data"] if each["aggregate_id"] == bad["id"]]

    letter, = letters()
    shop.catalog.post(f"/v1/dead-letters/{letter['id']}/discard", {"reason": "it wants nothing"}).expect(200)
    publisher.send(publisher.event("orders.order.placed", bad["id"], bad, version=1), publisher.order_event(good, "placed"))
    assert reservations.status(good) == "held" and len(letters()) == 1


def test_an_order_gets_no_second_reservation_when_its_cursor_was_deleted(shop, publisher, reservations):
    stocked(shop, "TWICE", quantity=5)
    order = publisher.place(("TWICE", 2))
    publisher.settle()
    shop.sql("catalog", "delete from inbox_cursor where aggregate_id = %s", order["id"])
    publisher.send(publisher.event("orders.order.placed", order["id"], order, version=1), publisher.order_event(publisher.new_order(("TWICE", 1)), "placed"))
    assert reservations.events(order) == ["held"] and reservations.level("TWICE") == (5, 3, 2)


def test_other_events_of_orders_change_nothing(shop, publisher, reservations):
    stocked(shop, "NEWS", quantity=1)
    order = publisher.place(("NEWS", 1))
    publisher.send(*(publisher.event(f"orders.order.{verb}", order["id"], order)
                     for verb in ("paid", "stock_changed", "held", "released", "confirmed", "cancel_requested")))
    assert reservations.events(order) == ["held"]
    publisher.send(publisher.event("orders.order.paid", order["id"], {"nobody": ["reads", {"this": 1}]}), publisher.order_event(order, "cancelled"))
    assert reservations.events(order) == ["held", "released"]


# -- lists --------------------------------------------------------------------------------------------------------


def test_reservations_are_listed_by_status_sku_and_order(shop, publisher, reservations):
    stocked(shop, "LIST", quantity=1)
    held, short = publisher.place(("LIST", 1)), publisher.place(("LIST", 1))
    publisher.settle()
    clerk = shop.catalog.as_("clerk", "carl")
    found = clerk.get("/v1/reservations", params={"sku": "LIST", "sort": "arrived"}).expect(200)["data"]
    assert [each["order_id"] for each in found] == [held["id"], short["id"]]
    found = clerk.get("/v1/reservations", params={"sku": "LIST", "status": "short"}).expect(200)["data"]
    assert [each["order_id"] for each in found] == [short["id"]]
    assert shop.catalog.as_("picker", "pia").get("/v1/reservations").status == 403
    assert clerk.get("/v1/reservations/0190c0de-0000-7000-8000-000000000000").status == 404


def test_a_level_is_explained_by_the_orders_that_reserve_it_and_wait_for_it(shop, publisher, reservations):
    stocked(shop, "EXPL", quantity=3)
    first, second, third = (publisher.place(("EXPL", n)) for n in (2, 2, 5))
    publisher.settle()
    why = shop.catalog.get("/v1/stock/EXPL/explain").expect(200)
    assert (why["on_hand"], why["reserved"], why["available"]) == (3, 2, 1)
    assert why["held"] == {"orders": 1, "units": 2} and why["backordered"] == {"orders": 2, "units": 7}
    assert [each["order_id"] for each in why["held_by"]] == [first["id"]]
    assert [(each["order_id"], each["missing"]) for each in why["backorders"]] == [(second["id"], 2), (third["id"], 5)]
    work = shop.catalog.as_("merchandiser", "ann").get("/v1/work").json["data"]
    restock = next(each for each in work if each["title"] == "EXPL")
    assert (restock["kind"], restock["orders"], restock["units"]) == ("restock", 2, 7)


def test_a_reservation_that_takes_stock_below_its_reorder_point_announces_it(shop, publisher, reservations):
    stocked(shop, "DROP", quantity=5)
    shop.catalog.post("/v1/stock/DROP/reorder-point", {"reorder_point": 3}).expect(200)
    order = publisher.place(("DROP", 2))
    publisher.settle()

    def low():
        events = shop.catalog.get("/v1/events", params={"aggregate": "DROP", "type": "catalog.stock.low"}).json["data"]
        return [event["data"]["available"] for event in events]

    assert low() == [3]
    publisher.cancel(order)
    publisher.settle()
    publisher.place(("DROP", 5))
    publisher.settle()
    assert low() == [3, 0]


def test_setting_a_reorder_point_waits_for_the_batch_that_reserves(shop, publisher, reservations):
    stocked(shop, "POINT", quantity=5)
    with reservations.allocation_blocked():
        setting = Thread(shop.catalog.post, "/v1/stock/POINT/reorder-point", {"reorder_point": 3})
        time.sleep(0.3)
        assert shop.catalog.get("/v1/reorder-points/POINT").status == 404
    setting.finish()
    assert shop.catalog.get("/v1/reorder-points/POINT").json["reorder_point"] == 3


# -- races -----------------------------------------------------------------------------------------------------------


def test_three_instances_reserve_a_hundred_units_for_the_first_of_a_thousand_orders(open_shop):
    shop = open_shop(services=("catalog",), instances=3)
    publisher, reservations = EventPublisher(shop), Reservations(shop)
    stocked(shop, "HOT", quantity=100)
    orders = [publisher.new_order(("HOT", 1)) for _ in range(1000)]
    publisher.send(*(publisher.order_event(each, "placed") for each in orders))
    publisher.settle()
    rows = shop.sql("catalog", "select order_id::text, status from reservation order by arrived")
    assert [row["order_id"] for row in rows] == [each["id"] for each in orders]
    assert [row["status"] for row in rows] == ["held"] * 100 + ["short"] * 900
    assert reservations.level("HOT") == (100, 100, 0)
    shop.workflow.book_in("HOT", 50)
    rows = shop.sql("catalog", "select status from reservation order by arrived")
    assert [row["status"] for row in rows] == ["held"] * 150 + ["short"] * 850
    publisher.settle()
    check_stock(shop)


def test_the_order_of_arrival_is_kept_while_instances_are_killed_and_nats_restarts(open_shop):
    shop = open_shop(services=("catalog",), instances=3)
    publisher = EventPublisher(shop)
    stocked(shop, "KILL", quantity=100)
    orders = [publisher.new_order(("KILL", 1)) for _ in range(1500)]
    for start in range(0, 1500, 300):
        publisher.send(*(publisher.order_event(each, "placed") for each in orders[start:start + 300]))
        shop.kill("catalog", start // 300 % 3)
        if start == 600:
            shop.nats.kill9()
            shop.nats.start()
        shop.start("catalog", start // 300 % 3)
    publisher.settle(120)
    rows = shop.sql("catalog", "select order_id::text, status from reservation order by arrived")
    assert [row["order_id"] for row in rows] == [each["id"] for each in orders]
    assert [row["status"] for row in rows] == ["held"] * 100 + ["short"] * 1400
    check_stock(shop)


def test_stock_stays_consistent_under_concurrent_movements_orders_and_cancellations(open_shop):
    shop = open_shop(services=("catalog",), instances=3)
    publisher = EventPublisher(shop)
    skus = [f"MIX-{n}" for n in range(6)]
    stocked(shop, *skus, quantity=20)
    seed = random.randrange(10**6)
    print("seed", seed)
    dice = random.Random(seed)
    done = threading.Event()

    def movements(name):
        mine = random.Random(f"{seed}-{name}")
        while not done.is_set():
            body = {"sku": mine.choice(skus), "warehouse": mine.choice(("main", "east", "west")), "reason": "count",
                    "quantity": mine.choice((-3, -1, 1, 2, 5))}
            answer = shop.catalog.post("/v1/stock/movements", body, sub=name, patience=20)
            assert answer.status == 201 or answer.code == "stock.insufficient", answer

    threads = [Thread(movements, f"stan-{n}") for n in range(4)]
    orders = []
    for _ in range(60):
        batch = [publisher.new_order(*[(sku, dice.randint(1, 3)) for sku in dice.sample(skus, dice.randint(1, 4))],
                              allow_partial=dice.random() < 0.3) for _ in range(10)]
        events = [publisher.order_event(each, "placed") for each in batch]
        for order in dice.sample(orders, min(5, len(orders))):
            if not order.get("shipped"):        # the handshake of orders and fulfillment prevents it
                events.append(publisher.order_event(order, "cancelled"))
                orders.remove(order)
        orders += batch
        publisher.send(*events)
        for order in dice.sample(orders, min(3, len(orders))):
            ship_what_is_reserved(shop, publisher, order)
    done.set()
    for thread in threads:
        thread.finish()
    publisher.settle()
    check_stock(shop)
    assert shop.catalog.get("/v1/dead-letters").json["data"] == []


def ship_what_is_reserved(shop, publisher, order):
    found = shop.catalog.get("/v1/reservations", params={"order_id": order["id"], "status": "held"}).json["data"]
    if not found or order.get("shipped"):
        return
    order["shipped"] = True
    warehouses = {cell["warehouse"] for cell in found[0]["allocation"]}
    for warehouse in warehouses:
        publisher.ship(order, *((cell["sku"], cell["quantity"]) for cell in found[0]["allocation"]
                             if cell["warehouse"] == warehouse), warehouse=warehouse)


class Thread(threading.Thread):
    """A thread that raises its error in finish()."""

    def __init__(self, work, *args):
        super().__init__(target=self.guard, args=(work, *args))
        self.fault = None
        self.start()

    def guard(self, work, *args):
        try:
            work(*args)
        except BaseException as fault:
            self.fault = fault

    def finish(self):
        self.join()
        if self.fault:
            raise self.fault
