"""Figures on customers, products and returns, comparisons, and data quality."""
import time
import uuid
from datetime import datetime, timezone

import pytest

from event_publisher import EventPublisher

SHOP = {"services": ("analytics",), "env": {"SHOP_TIME_ZONE": "Europe/London", "CONSUME_BACKOFF_MS": "20"}}


@pytest.fixture(scope="module")
def publisher(shop):
    return EventPublisher(shop)


def asked(shop, path, start, end, **params):
    return shop.analytics.get(path, params={"from": start, "to": end, **params}).expect(200)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def test_a_day_is_compared_with_the_day_before(shop, publisher):
    publisher.place(("CUP", 1, 300), placed_at="2009-03-01T12:00:00Z")
    publisher.place(("CUP", 2, 300), placed_at="2009-03-02T12:00:00Z")
    publisher.place(("POT", 1, 900), placed_at="2009-03-02T13:00:00Z")
    publisher.settle()
    response = asked(shop, "/v1/sales", "2009-03-02", "2009-03-03", compare="previous")
    assert response["previous"] == {"from": "2009-03-01", "to": "2009-03-02"}
    assert (response["totals"]["gross"], response["totals"]["previous"]["gross"]) == (1500, 300)
    assert [(row["key"], row["orders"], row["previous"]["orders"]) for row in response["data"]] == [("2009-03-02", 2, 1)]
    by_product = asked(shop, "/v1/sales", "2009-03-02", "2009-03-03", by="product", compare="previous")["data"]
    assert {row["key"]: (row["gross"], row["previous"]["gross"]) for row in by_product} == {"POT": (900, 0), "CUP": (600, 300)}
    assert "previous" not in asked(shop, "/v1/sales", "2009-03-02", "2009-03-03")["totals"]


def test_a_customer_is_new_once_or_again_if_the_first_order_was_void(shop, publisher):
    first = publisher.place(customer_ref="eve", placed_at="2009-04-01T12:00:00Z")
    publisher.place(customer_ref="eve", placed_at="2009-04-03T12:00:00Z")
    publisher.place(customer_ref="eve", placed_at="2009-04-03T13:00:00Z")
    publisher.place(customer_ref=None, placed_at="2009-04-03T13:00:00Z")
    publisher.settle()

    def reported():
        rows = asked(shop, "/v1/customers/figures", "2009-04-01", "2009-04-05")["data"]
        return [(row["key"], row["new"], row["returning"], row["repeating"], row["orders"], row["orders_of_guests"]) for row in rows]

    assert reported() == [("2009-04-01", 1, 0, 0, 1, 0), ("2009-04-03", 0, 1, 1, 3, 1)]
    publisher.change(first, "cancelled", status="cancelled")
    publisher.settle()
    assert reported() == [("2009-04-03", 1, 0, 1, 3, 1)]
    behind, = asked(shop, "/v1/customers", "2009-04-01", "2009-04-05", kind="new")["data"]
    assert (behind["customer"], behind["orders"], behind["first_event_id"]) == ("eve", 2, publisher.events[1 + 3].id)
    totals = asked(shop, "/v1/customers/figures", "2009-04-01", "2009-04-05")["totals"]
    assert (totals["customers"], totals["repeat_rate"]) == (1, 1)


def test_cohorts_show_which_customers_returned_in_which_month(shop, publisher):
    for who, months in (("amy", (6, 7, 9)), ("bob", (6,)), ("cat", (7, 8))):
        for month in months:
            publisher.place(customer_ref=who, placed_at=f"2009-{month:02}-10T12:00:00Z")
    publisher.settle()
    rows = {row["cohort"]: row for row in asked(shop, "/v1/cohorts", "2009-06-01", "2009-10-01")["data"]}
    assert {key: row["customers"] for key, row in rows.items()} == {"2009-06": 2, "2009-07": 1}
    assert [(each["month"], each["customers"], each["retention"]) for each in rows["2009-06"]["months"]] == [
        ("2009-06", 2, 1), ("2009-07", 1, 0.5), ("2009-09", 1, 0.5)]
    behind = shop.analytics.get("/v1/cohorts/customers", params={"cohort": "2009-06", "month": "2009-09"}).expect(200)["data"]
    assert behind == [{"customer": "amy", "orders": 1}]
    no = shop.analytics.get("/v1/cohorts", params={"from": "2009-06-02", "to": "2009-10-01"})
    assert (no.status, no.codes) == (400, ["window.months"])
    no = shop.analytics.get("/v1/cohorts/customers", params={"cohort": "2009-6", "month": "June"})
    assert no.codes == ["query.format", "query.format"]


def test_the_best_customers_are_champions_and_inactive_ones_are_lost(shop, publisher):
    for number in range(5):
        for order in range(number + 1):
            publisher.place(("CUP", number + 1, 1000), customer_ref=f"r-{number}", placed_at=f"2008-05-{2 + 5 * number:02}T1{order}:00:00Z")
    publisher.settle()
    response = shop.analytics.get("/v1/rfm", params={"as_of": "2008-05-31", "days": 31}).expect(200)
    assert {row["segment"]: row["customers"] for row in response["data"]} == {"champions": 2, "steady": 1, "lost": 2}
    best = shop.analytics.get("/v1/rfm/customers", params={"as_of": "2008-05-31", "days": 31, "segment": "champions"}).expect(200)["data"]
    assert [(row["customer"], row["recency"], row["frequency"], row["monetary"], row["net"]) for row in best] == [
        ("r-3", 4, 4, 4, 16000), ("r-4", 5, 5, 5, 25000)]


def test_best_sellers_are_right_within_two_seconds_in_any_window(shop, publisher):
    for day, sku, quantity in (("2007-12-31", "A", 9), ("2008-01-01", "B", 4), ("2008-02-29", "A", 1), ("2008-12-31", "C", 3)):
        publisher.place((sku, quantity, 100), placed_at=f"{day}T12:00:00Z")

    def best(start, end, **more):
        return [(row["key"], row["units"]) for row in asked(shop, "/v1/products/ranking", start, end, **more)["data"]]

    began = time.monotonic()
    while best("2008-12-31", "2009-01-01") != [("C", 3)]:
        assert time.monotonic() < began + 2
    assert best("2007-12-31", "2009-01-01", limit=2, channel="web") != []
    assert best("2007-12-31", "2008-03-01") == [("A", 10), ("B", 4)]
    assert best("2008-01-01", "2008-05-01", limit=1) == [("B", 4)]
    assert best("2008-02-01", "2008-03-01", order="units") == [("A", 1)] and best("2008-02-01", "2008-02-29") == []


def test_slow_movers_are_in_stock_and_do_not_sell(shop, publisher):
    for sku, day in (("OLD", "2006-01-01"), ("FAST", "2006-01-01"), ("FRESH", "2006-06-01"), ("GONE", "2006-01-01")):
        publisher.stock_moved(sku, 10, at(day))
    publisher.stock_moved("GONE", -10, at("2006-02-01"))
    publisher.place(("FAST", 3, 100), ("OLD", 1, 100), placed_at="2006-03-01T12:00:00Z")
    publisher.place(("FAST", 3, 100), placed_at="2006-06-01T12:00:00Z")
    publisher.settle()
    found = shop.analytics.get("/v1/products/slow", params={"as_of": "2006-06-10", "days": 30}).expect(200)["data"]
    assert [(row["key"], row["on_hand"], row["units"], row["last_sold_on"]) for row in found] == [("OLD", 10, 0, "2006-03-01")]
    moves = shop.analytics.get("/v1/moves", params={"sku": "GONE"}).expect(200)["data"]
    assert sorted(move["quantity"] for move in moves) == [-10, 10]


def test_returns_are_grouped_by_article_and_reason_with_their_refunds(shop, publisher):
    order = publisher.place(("CUP", 5, 100), ("POT", 1, 900), placed_at="2006-08-01T12:00:00Z")
    publisher.change(order, "paid", paid=1400)
    refund = publisher.refund(order, 300, "2006-08-02T12:00:00Z", reason="broken", lines=[{"sku": "CUP", "quantity": 2}])
    publisher.refund(order, 950, "2006-08-03T12:00:00Z", reason="wrong size", lines=[{"sku": "CUP", "quantity": 1}, {"sku": "POT", "quantity": 1}])
    publisher.settle()
    response = asked(shop, "/v1/returns", "2006-08-01", "2006-09-01")
    assert [(row["key"], row["refunds"], row["units"], row["sold"]) for row in response["data"]] == [("CUP", 2, 3, 5), ("POT", 1, 1, 1)]
    assert response["totals"] == {"refunds": 2, "units": 4, "amount": 1250}
    by_reason = asked(shop, "/v1/returns", "2006-08-01", "2006-09-01", by="reason")["data"]
    assert {row["key"]: row["amount"] for row in by_reason} == {"broken": 300, "wrong size": 950}
    behind, = asked(shop, "/v1/returns/events", "2006-08-01", "2006-09-01", by="reason", key="broken")["data"]
    assert behind["refund_id"] == refund["id"] and behind["lines"] == [{"sku": "CUP", "quantity": 2}]


def test_a_quarantined_order_can_be_reprocessed_and_counts_with_all_later_events(shop, publisher):
    order = publisher.place(("CUP", 0, 100), ("", 1, 100), placed_at="2005-01-03T12:00:00Z", at=at("2005-01-03"))
    publisher.change(order, "paid", at("2005-01-03"), paid=300)
    publisher.change(order, "confirmed", at("2005-01-04"))
    publisher.refund(order, 100, "2005-01-05T12:00:00Z", at("2005-01-05"))
    publisher.settle()
    quality = asked(shop, "/v1/quality", "2005-01-01", "2005-02-01")
    assert {row["type"]: (row["heard"], row["booked"], row["set_aside"], row["unexplained"]) for row in quality["data"]} == {
        "orders.order.placed": (1, 0, 1, 0), "orders.order.paid": (1, 1, 0, 0), "orders.order.confirmed": (1, 1, 0, 0),
        "orders.refund.paid": (1, 0, 1, 0)}
    assert {row["reason"]: row["rows"] for row in quality["reasons"]} == {"line.quantity": 1, "line.sku": 1, "refund.unknown_order": 1}
    row, = shop.analytics.get("/v1/quarantine", params={"about": order["id"], "type": "orders.order.placed"}).json["data"]
    path = f"/v1/quarantine/{row['id']}/mend"

    no = shop.analytics.post(path, {"reason": "guess", "data": {"discount": 900, "lines": [{"sku": "CUP", "quantity": 3}]}})
    assert (no.status, no.code, sorted(no.codes)) == (422, "quarantine.still_impossible", ["line.unit_price"])
    assert shop.analytics.post(path, {"reason": "guess", "data": {"currency": "EUR"}}).status == 422
    assert shop.analytics.as_("manager").post(path, {"reason": "x", "data": {}}).status == 403
    made = shop.analytics.as_("analyst", "ava").post(path, {"reason": "asked the shop", "data": {"lines": [
        {"sku": "CUP", "quantity": 3, "unit_price": 100}]}}).expect(201)
    assert (made["made_by"], made["type"], made["about"]) == ("ava", "orders.order.placed", order["id"])

    totals = asked(shop, "/v1/sales", "2005-01-01", "2005-02-01")["totals"]
    assert (totals["orders"], totals["gross"], totals["refunds"]) == (1, 300, 100)
    stages = asked(shop, "/v1/stages", "2005-01-01", "2005-02-01")["data"]
    assert stages[0]["count"] == 1, "confirmed while it was quarantined"
    events = [each["event_id"] for each in asked(shop, "/v1/sales/events", "2005-01-01", "2005-02-01")["data"]]
    assert events[0] == row["id"], "the original event, not the correction"
    quality = asked(shop, "/v1/quality", "2005-01-01", "2005-02-01")
    assert (quality["totals"]["set_aside"], quality["totals"]["unexplained"], quality["mended"]) == (0, 0, 1)
    assert shop.analytics.post(path, {"reason": "again", "data": {}}).status == 404
    assert shop.analytics.post("/v1/quarantine/none/mend", {"reason": "again", "data": {}}).status == 404
    reported = [event["type"] for event in shop.events("analytics")]
    assert reported == ["analytics.mend.made"]


def test_a_reprocessed_order_that_was_cancelled_unpaid_is_no_sale(shop, publisher):
    order = publisher.place(("CUP", 0, 100), placed_at="2005-03-03T12:00:00Z")
    publisher.change(order, "cancelled", status="cancelled")
    publisher.settle()
    row, = shop.analytics.get("/v1/quarantine", params={"about": order["id"]}).json["data"]
    shop.analytics.post(f"/v1/quarantine/{row['id']}/mend", {"reason": "a typo", "data": {
        "lines": [{"sku": "CUP", "quantity": 1, "unit_price": 100}]}}).expect(201)
    assert asked(shop, "/v1/sales", "2005-03-01", "2005-04-01")["totals"]["orders"] == 0


def test_a_refund_with_impossible_lines_is_quarantined(shop, publisher):
    order = publisher.place(("CUP", 1, 100), placed_at="2005-05-03T12:00:00Z")
    publisher.refund(order, 50, "2005-05-04T12:00:00Z", lines=[{"sku": "CUP", "quantity": -1}, {"quantity": 1}])
    publisher.settle()
    row, = shop.analytics.get("/v1/quarantine", params={"about": order["id"]}).json["data"]
    assert set(row["reasons"]) == {"line.quantity", "line.sku"}
    assert not shop.analytics.get("/v1/dead-letters").json["data"]


@pytest.mark.parametrize("path", ["/v1/customers/figures", "/v1/customers", "/v1/products/ranking", "/v1/returns", "/v1/returns/events",
                                  "/v1/quality", "/v1/cohorts"])
def test_figures_refuse_invalid_windows_and_roles_without_the_scope(shop, path):
    no = shop.analytics.get(path, params={"from": "2011-03-01", "to": "2011-03-01"})
    assert (no.status, no.codes) == (400, ["window.empty"])
    assert shop.analytics.get(path).codes == ["field.required", "field.required"]
    good = {"from": "2011-03-01", "to": "2011-04-01"}
    assert shop.analytics.as_("analyst").get(path, params=good).status == 200
    assert shop.analytics.as_("picker").get(path, params=good).status == 403


def test_a_cursor_of_customers_works_only_in_its_own_query(shop, publisher):
    for _ in range(3):
        publisher.place(customer_ref=f"p-{uuid.uuid4().hex[:6]}", placed_at="2004-01-01T12:00:00Z")
    publisher.settle()
    window = {"from": "2004-01-01", "to": "2004-01-02"}
    page = shop.analytics.get("/v1/customers", params={**window, "limit": 2}).json
    assert len(page["data"]) == 2 and page["next_cursor"]
    other = shop.analytics.get("/v1/customers", params={**window, "kind": "new", "cursor": page["next_cursor"]})
    assert (other.status, other.codes) == (400, ["query.cursor"])
    assert len(list(shop.analytics.all("/v1/customers", limit=2, params=window))) == 3
