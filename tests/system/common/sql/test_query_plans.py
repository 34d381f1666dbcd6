"""Cost does not grow with age: on large tables, no statement of daily work scans a whole table."""
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest

from clone_history import age

COPIES = 600
BIG = 1000                      # rows; larger tables must be read by an index
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
    """A shop with some thousand past orders, where PostgreSQL logs the plan of every statement."""
    workflow = shop.workflow
    shop.sku = "PLAN-1"
    workflow.publish({"sku": shop.sku, "price": 450})
    workflow.book_in(shop.sku, 1000)
    for _ in range(3):
        order = workflow.order([(shop.sku, 2)])
        workflow.wait_order(order["id"], status="confirmed")
        workflow.deliver(order["id"])
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
    """(role, statement, plan) of all statements since the history was cloned."""
    with open(shop.postgres.log, errors="replace") as log:
        log.seek(shop.plans_begin)
        lines = log.read()
    for role, found in re.findall(rf"(\w+)@{shop.database} LOG:  duration: [\d.]+ ms  plan:\n((?:\t.*\n)+)", lines):
        found = json.loads(found.replace("\t", " "), strict=False)
        yield role, found["Query Text"], found["Plan"]


def scans(plan, partial, limited=False):
    """The tables that a plan scans completely. A page of a list stops at its limit, unless it skips most of what it reads; a
    partial index has only open rows."""
    limited = (limited or plan["Node Type"] == "Limit") and plan.get("Rows Removed by Filter", 0) < BIG
    whole = plan["Node Type"] == "Seq Scan" or "Index" in plan["Node Type"] and "Index Cond" not in plan and not limited \
        and plan.get("Index Name") not in partial
    if whole and "Relation Name" in plan:
        yield plan["Relation Name"]
    for part in plan.get("Plans", []):
        yield from scans(part, partial, limited and plan["Node Type"] not in ("Sort", "Aggregate"))


def walked(shop):
    """The statements that scanned a large table, with the table."""
    big = big_tables(shop)
    partial = {row["name"] for row in shop.sql("postgres", "select indexrelid::regclass::name as name from pg_index "
                                               "where pg_get_expr(indpred, indrelid) !~ 'IS NOT NULL'")}
    partial = {name.split(".")[-1] for name in partial}
    seen = {(role, table, " ".join(text.split())[:1500]) for role, text, plan in plans(shop) for table in scans(plan, partial)
            if f"{role}.{table}" in big}
    return sorted(seen)


def test_no_statement_of_an_order_s_workflow_scans_a_whole_table(old_shop):
    workflow = old_shop.workflow
    assert {"orders.orders", "orders.event", "catalog.reservation", "fulfillment.shipment"} <= big_tables(old_shop)
    for _ in range(7):          # from the sixth execution on PostgreSQL may use a generic plan
        order = workflow.order([(old_shop.sku, 2)])
        workflow.wait_order(order["id"], status="confirmed")
        workflow.deliver(order["id"])
        old_shop.orders.post("/v1/ledger", {}).expect(200)
        old_shop.analytics.post("/v1/reconciliation").expect(200)
    old_shop.settle()
    assert sum(1 for _ in plans(old_shop)) > 500
    found = walked(old_shop)
    assert not found, "\n".join(map(str, found))


def test_no_batched_write_scans_a_whole_table(old_shop):
    """Orders that arrive while writes are blocked form a batch."""
    workflow = old_shop.workflow
    with ThreadPoolExecutor(12) as pool:
        for paid in (False, 1):
            with closing(psycopg2.connect(old_shop.postgres.url("orders", old_shop.database))) as hold:
                hold.cursor().execute("lock table orders in share row exclusive mode")
                placed = [pool.submit(workflow.order, [(old_shop.sku, 2)], paid) for _ in range(12)]
                time.sleep(0.05)        # less than the timeout of a waiting request
                hold.rollback()
                assert all(each.result()["number"] for each in placed)
    together = {text for role, text, _ in plans(old_shop) if role == "orders" and "with ordinality batch(" in text}
    assert len(together) >= 7, "look, order, lines, deadlines, event, answer, and a payment"
    found = walked(old_shop)
    assert not found, "\n".join(map(str, found))


def test_no_list_scans_a_whole_table(old_shop):
    some, = old_shop.sql("orders", "select id::text as order, customer_ref as customer from orders order by placed_at limit 1")
    for _ in range(6):
        for service, paths in LISTS.items():
            for path in paths:
                getattr(old_shop, service).get("/v1/" + path.format(sku=old_shop.sku, **some)).expect(200)
    found = walked(old_shop)
    assert not found, "\n".join(map(str, found))


def test_numbers_are_sorted_as_numbers_across_pages(shop):
    for sku, units in (("SORT-1", 10), ("SORT-2", 9), ("SORT-3", 100), ("SORT-4", 1000)):
        shop.workflow.publish({"sku": sku, "price": 450})
        shop.workflow.book_in(sku, units)
    found = [each["available"] for each in shop.catalog.all("/v1/stock?sort=available", limit=1)
             if each["sku"].startswith("SORT-")]
    assert found == [9, 10, 100, 1000]
