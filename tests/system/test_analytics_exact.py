"""Every figure equals an independent count, whatever the order of the news, and a rebuild gives the same bytes."""
import os
import random
import time
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from analytics_news import News, count, days, rfc3339
from stack.client import eventually

SEED = int(os.environ.get("SEED") or time.time_ns() % 10**9)
TABLES = {"fact_order": "order_id", "fact_line": "order_id, line", "fact_refund": "refund_id", "fact_parcel": "shipment_id",
          "fact_ticket": "ticket_id", "fact_survey": "survey_id", "parcel_rollup": "start, carrier, warehouse", "sku": "sku",
          "sales_rollup": "dimension, grain, start, currency, channel, key", "quarantine": "id", "figures": "one"}
FIRST = datetime(2011, 3, 1, tzinfo=timezone.utc)
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
            refunds.append(news.refund(order, chance.randrange(1, gross + 2), rfc3339(back), back, False))
    return orders, refunds


def shuffled(said, chance, within=100):
    """Out of order by up to `within` places, with repeats under other message ids; each aggregate's first stays known."""
    some = [(place + chance.uniform(0, within), *each) for place, each in enumerate(said)]
    some += [(place + chance.uniform(0, 3 * within), subject, payload, None) for place, subject, payload, _ in some
             if chance.random() < 0.2]
    return [each[1:] for each in sorted(some, key=lambda each: each[0])]


def compare(shop, chance, orders, refunds, zone, windows):
    compared = 0
    for _ in range(windows):
        start = days("2011-02-25", chance.randrange(70))
        end = days(start, chance.choice((1, 1, 7, chance.randrange(1, 90))))
        currency, channel = chance.choice(("GBP", "GBP", "EUR")), chance.choice((None, None, "web", "ebay"))
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
            assert figures == wanted, where
            compared += sum(len(row) for row in rows.values()) + len(totals)
            if rows and chance.random() < 0.3:
                compared += compare_behind(shop, params, chance.choice(sorted(rows)), rows)
    return compared


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
    orders, refunds = some_months(news, chance, 300)
    for each in shuffled(news.said, chance):
        news.publish(*each)
    news.heard(120)
    compared = compare(shop, chance, orders, refunds, zone, 12)
    print(f"{compared} figures compared, none differs")
    assert compared > 1000

    before = bytes_of(shop)
    for each in news.said:              # all of it once more, past the stream's own window
        news.publish(each[0], each[1])
    news.heard(120)
    assert bytes_of(shop) == before, f"repeats changed something, SEED={SEED}"

    shop.sql("analytics", "truncate fact_order, fact_line, fact_refund, sales_rollup, quarantine")
    done = rebuild(shop)
    assert done["applied"] == done["total"] == shop.value("analytics", "select count(*) from archive")
    after = bytes_of(shop)
    for table in TABLES:
        assert after[table].split("\n") == before[table].split("\n"), f"{table}, SEED={SEED}"
    assert compare(shop, chance, orders, refunds, zone, 2)


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
    busy = shop.analytics.get("/v1/sales", params={"from": "2011-03-01", "to": "2011-03-02"})
    assert (busy.status, busy.code) == (503, "figures.rebuilding")
    shop.kill("analytics")
    held.close()
    shop.start("analytics")
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
