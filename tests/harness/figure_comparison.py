"""Compares the figures of analytics with an independent count, in windows chosen at random."""
import os
import time
from collections import Counter

from expected_figures import ExpectedFigures
from expected_sales import days, expected_sales

SEED = int(os.environ.get("SEED") or time.time_ns() % 10**9)
# The range of windows, the channels, and the length of pages; test_real_figures.py sets its own.
BEGIN, SPAN, CHANNELS, PAGE = "2011-02-25", 70, (None, "web", "ebay"), 4
CUTS = ("hour", "day", "week", "month", "channel", "country", "customer", "product")


def compare(shop, chance, orders, refunds, zone, windows):
    compared = 0
    for _ in range(windows):
        start = days(BEGIN, chance.randrange(SPAN))
        end = days(start, chance.choice((1, 1, 7, chance.randrange(1, 90))))
        currency, channel = chance.choice(("GBP", "GBP", "EUR")), chance.choice((None, *CHANNELS))
        for by in CUTS:
            params = {"from": start, "to": end, "by": by, "currency": currency, **({"channel": channel} if channel else {})}
            response = shop.analytics.get("/v1/sales", params=params).expect(200)
            rows, totals = expected_sales(orders, refunds, start, end, by, zone, channel, currency)
            where = f"{params}, SEED={SEED}"
            assert response["totals"] == totals, where
            figures = {row["key"]: {name: row[name] for name in rows.get(row["key"], row) if row.get(name) is not None}
                       for row in response["data"]}
            wanted = {key: {name: value for name, value in row.items() if by != "product" or name in ("orders", "units", "gross")}
                      for key, row in rows.items()}
            wanted = {key: {name: value for name, value in row.items() if value is not None} for key, row in wanted.items()}
            assert figures == (wanted if not response["more"] else {key: wanted.get(key) for key in figures}), where
            compared += sum(len(row) for row in figures.values()) + len(totals)
            if rows and chance.random() < 0.3:
                compared += compare_behind(shop, params, chance.choice(sorted(rows)), rows)
    return compared


def compare_previous(shop, chance, orders, refunds, zone, windows):
    """Compare every row and the totals with those of the previous window."""
    compared = 0
    for _ in range(windows):
        start, length = days(BEGIN, 8 + chance.randrange(SPAN - 10)), chance.choice((1, 7, 28, chance.randrange(1, 40)))
        for by in CUTS:
            params = {"from": start, "to": days(start, length), "by": by, "currency": "GBP", "compare": "previous"}
            response = shop.analytics.get("/v1/sales", params=params).expect(200)
            before, totals = expected_sales(orders, refunds, days(start, -length), start, by, zone, later=length)
            now, _ = expected_sales(orders, refunds, start, days(start, length), by, zone)
            where = f"{params}, SEED={SEED}"
            assert response["totals"]["previous"] == totals and response["previous"] == {"from": days(start, -length), "to": start}, where
            assert {row["key"] for row in response["data"]} == {*before, *now} or response["more"], where
            for row in response["data"]:
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
        response = asked(shop, "/v1/customers/figures", **{"from": start, "to": end, "by": by})
        assert (response["data"], response["totals"]) == own.customers(start, end, by), f"{start} {end} {by} SEED={SEED}"
        compared += figures_in(response["data"])
    for kind in ("new", "returning", "repeating"):
        found = list(shop.analytics.all("/v1/customers", limit=PAGE, params={"from": start, "to": end, "kind": kind}))
        assert len(found) == response["totals"][kind] == len({each["customer"] for each in found}), f"{start} {end} {kind} SEED={SEED}"
    return compared


def compare_rfm(shop, chance, own):
    as_of, length, currency = days(BEGIN, 4 + chance.randrange(SPAN + 10)), chance.choice((7, 30, 365)), chance.choice(("GBP", "EUR"))
    params, wanted = {"as_of": as_of, "days": length, "currency": currency}, own.rfm(as_of, length, currency)
    response = asked(shop, "/v1/rfm", **params)
    assert list(shop.analytics.all("/v1/rfm/customers", limit=PAGE, params=params)) == wanted, f"{params} SEED={SEED}"
    for row in response["data"]:
        some = [each for each in wanted if each["segment"] == row["segment"]]
        assert (row["customers"], row["orders"], row["net"]) == (len(some), sum(each["orders"] for each in some), sum(each["net"] for each in some))
        assert list(shop.analytics.all("/v1/rfm/customers", limit=100, params={**params, "segment": row["segment"]})) == some
    assert sum(row["customers"] for row in response["data"]) == response["customers"] == len(wanted)
    for of in ("recency", "frequency", "monetary"):
        assert {each["score"]: each["customers"] for each in response["quintiles"] if each["of"] == of} == Counter(row[of] for row in wanted)
    return figures_in(wanted)


def compare_products(shop, chance, own, start, end):
    compared, window, currency = 0, {"from": start, "to": end}, chance.choice(("GBP", "GBP", "EUR"))
    for order in ("gross", "units"):
        limit, channel = chance.choice((1, 3, 20)), chance.choice(CHANNELS)
        more = {"channel": channel} if channel else {}
        response = asked(shop, "/v1/products/ranking", **window, order=order, limit=limit, currency=currency, **more)
        wanted = own.ranking(start, end, order, limit, currency, channel)
        assert bare(response["data"], "title", "category") == wanted, f"{window} {order} {limit} {channel} {currency} SEED={SEED}"
        compared += figures_in(wanted)
    for by in ("product", "reason", "day", "week", "month"):
        response = asked(shop, "/v1/returns", **window, by=by, currency=currency, limit=1000)
        wanted = own.returns(start, end, by, currency)
        assert (bare(response["data"], "title"), response["totals"]) == wanted, f"{window} {by} {currency} SEED={SEED}"
        compared += figures_in(wanted[0])
        for row in chance.sample(wanted[0], min(2, len(wanted[0]))):
            found = list(shop.analytics.all("/v1/returns/events", limit=7, params={**window, "by": by, "currency": currency, "key": row["key"]}))
            assert len(found) == row["refunds"], f"{window} {by} {row} SEED={SEED}"
    most, length = chance.choice((0, 20, 1000)), chance.choice((3, 14, 40))
    found = list(shop.analytics.all("/v1/products/slow", limit=3, params={"as_of": end, "days": length, "most": most}))
    assert bare(found, "title", "category") == own.slow(end, length, most), f"{end} {length} {most} SEED={SEED}"
    return compared + figures_in(found)


def compare_more(shop, chance, orders, refunds, moves, zone, windows):
    own = ExpectedFigures(orders, refunds, moves, zone)
    compared = compare_previous(shop, chance, orders, refunds, zone, windows)
    for start, end in (("2011-01-01", "2012-01-01"), ("2011-03-01", "2011-05-01"), ("2011-04-01", "2011-05-01")):
        response = asked(shop, "/v1/cohorts", **{"from": start, "to": end})["data"]
        assert response == own.cohorts(start, end), f"{start} {end} SEED={SEED}"
        compared += figures_in(response) + sum(figures_in(row["months"]) for row in response)
        compared += compare_products(shop, chance, own, start, end)
    for _ in range(windows):
        start = days(BEGIN, chance.randrange(SPAN))
        end = days(start, chance.choice((1, 7, chance.randrange(1, 90), 365)))
        compared += compare_customers(shop, own, start, end) + compare_products(shop, chance, own, start, end)
        compared += compare_rfm(shop, chance, own)
    return compared


def compare_behind(shop, params, key, rows):
    """The events behind a figure add up to it."""
    found = list(shop.analytics.all("/v1/sales/events", limit=100, params={**params, "key": key}))
    for name in ("orders", "units", "gross", "refunds") if params["by"] != "product" else ("orders", "units", "gross"):
        assert sum(each[name] for each in found) == rows[key][name], f"{params} {key} {name}, SEED={SEED}"
    assert len({each["event_id"] for each in found}) == len(found)
    return 1
