"""The figures of a real shop's whole file against independent counts: FIGURES_DATA=file.csv.gz FIGURES_WINDOWS=20.

Money is compared with the file's own lines (Decimal, read without the importer), everything else with expected_figures.py
over the orders in the file.
"""
import csv
import gzip
import os
import random
import time
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

import pytest
import figure_comparison
from expected_sales import days

from stack import bulk_import, shop_file, shop_history
from stack.client import eventually

DATA = os.environ.get("FIGURES_DATA")
WINDOWS = int(os.environ.get("FIGURES_WINDOWS") or 20)
SEED = int(os.environ.get("SEED") or time.time_ns() % 10**9)
SHOP = {"services": ("catalog", "orders", "analytics")}
FIRST, LAST = date(2010, 12, 1), date(2011, 6, 1)


def imported(shop, book):
    for client, kind, rows in ((shop.catalog, "products", book.products()), (shop.orders, "orders", (each.row() for each in book.orders)),
                               (shop.orders, "refunds", (each.row() for each in book.refunds))):
        job = bulk_import.watch(client, bulk_import.hand_in(client, kind, bulk_import.ndjson(rows)), patience=1200)
        assert job["status"] == "done" and not job["rows"]["refused"], job
        shop.settle(600)


def as_counted(book):
    """Orders and refunds as expected_figures.py needs them."""
    orders, refunds, by_ref = [], [], {}
    for each in book.orders:
        row = each.row()
        by_ref[each.ref] = {**row, "id": each.ref, "customer_ref": row["customer"]["ref"], "country": row["ship_to"]["country"],
                            "discount": 0, "paid": each.total, "refunded": 0}
        orders.append(by_ref[each.ref])
    for each in book.refunds:
        refunds.append({**each.row(), "order_id": each.ref, "currency": "GBP", "reason": "-"})
    return orders, refunds


def sale_lines(path):
    """(local time, SKU, customer, country, exact amount, units) of each sale line in whole pence."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            price, number = Decimal(row["UnitPrice"]), int(row["Quantity"])
            if row["InvoiceNo"].isdigit() and number > 0 and price > 0 and price * 100 == int(price * 100):
                yield (datetime.fromisoformat(row["InvoiceDate"]), "-".join(row["StockCode"].split()), row["CustomerID"].removesuffix(".0"),
                       shop_file.country(row["Country"]), number * price, number)


KEYS = {"day": lambda line: line[0].date().isoformat(), "month": lambda line: line[0].strftime("%Y-%m"),
        "week": lambda line: "{}-W{:02}".format(*line[0].isocalendar()[:2]), "country": lambda line: line[3] or "-",
        "product": lambda line: line[1], "customer": lambda line: f"c-{line[2]}"}


def window(chance):
    start = days(FIRST.isoformat(), chance.randrange(181))
    return start, days(start, chance.choice((1, 7, chance.randrange(1, 182))))


def compare_lines(shop, chance, lines):
    """Compare gross and units of every key of a random window, and the totals."""
    start, end = window(chance)
    inside = [line for line in lines if start <= line[0].date().isoformat() < end]
    compared = 0
    for by, key in KEYS.items():
        response = shop.analytics.get("/v1/sales", params={"from": start, "to": end, "by": by, "limit": 1000}).expect(200)
        sums = defaultdict(lambda: [Decimal(0), 0])
        for line in inside:
            sums[key(line)][0] += line[4]
            sums[key(line)][1] += line[5]
        wanted = {name: (int(amount * 100), units) for name, (amount, units) in sums.items()}
        shown = {row["key"]: (row["gross"], row["units"]) for row in response["data"] if row["units"] and not row["key"].startswith("guest-")}
        assert shown == {name: wanted[name] for name in (shown if response["more"] else wanted) if name != "c-"}, f"{start} {end} {by} SEED={SEED}"
        assert response["totals"]["gross"] == int(sum(line[4] for line in inside) * 100), f"{start} {end} {by} SEED={SEED}"
        compared += 2 * len(shown) + 1
    return compared


@pytest.mark.timeout(7200)
@pytest.mark.skipif(not DATA, reason="FIGURES_DATA is not set")
def test_every_figure_of_the_whole_file_equals_an_independent_count(shop, monkeypatch):
    print(f"SEED={SEED}")
    chance = random.Random(SEED)
    for name, value in {"BEGIN": FIRST.isoformat(), "SPAN": 170, "CHANNELS": (None, shop_history.CHANNEL), "PAGE": 200}.items():
        monkeypatch.setattr(figure_comparison, name, value)
    book = shop_history.read(DATA)
    began = time.monotonic()
    imported(shop, book)
    print(f"{book.rows:,} lines imported in {time.monotonic() - began:.0f} s", flush=True)
    orders, refunds = as_counted(book)
    eventually(lambda: shop.analytics.get("/v1/sales", params={"from": FIRST, "to": LAST}).json["totals"]["gross"] == book.gross, 600)
    lines = list(sale_lines(DATA))
    compared = sum(compare_lines(shop, chance, lines) for _ in range(WINDOWS))
    print(f"{compared:,} figures compared with the file's lines, none differs", flush=True)
    for _ in range(max(1, WINDOWS // 5)):
        compared += figure_comparison.compare(shop, chance, orders, refunds, "Europe/London", 1)
        compared += figure_comparison.compare_more(shop, chance, orders, refunds, [], "Europe/London", 1)
        print(f"{compared:,} figures compared, none differs", flush=True)
    assert compared > 10000
