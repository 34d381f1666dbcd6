"""Reservations: orders hold stock in order of arrival, wait in line for it, give it back, and it leaves with the parcel."""
import random
import threading
import time

import pytest

from others import Others, books_hold
from stack.client import eventually

SHOP = {"services": ("catalog",), "env": {"CONSUME_BACKOFF_MS": "1"}}


@pytest.fixture(scope="module")
def others(shop):
    return Others(shop)


@pytest.fixture(autouse=True)
def books(shop, others):
    yield
    others.settle()
    books_hold(shop)


def stocked(shop, *skus, quantity=0, warehouse="main"):
    for sku in skus:
        shop.road.draft({"sku": sku, "price": 100})
        if quantity:
            shop.road.book_in(sku, quantity, warehouse=warehouse)


# -- holding, and waiting in line ------------------------------------------------------------------------------


def test_an_order_holds_what_it_wants(shop, others):
    stocked(shop, "HOLD-A", "HOLD-B", quantity=10)
    order = others.place(("HOLD-A", 2), ("HOLD-B", 3), ("HOLD-A", 1))
    held = others.reservation(order)
    assert held["status"] == "held" and held["order_number"] == order["number"]
    assert [(line["sku"], line["quantity"], line["reserved"], line["taken"]) for line in held["lines"]] == [
        ("HOLD-A", 3, 3, 0), ("HOLD-B", 3, 3, 0)]
    assert others.level("HOLD-A") == (10, 3, 7)
    event, = shop.catalog.get("/v1/events", params={"aggregate": held["id"]}).json["data"]
    assert event["type"] == "catalog.reservation.held" and event["version"] == 1
    assert event["data"] == {
        "id": held["id"], "order_id": order["id"], "status": "held",
        "lines": [{"sku": "HOLD-A", "quantity": 3, "reserved": 3, "taken": 0},
                  {"sku": "HOLD-B", "quantity": 3, "reserved": 3, "taken": 0}],
        "allocation": [{"sku": "HOLD-A", "warehouse": "main", "quantity": 3},
                       {"sku": "HOLD-B", "warehouse": "main", "quantity": 3}]}


def test_who_finds_nothing_waits_and_is_served_in_order_of_arrival(shop, others):
    stocked(shop, "LINE", quantity=1)
    first, second, third, fourth = (others.place(("LINE", n)) for n in (2, 2, 1, 3))
    assert [others.status(each) for each in (first, second, third, fourth)] == ["short", "short", "held", "short"]
    shop.road.book_in("LINE", 3)
    assert [others.status(each) for each in (first, second, fourth)] == ["held", "short", "short"]
    assert others.level("LINE") == (4, 3, 1)
    shop.road.book_in("LINE", 1)
    assert [others.status(each) for each in (second, fourth)] == ["held", "short"]
    assert others.told(second) == ["short", "held"] and others.told(fourth) == ["short"]


def test_who_does_not_fit_is_passed_over_but_not_forgotten(shop, others):
    stocked(shop, "PASS")
    big, small = others.place(("PASS", 10)), others.place(("PASS", 1))
    shop.road.book_in("PASS", 5)
    assert (others.status(big), others.status(small)) == ("short", "held")
    shop.road.book_in("PASS", 6)
    assert others.status(big) == "held"


def test_an_order_holds_all_its_lines_or_none(shop, others):
    stocked(shop, "ALL-A", quantity=5)
    stocked(shop, "ALL-B", quantity=1)
    order = others.place(("ALL-A", 1), ("ALL-B", 2))
    assert others.status(order) == "short"
    assert others.level("ALL-A") == (5, 0, 5)
    shop.road.book_in("ALL-B", 1)
    assert others.status(order) == "held"


def test_an_order_that_takes_parts_takes_what_there_is(shop, others):
    stocked(shop, "PART-A", quantity=5)
    stocked(shop, "PART-B", quantity=1)
    order = others.place(("PART-A", 1), ("PART-B", 3), allow_partial=True)
    partial = others.reservation(order)
    assert partial["status"] == "partial"
    assert [(line["sku"], line["reserved"], line["waiting"]) for line in partial["lines"]] == [
        ("PART-A", 1, False), ("PART-B", 1, True)]
    shop.road.book_in("PART-B", 1)
    shop.road.book_in("PART-A", 1)
    shop.road.book_in("PART-B", 1)
    assert others.told(order) == ["partial", "partial", "held"]


def test_an_order_is_held_in_one_warehouse_if_one_covers_it(shop, others):
    stocked(shop, "WH-A", quantity=9, warehouse="east")
    shop.road.book_in("WH-A", 2, warehouse="west")
    stocked(shop, "WH-B", quantity=2, warehouse="west")
    one = others.reservation(others.place(("WH-A", 2), ("WH-B", 1)))
    assert {cell["warehouse"] for cell in one["allocation"]} == {"west"}
    two = others.reservation(others.place(("WH-A", 2), ("WH-B", 1)))
    assert [(cell["sku"], cell["warehouse"]) for cell in two["allocation"]] == [("WH-A", "east"), ("WH-B", "west")]


def test_lines_without_stock_wait_for_nothing(shop, others):
    shop.road.draft({"sku": "POSTAGE", "price": 300, "stocked": False})
    order = others.place(("POSTAGE", 1), ("M-FEE", 1, False))
    held = others.reservation(order)
    assert held["status"] == "held" and held["lines"] == [] and held["allocation"] == []
    assert shop.catalog.get("/v1/stock/POSTAGE").status == 404


def test_a_sku_that_nobody_knows_yet_waits_until_it_is_drafted_and_booked_in(shop, others):
    order = others.place(("LATE-SKU", 1))
    assert others.status(order) == "short"
    stocked(shop, "LATE-SKU", quantity=1)
    assert others.status(order) == "held"


# -- giving back -------------------------------------------------------------------------------------------------


def test_a_cancelled_order_gives_back_once_and_the_next_in_line_gets_it(shop, others):
    stocked(shop, "BACK", quantity=3)
    first, second, third = (others.place(("BACK", n)) for n in (3, 2, 1))
    assert others.status(first) == "held"
    others.cancel(first)
    assert [others.status(each) for each in (first, second, third)] == ["released", "held", "held"]
    assert others.level("BACK") == (3, 3, 0)
    gone = others.reservation(first)
    assert gone["allocation"] == [] and gone["lines"][0]["reserved"] == 0
    others.cancel(first)                # a second time, as another event
    assert others.level("BACK") == (3, 3, 0) and others.told(first) == ["held", "released"]


def test_who_waits_and_is_cancelled_leaves_the_line(shop, others):
    stocked(shop, "LEAVE")
    first, second = others.place(("LEAVE", 1)), others.place(("LEAVE", 1))
    others.cancel(first)
    others.settle()
    shop.road.book_in("LEAVE", 1)
    assert (others.told(first), others.told(second)) == (["short", "released"], ["short", "held"])


def test_an_order_that_came_and_went_in_one_batch_held_nothing(shop, others):
    stocked(shop, "BRIEF", quantity=1)
    brief, stays = others.order([("BRIEF", 1)]), others.order([("BRIEF", 1)])
    with others.allocation_held():
        others.place(("BRIEF", 9))
        time.sleep(0.3)         # that one is on its way into the database now, the next come together
        others.publish([others.placed(brief), others.placed(stays), others.cancelled(brief)])
        time.sleep(0.3)
    assert others.told(brief) == ["released"] and others.told(stays) == ["held"]


def test_stock_that_frees_one_sku_serves_who_waits_for_several(shop, others):
    stocked(shop, "SEV-A", "SEV-B", quantity=1)
    holder = others.place(("SEV-A", 1))
    waits = others.place(("SEV-A", 1), ("SEV-B", 1))
    assert others.status(waits) == "short"
    others.cancel(holder)
    assert others.status(waits) == "held"
    assert others.level("SEV-B") == (1, 1, 0)


# -- leaving with the parcel -------------------------------------------------------------------------------------


def test_a_shipped_parcel_takes_the_stock_out_against_the_reservation(shop, others):
    stocked(shop, "OUT-A", "OUT-B", quantity=10)
    order = others.place(("OUT-A", 2), ("OUT-B", 1))
    others.settle()
    others.ship(order, ("OUT-A", 2), ("OUT-B", 1))
    taken = others.reservation(order)
    assert taken["status"] == "taken" and [line["taken"] for line in taken["lines"]] == [2, 1]
    assert others.level("OUT-A") == (8, 0, 8) and others.level("OUT-B") == (9, 0, 9)
    move, = shop.catalog.get("/v1/movements", params={"sku": "OUT-A", "reason": "shipped"}).json["data"]
    assert move["quantity"] == -2 and move["reference"].startswith("SH-")
    assert others.told(order) == ["held", "taken"]


def test_an_order_in_two_parcels_is_taken_with_the_second(shop, others):
    stocked(shop, "TWO", quantity=2, warehouse="east")
    shop.road.book_in("TWO", 2, warehouse="west")
    order = others.place(("TWO", 3))
    cells = {cell["warehouse"]: cell["quantity"] for cell in others.reservation(order)["allocation"]}
    assert sum(cells.values()) == 3 and len(cells) == 2
    others.ship(order, ("TWO", cells["east"]), warehouse="east")
    assert others.status(order) == "held" and others.told(order) == ["held"]
    others.ship(order, ("TWO", cells["west"]), warehouse="west")
    assert others.status(order) == "taken" and others.level("TWO") == (1, 0, 1)


def test_what_was_taken_does_not_come_back_when_the_rest_is_cancelled(shop, others):
    stocked(shop, "REST", quantity=2)
    order = others.place(("REST", 3), allow_partial=True)
    others.settle()
    others.ship(order, ("REST", 2))
    assert others.status(order) == "partial"
    others.cancel(order)
    gone = others.reservation(order)
    assert gone["status"] == "released" and gone["lines"][0]["taken"] == 2 and others.level("REST") == (0, 0, 0)


def test_a_taken_order_cannot_be_released(shop, others):
    stocked(shop, "FINAL", quantity=1)
    order = others.place(("FINAL", 1))
    others.settle()
    others.ship(order, ("FINAL", 1))
    others.cancel(order)
    assert others.told(order) == ["held", "taken"] and others.level("FINAL") == (0, 0, 0)


def test_a_parcel_of_an_order_that_gave_back_comes_out_of_what_nobody_reserved(shop, others):
    stocked(shop, "LATE", quantity=3)
    order = others.place(("LATE", 2))
    others.cancel(order)
    others.settle()
    others.ship(order, ("LATE", 2))
    assert others.status(order) == "released" and others.level("LATE") == (1, 0, 1)


def test_a_parcel_of_more_than_there_is_goes_to_the_dead_letters_and_the_others_flow_on(shop, others):
    stocked(shop, "GHOST", quantity=2)
    order, good = others.place(("GHOST", 1)), others.place(("GHOST", 1))
    others.settle()
    others.publish(others.shipped(order, [("GHOST", 5)]) + others.shipped(good, [("GHOST", 1)]))
    assert eventually(lambda: others.status(good) == "taken", 30)
    letters = eventually(lambda: [each for each in shop.catalog.get("/v1/dead-letters").json["data"]
                                  if each["consumer"] == "catalog-shipments"], 30)
    assert letters[0]["code"] == "stock.insufficient"
    assert others.level("GHOST") == (1, 1, 0)


# -- whatever comes twice, late or broken ---------------------------------------------------------------------------


def test_repeated_and_shuffled_news_changes_nothing(shop, others):
    stocked(shop, "SHUF", quantity=20)
    orders = [others.order([("SHUF", 1 + n % 3)]) for n in range(15)]
    news = [others.placed(each) for each in orders]
    others.publish(news)
    news += [others.cancelled(each) for each in orders[::3]]
    others.publish(news[15:])
    others.settle()
    for each in orders[1::3]:
        quantity = each["lines"][0]["quantity"]
        if others.status(each) == "held":
            news += others.ship(each, ("SHUF", quantity))
    others.settle()
    before = shop.sql("catalog", "select id, status, version from reservation order by arrived")
    level, said = others.level("SHUF"), shop.value("catalog", "select count(*) from event")
    for _ in range(3):
        random.shuffle(news)
        others.publish(news)
    others.settle()
    assert shop.sql("catalog", "select id, status, version from reservation order by arrived") == before
    assert others.level("SHUF") == level and shop.value("catalog", "select count(*) from event") == said


def test_news_that_overtook_the_order_waits_for_it(shop, others):
    stocked(shop, "OVER", quantity=1)
    order = others.order([("OVER", 1)])
    placed, cancelled = others.placed(order), others.cancelled(order)
    others.publish([cancelled])
    others.publish([placed])
    assert eventually(lambda: others.status(order) == "released", 20)
    assert others.level("OVER") == (1, 0, 1)


def test_a_broken_order_goes_to_the_dead_letters_and_the_others_flow_on(shop, others):
    stocked(shop, "BROKEN", quantity=1)
    bad, good = others.order([("BROKEN", 0)]), others.order([("BROKEN", 1)])
    others.publish([others.placed(bad), others.placed(good)])
    assert others.status(good) == "held"
    letter = next(each for each in shop.catalog.get("/v1/dead-letters").json["data"]
                  if each["aggregate_id"] == bad["id"])
    assert letter["code"] == "event.invalid"


def test_a_broken_order_that_was_discarded_is_passed_over_when_it_comes_again(shop, others):
    stocked(shop, "AGAIN", quantity=1)
    bad, good = others.order([("AGAIN", 0)]), others.order([("AGAIN", 1)])
    others.publish([others.placed(bad)])
    others.settle()

    def letters():
        return [each for each in shop.catalog.get("/v1/dead-letters").json["data"] if each["aggregate_id"] == bad["id"]]

    letter, = letters()
    shop.catalog.post(f"/v1/dead-letters/{letter['id']}/discard", {"reason": "it wants nothing"}).expect(200)
    others.publish([others.event("orders.order.placed", bad["id"], bad, 1), others.placed(good)])
    assert others.status(good) == "held" and len(letters()) == 1


def test_an_order_that_has_its_reservation_gets_no_second_one_though_its_news_was_forgotten(shop, others):
    stocked(shop, "TWICE", quantity=5)
    order = others.place(("TWICE", 2))
    others.settle()
    shop.sql("catalog", "delete from inbox_cursor where aggregate_id = %s", order["id"])
    others.publish([others.event("orders.order.placed", order["id"], order, 1), others.placed(others.order([("TWICE", 1)]))])
    assert others.told(order) == ["held"] and others.level("TWICE") == (5, 3, 2)


def test_an_order_after_which_more_should_follow_does_not_wait_for_what_never_comes(shop, others):
    stocked(shop, "ALONE", quantity=1)
    order = others.order([("ALONE", 1)])
    type_, body, _ = others.placed(order)
    others.publish([(type_, body, {"Backroom-More-Follow": "1"})])
    assert others.status(order) == "held"


def test_other_news_of_orders_changes_nothing(shop, others):
    stocked(shop, "NEWS", quantity=1)
    order = others.place(("NEWS", 1))
    others.publish([others.event(f"orders.order.{verb}", order["id"], order)
                    for verb in ("paid", "stock_changed", "held", "released", "confirmed", "cancel_requested")])
    assert others.told(order) == ["held"]
    others.publish([others.event("orders.order.paid", order["id"], {"nobody": ["reads", {"this": 1}]}), others.cancelled(order)])
    assert others.told(order) == ["held", "released"]


# -- the list --------------------------------------------------------------------------------------------------------


def test_reservations_are_listed_by_status_sku_and_order(shop, others):
    stocked(shop, "LIST", quantity=1)
    held, short = others.place(("LIST", 1)), others.place(("LIST", 1))
    others.settle()
    clerk = shop.catalog.as_("clerk", "carl")
    found = clerk.get("/v1/reservations", params={"sku": "LIST", "sort": "arrived"}).expect(200)["data"]
    assert [each["order_id"] for each in found] == [held["id"], short["id"]]
    found = clerk.get("/v1/reservations", params={"sku": "LIST", "status": "short"}).expect(200)["data"]
    assert [each["order_id"] for each in found] == [short["id"]]
    assert shop.catalog.as_("picker", "pia").get("/v1/reservations").status == 403
    assert clerk.get("/v1/reservations/0190c0de-0000-7000-8000-000000000000").status == 404


def test_a_level_is_explained_by_the_orders_that_hold_it_and_wait_for_it(shop, others):
    stocked(shop, "EXPL", quantity=3)
    first, second, third = (others.place(("EXPL", n)) for n in (2, 2, 5))
    others.settle()
    why = shop.catalog.get("/v1/stock/EXPL/explain").expect(200)
    assert (why["on_hand"], why["reserved"], why["available"]) == (3, 2, 1)
    assert why["held"] == {"orders": 1, "units": 2} and why["backordered"] == {"orders": 2, "units": 7}
    assert [each["order_id"] for each in why["held_by"]] == [first["id"]]
    assert [(each["order_id"], each["missing"]) for each in why["backorders"]] == [(second["id"], 2), (third["id"], 5)]
    work = shop.catalog.as_("merchandiser", "ann").get("/v1/work").json["data"]
    restock = next(each for each in work if each["title"] == "EXPL")
    assert (restock["kind"], restock["orders"], restock["units"]) == ("restock", 2, 7)


def test_a_reservation_that_uses_up_the_stock_says_that_it_is_low(shop, others):
    stocked(shop, "DROP", quantity=5)
    shop.catalog.post("/v1/stock/DROP/reorder-point", {"reorder_point": 3}).expect(200)
    order = others.place(("DROP", 2))
    others.settle()

    def low():
        events = shop.catalog.get("/v1/events", params={"aggregate": "DROP", "type": "catalog.stock.low"}).json["data"]
        return [event["data"]["available"] for event in events]

    assert low() == [3]
    others.cancel(order)
    others.place(("DROP", 5))
    others.settle()
    assert low() == [3, 0]


def test_a_point_to_reorder_at_waits_for_the_batch_that_reserves(shop, others):
    stocked(shop, "POINT", quantity=5)
    with others.allocation_held():
        setting = Thread(shop.catalog.post, "/v1/stock/POINT/reorder-point", {"reorder_point": 3})
        time.sleep(0.3)
        assert shop.catalog.get("/v1/reorder-points/POINT").status == 404
    setting.finish()
    assert shop.catalog.get("/v1/reorder-points/POINT").json["reorder_point"] == 3


# -- races -----------------------------------------------------------------------------------------------------------


def test_a_thousand_orders_for_a_hundred_pieces_with_three_instances(open_shop):
    shop = open_shop(services=("catalog",), instances=3)
    others = Others(shop)
    stocked(shop, "HOT", quantity=100)
    orders = [others.order([("HOT", 1)]) for _ in range(1000)]
    others.publish([others.placed(each) for each in orders])
    others.settle()
    rows = shop.sql("catalog", "select order_id::text, status from reservation order by arrived")
    assert [row["order_id"] for row in rows] == [each["id"] for each in orders]
    assert [row["status"] for row in rows] == ["held"] * 100 + ["short"] * 900
    assert others.level("HOT") == (100, 100, 0)
    shop.road.book_in("HOT", 50)
    rows = shop.sql("catalog", "select status from reservation order by arrived")
    assert [row["status"] for row in rows] == ["held"] * 150 + ["short"] * 850
    others.settle()
    books_hold(shop)


def test_the_order_of_arrival_holds_though_instances_are_killed_and_nats_restarts(open_shop):
    shop = open_shop(services=("catalog",), instances=3)
    others = Others(shop)
    stocked(shop, "KILL", quantity=100)
    orders = [others.order([("KILL", 1)]) for _ in range(1500)]
    for start in range(0, 1500, 300):
        others.publish([others.placed(each) for each in orders[start:start + 300]])
        shop.kill("catalog", start // 300 % 3)
        if start == 600:
            shop.nats.kill9()
            shop.nats.start()
        shop.start("catalog", start // 300 % 3)
    others.settle(120)
    rows = shop.sql("catalog", "select order_id::text, status from reservation order by arrived")
    assert [row["order_id"] for row in rows] == [each["id"] for each in orders]
    assert [row["status"] for row in rows] == ["held"] * 100 + ["short"] * 1400
    books_hold(shop)


def test_the_books_hold_while_stock_comes_and_goes_and_orders_come_and_go(open_shop):
    shop = open_shop(services=("catalog",), instances=3)
    others = Others(shop)
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
            answer = shop.catalog.post("/v1/stock/movements", body, sub=name)
            assert answer.status == 201 or answer.code == "stock.insufficient", answer

    threads = [Thread(movements, f"stan-{n}") for n in range(4)]
    orders = []
    for _ in range(60):
        batch = [others.order([(sku, dice.randint(1, 3)) for sku in dice.sample(skus, dice.randint(1, 4))],
                              allow_partial=dice.random() < 0.3) for _ in range(10)]
        news = [others.placed(each) for each in batch]
        for order in dice.sample(orders, min(5, len(orders))):
            if not order.get("shipped"):        # orders and fulfilment see to that by their handshake
                news.append(others.cancelled(order))
                orders.remove(order)
        orders += batch
        others.publish(news)
        for order in dice.sample(orders, min(3, len(orders))):
            ship_whatever_is_held(shop, others, order)
    done.set()
    for thread in threads:
        thread.finish()
    others.settle()
    books_hold(shop)
    assert shop.catalog.get("/v1/dead-letters").json["data"] == []


def ship_whatever_is_held(shop, others, order):
    found = shop.catalog.get("/v1/reservations", params={"order_id": order["id"], "status": "held"}).json["data"]
    if not found or order.get("shipped"):
        return
    order["shipped"] = True
    warehouses = {cell["warehouse"] for cell in found[0]["allocation"]}
    for warehouse in warehouses:
        others.ship(order, *((cell["sku"], cell["quantity"]) for cell in found[0]["allocation"]
                             if cell["warehouse"] == warehouse), warehouse=warehouse)


class Thread(threading.Thread):
    """Tells what went wrong in it."""

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
