"""Every figure equals an independent count in any order of events, and a rebuild gives the same bytes."""
import os
import random
import time
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from event_publisher import EventPublisher, rfc3339
from figure_comparison import SEED, asked, compare, compare_more
from stack.client import eventually

ORDERS = int(os.environ.get("FIGURES_ORDERS") or 300)
WINDOWS = 6 + ORDERS // 500
TABLES = {"fact_order": "order_id", "fact_line": "order_id, line", "fact_refund": "refund_id", "fact_parcel": "shipment_id",
          "fact_ticket": "ticket_id", "fact_survey": "survey_id", "fact_return": "refund_id, line", "fact_move": "move_id",
          "stock": "sku, warehouse", "customer": "customer", "cohort_member": "customer, start", "cohort_rollup": "cohort, start", "intake_rollup": "start, type", "parcel_rollup": "start, carrier, warehouse", "sku": "sku",
          "sales_rollup": "dimension, grain, start, currency, channel, key", "quarantine": "id", "figures": "one"}
FIRST = datetime(2011, 3, 1, tzinfo=timezone.utc)


def bytes_of(shop, tables=TABLES):
    return {table: shop.value("analytics", f"select coalesce(string_agg(t::text, chr(10) order by {key}), '') from {table} t")
            for table, key in tables.items()}


def some_months(publisher, chance, number):
    """Orders over ten weeks around the change to daylight saving time, with all kinds of events; not sent yet."""
    orders, refunds = [], []
    for _ in range(number):
        at = FIRST + timedelta(seconds=chance.randrange(70 * 86400))
        lines = [(f"SKU-{chance.randrange(12)}", chance.randrange(1, 9), chance.randrange(0, 5000))
                 for _ in range(chance.randrange(1, 5))]
        gross = sum(quantity * price for _, quantity, price in lines)
        order = publisher.place(*lines, placed_at=rfc3339(at), at=at, send=False, channel=chance.choice(("web", "ebay", "shop")),
                           country=chance.choice(("GB", "GB", "FR", "DE", "")), discount=chance.randrange(gross // 3 + 1),
                           customer_ref=chance.choice((None, *(f"c-{n}" for n in range(9)))),
                           currency=chance.choice(("GBP",) * 5 + ("EUR",)))
        orders.append(order)
        if chance.random() < 0.8:
            publisher.change(order, "paid", at + timedelta(minutes=1), False, paid=gross)
        fate = chance.random()
        if fate < 0.25:
            publisher.change(order, "cancelled", at + timedelta(hours=1), False, status="cancelled")
        elif fate < 0.8:
            for hours, verb in enumerate(("confirmed", "shipped", "delivered"), 2):
                publisher.change(order, verb, at + timedelta(hours=hours), False)
        if chance.random() < 0.3:       # also of void orders: those do not count as refunds
            back = at + timedelta(seconds=chance.randrange(20 * 86400))
            some = chance.sample(order["lines"], chance.randrange(len(order["lines"]) + 1))
            refunds.append(publisher.refund(order, chance.randrange(1, gross + 2), rfc3339(back), back, False,
                                       reason=chance.choice(("broken", "too late", "wrong size")), lines=[
                                           {"sku": line["sku"], "quantity": chance.randrange(1, line["quantity"] + 1)} for line in some]))
    return orders, refunds


def some_moves(publisher, chance, number):
    return [publisher.stock_moved(f"SKU-{chance.randrange(16)}", chance.randrange(-30, 60) or 1, FIRST + timedelta(seconds=chance.randrange(40 * 86400)),
                      False) for _ in range(number)]


def some_impossible(publisher, chance, number):
    """Orders and refunds that are quarantined, with later events; and their corrections."""
    orders, refunds, mends = [], [], []
    for place in range(number):
        at = FIRST + timedelta(seconds=chance.randrange(70 * 86400))
        order = publisher.place(("SKU-1", 0, 100), ("SKU-2", 2, 300), placed_at=rfc3339(at), at=at, send=False, discount=9000,
                           customer_ref=f"c-{place}")
        mends.append((order["id"], {"discount": 50, "lines": [{"sku": "SKU-1", "quantity": 3, "unit_price": 100},
                                                             {"sku": "SKU-2", "quantity": 2, "unit_price": 300}]}))
        if place % 3 == 1:
            publisher.change(order, "cancelled", at + timedelta(hours=1), False, status="cancelled")
        elif place % 3 == 2:
            back = at + timedelta(days=1)
            refund = publisher.refund(order, 0, rfc3339(back), back, False)
            refunds.append({**refund, "amount": 70})
            mends.append((order["id"], {"amount": 70}))
        orders.append({**order, **mends[-1 if place % 3 != 2 else -2][1]})
    return orders, refunds, mends


def mend(shop, mends):
    """Reprocess quarantined events; the order of orders and refunds does not matter."""
    aside = list(shop.analytics.all("/v1/quarantine", limit=100))
    for about, data in mends:
        row, = [each for each in aside if each["about"] == about and ("amount" in data) == (each["type"] == "orders.refund.paid")
                and each["reasons"] != ["refund.unknown_order"]]
        shop.analytics.as_("analyst").post(f"/v1/quarantine/{row['id']}/mend", {"reason": "asked the shop", "data": data}).expect(201)


def shuffled(events, chance, within=100):
    """The events out of order by up to `within` places, some of them repeated."""
    some = [(place + chance.uniform(0, within), each) for place, each in enumerate(events)]
    some += [(place + chance.uniform(0, 3 * within), each) for place, each in some if chance.random() < 0.2]
    return [each for _, each in sorted(some, key=lambda pair: pair[0])]


def nothing_is_lost(shop):
    response = asked(shop, "/v1/quality", **{"from": "2011-01-01", "to": "2012-01-01"})
    received = {row["type"]: row["n"] for row in shop.sql("analytics", "select type, count(*) as n from archive group by 1")}
    received.pop("analytics.mend.made", None)
    assert {row["type"]: row["heard"] for row in response["data"]} == received
    assert all(row["unexplained"] == 0 for row in response["data"])
    for type_, table, where in (("orders.order.placed", "fact_order", "true"), ("orders.refund.paid", "fact_refund", "state <> 'waiting'")):
        row, = [each for each in response["data"] if each["type"] == type_]
        assert row["booked"] == shop.value("analytics", f"select count(*) from {table} where {where}")
        assert row["set_aside"] == shop.value("analytics", "select count(*) from quarantine_json where type = %s", type_)
    return response


def rebuild(shop):
    started = shop.analytics.post("/v1/rebuild")
    assert started.status == 202, started.text
    return eventually(lambda: (one := shop.analytics.get(f"/v1/rebuild/{started.json['id']}").json)["status"] == "done" and one, 60)


@pytest.mark.parametrize("zone, instances", [("Europe/London", 1), ("Asia/Shanghai", 3)])
def test_every_figure_is_exact_in_any_order_of_events_and_rebuilt_to_the_same_bytes(open_shop, zone, instances):
    print(f"SEED={SEED}")
    chance = random.Random(SEED)
    shop = open_shop(services=("analytics",), instances=instances, env={"SHOP_TIME_ZONE": zone, "CONSUME_BACKOFF_MS": "20"})
    publisher = EventPublisher(shop)
    orders, refunds = some_months(publisher, chance, ORDERS)
    moves = some_moves(publisher, chance, 60)
    mended_orders, mended_refunds, mends = some_impossible(publisher, chance, 9)
    publisher.send(*shuffled(publisher.events, chance))
    publisher.settle(60 + ORDERS // 5)
    assert nothing_is_lost(shop)["totals"]["set_aside"] == len(mends)
    mend(shop, chance.sample(mends, len(mends)))
    assert nothing_is_lost(shop)["totals"]["set_aside"] == 0
    orders, refunds = orders + mended_orders, refunds + mended_refunds
    compared = compare(shop, chance, orders, refunds, zone, WINDOWS)
    compared += compare_more(shop, chance, orders, refunds, moves, zone, WINDOWS)
    print(f"{compared} figures compared, none differs")
    assert compared > 1000

    before = bytes_of(shop)
    publisher.send(*publisher.events)
    publisher.settle(120)
    assert bytes_of(shop) == before, f"repeats changed a table, SEED={SEED}"

    shop.sql("analytics", "truncate fact_order, fact_line, fact_refund, fact_return, sales_rollup, customer, cohort_member, cohort_rollup, stock, intake_rollup, quarantine")
    done = rebuild(shop)
    assert done["applied"] == done["total"] == shop.value("analytics", "select count(*) from archive")
    after = bytes_of(shop)
    for table in TABLES:
        assert after[table].split("\n") == before[table].split("\n"), f"{table}, SEED={SEED}"
    assert compare(shop, chance, orders, refunds, zone, 2)
    assert compare_more(shop, chance, orders, refunds, moves, zone, 1)


def test_the_order_of_events_does_not_affect_the_tables(open_shop):
    print(f"SEED={SEED}")
    chance = random.Random(SEED)
    first, second = (open_shop(services=("analytics",)) for _ in range(2))
    publisher = EventPublisher(first)
    some_months(publisher, chance, 120)
    other = EventPublisher(second)
    publisher.send(*publisher.events)
    other.send(*shuffled(publisher.events, chance, 400))
    publisher.settle(120)
    other.settle(120)
    assert bytes_of(first) == bytes_of(second), f"SEED={SEED}"


def test_a_rebuild_under_traffic_loses_and_doubles_nothing(open_shop):
    chance = random.Random(SEED)
    shop = open_shop(services=("analytics",), instances=2)
    publisher = EventPublisher(shop)
    orders, refunds = some_months(publisher, chance, 400)
    half = len(publisher.events) // 2
    publisher.send(*publisher.events[:half])
    publisher.settle(120)
    started = shop.analytics.post("/v1/rebuild").expect(202)
    publisher.send(*publisher.events[half:])
    publisher.settle(120)
    eventually(lambda: shop.analytics.get(f"/v1/rebuild/{started['id']}").json["status"] == "done", 60)
    assert compare(shop, chance, orders, refunds, "Europe/London", 4)
    types = [event["type"] for event in shop.events("analytics")]
    assert types == ["analytics.rebuild.started", "analytics.rebuild.finished"]


def caught_running(shop, held):
    """A rebuild that is blocked as long as the connection holds its row."""
    for _ in range(20):
        started = shop.analytics.post("/v1/rebuild").expect(202)
        held.cursor().execute("select from rebuild for update")
        if shop.analytics.get(f"/v1/rebuild/{started['id']}").json["status"] == "running":
            return started
        held.rollback()
    raise AssertionError("every rebuild ended at once")


def test_only_one_rebuild_runs_at_a_time(open_shop):
    shop = open_shop(services=("analytics",))
    held = psycopg2.connect(shop.postgres.url("analytics", shop.database))
    caught_running(shop, held)
    shop.sql("analytics", "select pg_sleep(0)")
    held.rollback()
    began = shop.analytics.post("/v1/rebuild", key="r-1")
    assert began.status in (202, 409) and (began.status == 202 or began.code == "rebuild.running")
    assert shop.analytics.post("/v1/rebuild", key="r-1").text == began.text
    held.close()


def test_a_rebuild_continues_after_a_kill_and_figures_are_unavailable_meanwhile(open_shop):
    chance = random.Random(SEED)
    shop = open_shop(services=("analytics",))
    publisher = EventPublisher(shop)
    orders, refunds = some_months(publisher, chance, 300)
    publisher.send(*publisher.events)
    publisher.settle(120)
    before = bytes_of(shop)
    # A lock blocks the rebuild, so that it cannot end before the kill.
    held = psycopg2.connect(shop.postgres.url("analytics", shop.database))
    started = caught_running(shop, held)
    for path in ("sales", "sales/events", "products/ranking", "customers/figures", "customers", "returns/events", "quality"):
        busy = shop.analytics.get(f"/v1/{path}", params={"from": "2011-03-01", "to": "2011-03-02"})
        assert (busy.status, busy.code) == (503, "figures.rebuilding"), path
    shop.kill("analytics")
    held.close()
    shop.start("analytics")
    eventually(lambda: shop.analytics.get(f"/v1/rebuild/{started['id']}").json["status"] == "done", 60)
    assert bytes_of(shop) == before


def test_a_rebuild_is_accepted_at_once_and_waits_for_readers(open_shop):
    shop = open_shop(services=("analytics",))
    publisher = EventPublisher(shop)
    publisher.place(("MUG", 2, 450), placed_at="2011-01-05T12:00:00Z")
    publisher.settle()
    before = bytes_of(shop)
    with psycopg2.connect(shop.postgres.url("analytics", shop.database)) as reader:
        reader.cursor().execute("select from sales_rollup limit 1")
        began = time.monotonic()
        started = shop.analytics.post("/v1/rebuild").expect(202)
        assert time.monotonic() - began < 1
        time.sleep(1)
        assert shop.analytics.get(f"/v1/rebuild/{started['id']}").json["status"] == "running"
    reader.close()
    eventually(lambda: shop.analytics.get(f"/v1/rebuild/{started['id']}").json["status"] == "done", 60)
    assert bytes_of(shop) == before


def test_a_rebuild_applies_another_time_zone(open_shop):
    shop = open_shop(services=("analytics",), env={"SHOP_TIME_ZONE": "Europe/London"})
    publisher = EventPublisher(shop)
    publisher.place(placed_at="2011-01-01T18:00:00Z")
    publisher.settle()

    def day():
        response = shop.analytics.get("/v1/sales", params={"from": "2011-01-01", "to": "2011-01-03"}).json
        return response["time_zone"], [row["key"] for row in response["data"]]

    shop.restart("analytics", env={"SHOP_TIME_ZONE": "Asia/Shanghai"})
    publisher.place(placed_at="2011-01-01T19:00:00Z")
    publisher.settle()
    assert day() == ("Europe/London", ["2011-01-01"]), "never two zones in one figure"
    rebuild(shop)
    assert day() == ("Asia/Shanghai", ["2011-01-02"])


def test_figures_are_right_after_analytics_was_down(open_shop):
    shop = open_shop(services=("analytics",), instances=2)
    publisher = EventPublisher(shop)
    publisher.place(("MUG", 1, 100), placed_at="2011-01-05T12:00:00Z")
    publisher.settle()
    shop.kill("analytics")
    publisher.place(("MUG", 1, 200), placed_at="2011-01-05T12:00:00Z")
    shop.start("analytics")
    publisher.settle()
    response = shop.analytics.get("/v1/sales", params={"from": "2011-01-05", "to": "2011-01-06"}).json
    assert response["totals"]["gross"] == 300
