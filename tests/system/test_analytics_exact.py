"""Every figure equals an independent count, whatever the order of the news, and a rebuild gives the same bytes."""
import os
import random
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from figures_count import Count
from analytics_news import News, count, days, rfc3339
from stack.client import eventually

SEED = int(os.environ.get("SEED") or time.time_ns() % 10**9)
ORDERS = int(os.environ.get("FIGURES_ORDERS") or 300)
WINDOWS = 6 + ORDERS // 500
TABLES = {"fact_order": "order_id", "fact_line": "order_id, line", "fact_refund": "refund_id", "fact_parcel": "shipment_id",
          "fact_ticket": "ticket_id", "fact_survey": "survey_id", "fact_return": "refund_id, line", "fact_movement": "movement_id",
          "stock": "sku, warehouse", "customer": "customer", "cohort_member": "customer, start", "cohort_rollup": "cohort, start", "ingest_rollup": "start, type", "parcel_rollup": "start, carrier, warehouse", "sku": "sku",
          "sales_rollup": "dimension, grain, start, currency, channel, key", "quarantine": "id", "figures": "one"}
FIRST = datetime(2011, 3, 1, tzinfo=timezone.utc)
# Where windows begin, which channels are asked for, and how long pages are: test_real_figures.py has its own.
BEGIN, SPAN, CHANNELS, PAGE = "2011-02-25", 70, (None, "web", "ebay"), 4
CUTS = ("hour", "day", "week", "month", "channel", "country", "customer", "product")


def bytes_of(shop, tables=TABLES):
    return {table: shop.value("analytics", f"select coalesce(string_agg(t::text, chr(10) order by {key}), '') from {table} t")
            for table, key in tables.items()}


def some_months(news, chance, number):
    """Orders over ten weeks around the change to summer time, with all that can happen to them; not yet published."""
    orders, refunds = [], []
    for _ in range(number):
        at = FIRST + timedelta(seconds=chance.randrange(70 * 86400))
        lines = [(f"SKU-{chance.randrange(12)}", chance.randrange(1, 9), chance.randrange(0, 5000))
                 for _ in range(chance.randrange(1, 5))]
        gross = sum(quantity * price for _, quantity, price in lines)
        order = news.order(lines, placed_at=rfc3339(at), at=at, publish=False, channel=chance.choice(("web", "ebay", "shop")),
                           country=chance.choice(("GB", "GB", "FR", "DE", "")), discount=chance.randrange(gross // 3 + 1),
                           customer_ref=chance.choice((None, *(f"c-{n}" for n in range(9)))),
                           currency=chance.choice(("GBP",) * 5 + ("EUR",)))
        orders.append(order)
        if chance.random() < 0.8:
            news.step(order, "paid", at + timedelta(minutes=1), False, paid=gross)
        fate = chance.random()
        if fate < 0.25:
            news.step(order, "cancelled", at + timedelta(hours=1), False, status="cancelled")
        elif fate < 0.8:
            for hours, verb in enumerate(("confirmed", "shipped", "delivered"), 2):
                news.step(order, verb, at + timedelta(hours=hours), False)
        if chance.random() < 0.3:       # also of orders that are void: those are no refunds
            back = at + timedelta(seconds=chance.randrange(20 * 86400))
            some = chance.sample(order["lines"], chance.randrange(len(order["lines"]) + 1))
            refunds.append(news.refund(order, chance.randrange(1, gross + 2), rfc3339(back), back, False,
                                       reason=chance.choice(("broken", "too late", "wrong size")), lines=[
                                           {"sku": line["sku"], "quantity": chance.randrange(1, line["quantity"] + 1)} for line in some]))
    return orders, refunds


def some_moves(news, chance, number):
    return [news.move(f"SKU-{chance.randrange(16)}", chance.randrange(-30, 60) or 1, FIRST + timedelta(seconds=chance.randrange(40 * 86400)),
                      False) for _ in range(number)]


def some_impossible(news, chance, number):
    """Orders and refunds that are set aside, with what can come after; and what mends them."""
    orders, refunds, mends = [], [], []
    for place in range(number):
        at = FIRST + timedelta(seconds=chance.randrange(70 * 86400))
        order = news.order([("SKU-1", 0, 100), ("SKU-2", 2, 300)], placed_at=rfc3339(at), at=at, publish=False, discount=9000,
                           customer_ref=f"c-{place}")
        mends.append((order["id"], {"discount": 50, "lines": [{"sku": "SKU-1", "quantity": 3, "unit_price": 100},
                                                             {"sku": "SKU-2", "quantity": 2, "unit_price": 300}]}))
        if place % 3 == 1:
            news.step(order, "cancelled", at + timedelta(hours=1), False, status="cancelled")
        elif place % 3 == 2:
            back = at + timedelta(days=1)
            refund = news.refund(order, 0, rfc3339(back), back, False)
            refunds.append({**refund, "amount": 70})
            mends.append((order["id"], {"amount": 70}))
        orders.append({**order, **mends[-1 if place % 3 != 2 else -2][1]})
    return orders, refunds, mends


def mend(shop, mends):
    """Orders first or refunds first: it does not matter."""
    aside = list(shop.analytics.all("/v1/quarantine", limit=100))
    for about, data in mends:
        row, = [each for each in aside if each["order_id"] == about and ("amount" in data) == (each["type"] == "orders.refund.paid")
                and each["reasons"] != ["refund.unknown_order"]]
        shop.analytics.as_("analyst").post(f"/v1/quarantine/{row['id']}/reprocess", {"reason": "asked the shop", "data": data}).expect(201)


def shuffled(said, chance, within=100):
    """Out of order by up to `within` places, with repeats under other message ids; each aggregate's first stays known."""
    some = [(place + chance.uniform(0, within), *each) for place, each in enumerate(said)]
    some += [(place + chance.uniform(0, 3 * within), subject, payload, None) for place, subject, payload, _ in some
             if chance.random() < 0.2]
    return [each[1:] for each in sorted(some, key=lambda each: each[0])]


def compare(shop, chance, orders, refunds, zone, windows):
    compared = 0
    for _ in range(windows):
        start = days(BEGIN, chance.randrange(SPAN))
        end = days(start, chance.choice((1, 1, 7, chance.randrange(1, 90))))
        currency, channel = chance.choice(("GBP", "GBP", "EUR")), chance.choice((None, *CHANNELS))
        for by in CUTS:
            params = {"from": start, "to": end, "by": by, "currency": currency, **({"channel": channel} if channel else {})}
            said = shop.analytics.get("/v1/sales", params=params).expect(200)
            rows, totals = count(orders, refunds, start, end, by, zone, channel, currency)
            where = f"{params}, SEED={SEED}"
            assert said["totals"] == totals, where
            figures = {row["key"]: {name: row[name] for name in rows.get(row["key"], row) if row.get(name) is not None}
                       for row in said["data"]}
            wanted = {key: {name: value for name, value in row.items() if by != "product" or name in ("orders", "units", "gross")}
                      for key, row in rows.items()}
            wanted = {key: {name: value for name, value in row.items() if value is not None} for key, row in wanted.items()}
            assert figures == (wanted if not said["more"] else {key: wanted.get(key) for key in figures}), where
            compared += sum(len(row) for row in figures.values()) + len(totals)
            if rows and chance.random() < 0.3:
                compared += compare_behind(shop, params, chance.choice(sorted(rows)), rows)
    return compared


def compare_previous(shop, chance, orders, refunds, zone, windows):
    """Every row and the totals beside those of as many days before."""
    compared = 0
    for _ in range(windows):
        start, length = days(BEGIN, 8 + chance.randrange(SPAN - 10)), chance.choice((1, 7, 28, chance.randrange(1, 40)))
        for by in CUTS:
            params = {"from": start, "to": days(start, length), "by": by, "currency": "GBP", "compare": "previous"}
            said = shop.analytics.get("/v1/sales", params=params).expect(200)
            before, totals = count(orders, refunds, days(start, -length), start, by, zone, later=length)
            now, _ = count(orders, refunds, start, days(start, length), by, zone)
            where = f"{params}, SEED={SEED}"
            assert said["totals"]["previous"] == totals and said["previous"] == {"from": days(start, -length), "to": start}, where
            assert {row["key"] for row in said["data"]} == {*before, *now} or said["more"], where
            for row in said["data"]:
                wanted = before.get(row["key"])
                names = ("orders", "units", "gross") if by == "product" else tuple(totals)
                assert all(row["previous"][name] == (wanted[name] if wanted else None if name == "average_order" else 0)
                           for name in names), f"{row} {wanted} {where}"
                compared += len(names)
    return compared


def asked(shop, path, **params):
    return shop.analytics.get(path, params=params).expect(200)


def bare(rows, *less):
    return [{name: value for name, value in row.items() if name not in less} for row in rows]


def figures_in(value):
    return sum(map(figures_in, value)) if isinstance(value, list) else len(value)


def compare_customers(shop, own, start, end):
    compared = 0
    for by in ("day", "week", "month"):
        said = asked(shop, "/v1/customers/figures", **{"from": start, "to": end, "by": by})
        assert (said["data"], said["totals"]) == own.customers(start, end, by), f"{start} {end} {by} SEED={SEED}"
        compared += figures_in(said["data"])
    for kind in ("new", "returning", "repeating"):
        found = list(shop.analytics.all("/v1/customers", limit=PAGE, params={"from": start, "to": end, "kind": kind}))
        assert len(found) == said["totals"][kind] == len({each["customer"] for each in found}), f"{start} {end} {kind} SEED={SEED}"
    return compared


def compare_rfm(shop, chance, own):
    as_of, length, currency = days(BEGIN, 4 + chance.randrange(SPAN + 10)), chance.choice((7, 30, 365)), chance.choice(("GBP", "EUR"))
    params, wanted = {"as_of": as_of, "days": length, "currency": currency}, own.rfm(as_of, length, currency)
    said = asked(shop, "/v1/rfm", **params)
    assert list(shop.analytics.all("/v1/rfm/customers", limit=PAGE, params=params)) == wanted, f"{params} SEED={SEED}"
    for row in said["data"]:
        some = [each for each in wanted if each["segment"] == row["segment"]]
        assert (row["customers"], row["orders"], row["net"]) == (len(some), sum(each["orders"] for each in some), sum(each["net"] for each in some))
        assert list(shop.analytics.all("/v1/rfm/customers", limit=100, params={**params, "segment": row["segment"]})) == some
    assert sum(row["customers"] for row in said["data"]) == said["customers"] == len(wanted)
    for of in ("recency", "frequency", "monetary"):
        assert {each["score"]: each["customers"] for each in said["quintiles"] if each["of"] == of} == Counter(row[of] for row in wanted)
    return figures_in(wanted)


def compare_products(shop, chance, own, start, end):
    compared, window, currency = 0, {"from": start, "to": end}, chance.choice(("GBP", "GBP", "EUR"))
    for order in ("gross", "units"):
        limit, channel = chance.choice((1, 3, 20)), chance.choice(CHANNELS)
        more = {"channel": channel} if channel else {}
        said = asked(shop, "/v1/products/ranking", **window, order=order, limit=limit, currency=currency, **more)
        wanted = own.ranking(start, end, order, limit, currency, channel)
        assert bare(said["data"], "title", "category") == wanted, f"{window} {order} {limit} {channel} {currency} SEED={SEED}"
        compared += figures_in(wanted)
    for by in ("product", "reason", "day", "week", "month"):
        said = asked(shop, "/v1/returns", **window, by=by, currency=currency, limit=1000)
        wanted = own.returns(start, end, by, currency)
        assert (bare(said["data"], "title"), said["totals"]) == wanted, f"{window} {by} {currency} SEED={SEED}"
        compared += figures_in(wanted[0])
        for row in chance.sample(wanted[0], min(2, len(wanted[0]))):
            found = list(shop.analytics.all("/v1/returns/events", limit=7, params={**window, "by": by, "currency": currency, "key": row["key"]}))
            assert len(found) == row["refunds"], f"{window} {by} {row} SEED={SEED}"
    most, length = chance.choice((0, 20, 1000)), chance.choice((3, 14, 40))
    found = list(shop.analytics.all("/v1/products/slow", limit=3, params={"as_of": end, "days": length, "max_units": most}))
    assert bare(found, "title", "category") == own.slow(end, length, most), f"{end} {length} {most} SEED={SEED}"
    return compared + figures_in(found)


def compare_more(shop, chance, orders, refunds, moves, zone, windows):
    own = Count(orders, refunds, moves, zone)
    compared = compare_previous(shop, chance, orders, refunds, zone, windows)
    for start, end in (("2011-01-01", "2012-01-01"), ("2011-03-01", "2011-05-01"), ("2011-04-01", "2011-05-01")):
        said = asked(shop, "/v1/cohorts", **{"from": start, "to": end})["data"]
        assert said == own.cohorts(start, end), f"{start} {end} SEED={SEED}"
        compared += figures_in(said) + sum(figures_in(row["months"]) for row in said)
        compared += compare_products(shop, chance, own, start, end)
    for _ in range(windows):
        start = days(BEGIN, chance.randrange(SPAN))
        end = days(start, chance.choice((1, 7, chance.randrange(1, 90), 365)))
        compared += compare_customers(shop, own, start, end) + compare_products(shop, chance, own, start, end)
        compared += compare_rfm(shop, chance, own)
    return compared


def nothing_is_lost(shop):
    said = asked(shop, "/v1/quality", **{"from": "2011-01-01", "to": "2012-01-01"})
    heard = {row["type"]: row["n"] for row in shop.sql("analytics", "select type, count(*) as n from archive group by 1")}
    heard.pop("analytics.correction.made", None)
    assert {row["type"]: row["received"] for row in said["data"]} == heard
    assert all(row["unexplained"] == 0 for row in said["data"])
    for type_, table, where in (("orders.order.placed", "fact_order", "true"), ("orders.refund.paid", "fact_refund", "state <> 'waiting'")):
        row, = [each for each in said["data"] if each["type"] == type_]
        assert row["booked"] == shop.value("analytics", f"select count(*) from {table} where {where}")
        assert row["quarantined"] == shop.value("analytics", "select count(*) from quarantine_json where type = %s", type_)
    return said


def compare_behind(shop, params, key, rows):
    """What is behind a figure adds up to it."""
    found = list(shop.analytics.all("/v1/sales/events", limit=100, params={**params, "key": key}))
    for name in ("orders", "units", "gross", "refunds") if params["by"] != "product" else ("orders", "units", "gross"):
        assert sum(each[name] for each in found) == rows[key][name], f"{params} {key} {name}, SEED={SEED}"
    assert len({each["event_id"] for each in found}) == len(found)
    return 1


def rebuild(shop):
    started = shop.analytics.post("/v1/rebuild")
    assert started.status == 202, started.text
    return eventually(lambda: (one := shop.analytics.get(f"/v1/rebuild/{started.json['id']}").json)["status"] == "done" and one, 60)


@pytest.mark.parametrize("zone, instances", [("Europe/London", 1), ("Asia/Shanghai", 3)])
def test_every_figure_is_exact_whatever_the_order_of_the_news_and_rebuilt_to_the_same_bytes(open_shop, zone, instances):
    print(f"SEED={SEED}")
    chance = random.Random(SEED)
    shop = open_shop(services=("analytics",), instances=instances, env={"SHOP_TIME_ZONE": zone, "CONSUME_BACKOFF_MS": "20"})
    news = News(shop)
    orders, refunds = some_months(news, chance, ORDERS)
    moves = some_moves(news, chance, 60)
    mended_orders, mended_refunds, mends = some_impossible(news, chance, 9)
    for each in shuffled(news.said, chance):
        news.publish(*each)
    news.heard(60 + ORDERS // 5)
    assert nothing_is_lost(shop)["totals"]["quarantined"] == len(mends)
    mend(shop, chance.sample(mends, len(mends)))
    assert nothing_is_lost(shop)["totals"]["quarantined"] == 0
    orders, refunds = orders + mended_orders, refunds + mended_refunds
    compared = compare(shop, chance, orders, refunds, zone, WINDOWS)
    compared += compare_more(shop, chance, orders, refunds, moves, zone, WINDOWS)
    print(f"{compared} figures compared, none differs")
    assert compared > 1000

    before = bytes_of(shop)
    for each in news.said:              # all of it once more, past the stream's own window
        news.publish(each[0], each[1])
    news.heard(120)
    assert bytes_of(shop) == before, f"repeats changed something, SEED={SEED}"

    shop.sql("analytics", "truncate fact_order, fact_line, fact_refund, fact_return, sales_rollup, customer, cohort_member, cohort_rollup, stock, ingest_rollup, quarantine")
    done = rebuild(shop)
    assert done["applied"] == done["total"] == shop.value("analytics", "select count(*) from archive")
    after = bytes_of(shop)
    for table in TABLES:
        assert after[table].split("\n") == before[table].split("\n"), f"{table}, SEED={SEED}"
    assert compare(shop, chance, orders, refunds, zone, 2)
    assert compare_more(shop, chance, orders, refunds, moves, zone, 1)


def test_the_order_in_which_news_come_leaves_no_trace_in_the_tables(open_shop):
    print(f"SEED={SEED}")
    chance = random.Random(SEED)
    first, second = (open_shop(services=("analytics",)) for _ in range(2))
    news = News(first)
    some_months(news, chance, 120)
    other = News(second)
    for each in news.said:
        news.publish(*each)
    for each in shuffled(news.said, chance, 400):
        other.publish(*each)
    news.heard(120)
    other.heard(120)
    assert bytes_of(first) == bytes_of(second), f"SEED={SEED}"


def test_a_rebuild_under_traffic_loses_and_doubles_nothing(open_shop):
    chance = random.Random(SEED)
    shop = open_shop(services=("analytics",), instances=2)
    news = News(shop)
    orders, refunds = some_months(news, chance, 400)
    half = len(news.said) // 2
    for each in news.said[:half]:
        news.publish(*each)
    news.heard(120)
    started = shop.analytics.post("/v1/rebuild").expect(202)
    for each in news.said[half:]:
        news.publish(*each)
    news.heard(120)
    eventually(lambda: shop.analytics.get(f"/v1/rebuild/{started['id']}").json["status"] == "done", 60)
    assert compare(shop, chance, orders, refunds, "Europe/London", 4)
    types = [event["type"] for event in shop.events("analytics")]
    assert types == ["analytics.rebuild.started", "analytics.rebuild.finished"]


def caught_running(shop, held):
    """A rebuild that cannot go on as long as the connection holds its row."""
    for _ in range(20):
        started = shop.analytics.post("/v1/rebuild").expect(202)
        held.cursor().execute("select from rebuild for update")
        if shop.analytics.get(f"/v1/rebuild/{started['id']}").json["status"] == "running":
            return started
        held.rollback()
    raise AssertionError("every rebuild was over at once")


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


def test_a_rebuild_goes_on_after_a_kill_and_figures_wait_for_it(open_shop):
    chance = random.Random(SEED)
    shop = open_shop(services=("analytics",))
    news = News(shop)
    orders, refunds = some_months(news, chance, 300)
    for each in news.said:
        news.publish(*each)
    news.heard(120)
    before = bytes_of(shop)
    # Somebody holds what a rebuild needs, so that it cannot end before the kill.
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


def test_a_rebuild_is_taken_note_of_at_once_and_waits_for_who_is_reading(open_shop):
    shop = open_shop(services=("analytics",))
    news = News(shop)
    news.order([("MUG", 2, 450)], placed_at="2011-01-05T12:00:00Z")
    news.heard()
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


def test_another_time_zone_is_taken_up_by_a_rebuild(open_shop):
    shop = open_shop(services=("analytics",), env={"SHOP_TIME_ZONE": "Europe/London"})
    news = News(shop)
    news.order(placed_at="2011-01-01T18:00:00Z")
    news.heard()

    def day():
        said = shop.analytics.get("/v1/sales", params={"from": "2011-01-01", "to": "2011-01-03"}).json
        return said["time_zone"], [row["key"] for row in said["data"]]

    shop.restart("analytics", env={"SHOP_TIME_ZONE": "Asia/Shanghai"})
    news.order(placed_at="2011-01-01T19:00:00Z")
    news.heard()
    assert day() == ("Europe/London", ["2011-01-01"]), "never two zones in one figure"
    rebuild(shop)
    assert day() == ("Asia/Shanghai", ["2011-01-02"])


def test_figures_are_right_after_analytics_was_away(open_shop):
    shop = open_shop(services=("analytics",), instances=2)
    news = News(shop)
    news.order([("MUG", 1, 100)], placed_at="2011-01-05T12:00:00Z")
    news.heard()
    shop.kill("analytics")
    news.order([("MUG", 1, 200)], placed_at="2011-01-05T12:00:00Z")
    shop.start("analytics")
    news.heard()
    said = shop.analytics.get("/v1/sales", params={"from": "2011-01-05", "to": "2011-01-06"}).json
    assert said["totals"]["gross"] == 300
