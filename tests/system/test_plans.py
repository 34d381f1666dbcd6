"""Cost does not grow with age: on filled tables, no statement of the daily work walks through a whole table."""
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest

from ageing import age
from stack.client import eventually
from stack.road import unique

COPIES = 600
BIG = 1000                      # rows: whatever has more must be read by an index
LISTS = {
    "catalog": ["products", "products?status=published", "products?sku={sku}", "storefront/products", "stock?sku={sku}",
                "stock/{sku}", "reservations?order_id={order}", "stock/{sku}/movements", "movements", "events?after=3", "stock/{sku}/explain"],
    "orders": ["orders", "orders?status=placed", "orders?customer_ref={customer}", "orders?held=true", "orders?overdue=true",
               "orders?stock_status=backordered", "orders?payment_status=partly_paid", "orders?channel=nobody", "orders?sort=-total",
               "orders?sort=created_at", "holds", "holds?open=true", "refunds?sort=amount", "orders/{order}", "orders/{order}/timeline",
               "events?after=3", "prices/{sku}", "ledger"],
    "fulfillment": ["shipments", "shipments?order_id={order}", "shipments?status=pending", "exceptions?status=open",
                    "events?after=3"],
    "support": ["tickets", "tickets?status=open", "customers", "events?after=3"],
    "analytics": ["events?after=3", "reconciliation", "reconciliation?differs=true"],
}


@pytest.fixture(scope="module")
def old_shop(shop):
    """A shop that has seen some thousand orders, whose every statement leaves its plan in PostgreSQL's log."""
    road = shop.road
    shop.sku = "PLAN-1"
    road.publish({"sku": shop.sku, "price": 450})
    road.book_in(shop.sku, 1000)
    for _ in range(3):
        order = road.order([(shop.sku, 2)])
        road.wait_order(order["id"], status="confirmed")
        road.deliver(order["id"])
    shop.settle()
    shop.stop()
    for service in shop.instances:
        age(shop, service, COPIES)
    shop.postgres.psql(shop.database, "--command", "vacuum analyze")
    for name, value in {"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0",
                        "auto_explain.log_format": "json", "auto_explain.log_analyze": "on", "auto_explain.log_timing": "off",
                        "auto_explain.log_nested_statements": "on"}.items():
        shop.postgres.psql("postgres", "--command", f"alter database {shop.database} set {name} = '{value}'")
    shop.start()
    shop.plans_begin = shop.postgres.log.stat().st_size
    return shop


def big_tables(shop):
    rows = shop.sql("postgres", "select n.nspname || '.' || relname as name from pg_class c "
                    "join pg_namespace n on n.oid = relnamespace where relkind = 'r' and reltuples > %s "
                    "and n.nspname = any(%s)", BIG, list(shop.instances))
    return {row["name"] for row in rows}


def plans(shop):
    """(role, the statement's text, its plan) of all that was run since the shop is old."""
    with open(shop.postgres.log, errors="replace") as log:
        log.seek(shop.plans_begin)
        lines = log.read()
    for role, found in re.findall(rf"(\w+)@{shop.database} LOG:  duration: [\d.]+ ms  plan:\n((?:\t.*\n)+)", lines):
        found = json.loads(found.replace("\t", " "), strict=False)
        yield role, found["Query Text"], found["Plan"]


def scans(plan, partial, limited=False):
    """The tables a plan walks through from one end to the other. A page of a list stops early, by its limit, unless it passes
    over most of what it reads; a partial index holds only what is open."""
    limited = (limited or plan["Node Type"] == "Limit") and plan.get("Rows Removed by Filter", 0) < BIG
    whole = plan["Node Type"] == "Seq Scan" or "Index" in plan["Node Type"] and "Index Cond" not in plan and not limited \
        and plan.get("Index Name") not in partial
    if whole and "Relation Name" in plan:
        yield plan["Relation Name"]
    for part in plan.get("Plans", []):
        yield from scans(part, partial, limited and plan["Node Type"] not in ("Sort", "Aggregate"))


def walked(shop):
    """Which statements walked through which big table."""
    big = big_tables(shop)
    partial = {row["name"] for row in shop.sql("postgres", "select indexrelid::regclass::name as name from pg_index "
                                               "where pg_get_expr(indpred, indrelid) !~ 'IS NOT NULL'")}
    partial = {name.split(".")[-1] for name in partial}
    seen = {(role, table, " ".join(text.split())[:1500]) for role, text, plan in plans(shop) for table in scans(plan, partial)
            if f"{role}.{table}" in big}
    return sorted(seen)


def test_nothing_on_an_orders_road_walks_through_a_whole_table(old_shop):
    road = old_shop.road
    assert {"orders.orders", "orders.event", "catalog.reservation", "fulfillment.shipment"} <= big_tables(old_shop)
    for _ in range(7):          # from the sixth time on PostgreSQL may take a generic plan
        order = road.order([(old_shop.sku, 2)])
        road.wait_order(order["id"], status="confirmed")
        road.deliver(order["id"])
        old_shop.orders.post("/v1/ledger", {}).expect(200)
        old_shop.analytics.post("/v1/reconciliation").expect(200)
    old_shop.settle()
    assert sum(1 for _ in plans(old_shop)) > 500
    found = walked(old_shop)
    assert not found, "\n".join(map(str, found))


def test_nothing_that_is_written_for_many_at_once_walks_through_a_whole_table(old_shop):
    """While nobody may write an order those who come gather, and travel together then."""
    road = old_shop.road
    with ThreadPoolExecutor(12) as pool:
        for paid in (False, 1):
            with closing(psycopg2.connect(old_shop.postgres.url("orders", old_shop.database))) as hold:
                hold.cursor().execute("lock table orders in share row exclusive mode")
                placed = [pool.submit(road.order, [(old_shop.sku, 2)], paid) for _ in range(12)]
                time.sleep(0.05)        # less than anybody waits to be taken along
                hold.rollback()
                assert all(each.result()["number"] for each in placed)
    together = {text for role, text, _ in plans(old_shop) if role == "orders" and "with ordinality batch(" in text}
    assert len(together) >= 7, "look, order, lines, deadlines, event, answer, and a payment"
    found = walked(old_shop)
    assert not found, "\n".join(map(str, found))


def test_no_list_walks_through_a_whole_table(old_shop):
    some, = old_shop.sql("orders", "select id::text as order, customer_ref as customer from orders order by placed_at limit 1")
    for _ in range(6):
        for service, paths in LISTS.items():
            for path in paths:
                getattr(old_shop, service).get("/v1/" + path.format(sku=old_shop.sku, **some)).expect(200)
    found = walked(old_shop)
    assert not found, "\n".join(map(str, found))


def test_numbers_sort_as_numbers_from_page_to_page(shop):
    for sku, units in (("SORT-1", 10), ("SORT-2", 9), ("SORT-3", 100), ("SORT-4", 1000)):
        shop.road.publish({"sku": sku, "price": 450})
        shop.road.book_in(sku, units)
    found = [each["available"] for each in shop.catalog.all("/v1/stock?sort=available", limit=1)
             if each["sku"].startswith("SORT-")]
    assert found == [9, 10, 100, 1000]
