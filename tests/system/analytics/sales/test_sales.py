"""Sales by time, channel, country, customer and product, the events behind them, and what is not counted."""
import time
import uuid
from datetime import datetime, timedelta, timezone

import pytest

from event_publisher import EventPublisher, moment

SHOP = {"services": ("analytics",), "env": {"SHOP_TIME_ZONE": "Europe/London", "CONSUME_BACKOFF_MS": "20"}}


@pytest.fixture(scope="module")
def publisher(shop):
    return EventPublisher(shop)


def sales(shop, start, end, by="day", **params):
    return shop.analytics.get("/v1/sales", params={"from": start, "to": end, "by": by, **params}).expect(200)


def behind(shop, start, end, by="day", **params):
    return list(shop.analytics.all("/v1/sales/events", params={"from": start, "to": end, "by": by, **params}, limit=2))


def test_a_placed_order_is_in_the_sales_of_its_day_within_two_seconds(shop, publisher):
    publisher.place(("MUG", 2, 450), ("POST", 1, 395), placed_at="2010-12-01T08:26:00Z", discount=95)
    began = time.monotonic()
    while not sales(shop, "2010-12-01", "2010-12-02")["data"]:
        assert time.monotonic() < began + 2
    response = sales(shop, "2010-12-01", "2010-12-02")
    figure = {"orders": 1, "units": 3, "gross": 1295, "discount": 95, "refunds": 0, "refunded": 0, "net": 1200,
              "average_order": 1200}
    assert response["data"] == [{"key": "2010-12-01", **figure}]
    assert response["totals"] == figure and response["currency"] == "GBP" and response["time_zone"] == "Europe/London"
    assert abs(moment(response["as_of"]) - publisher.last) < timedelta(milliseconds=1)
    assert sales(shop, "2010-11-30", "2010-12-01")["data"] == [] == sales(shop, "2010-12-02", "2010-12-03")["data"]


def test_days_and_hours_are_in_the_shop_s_time_zone_also_when_clocks_change(shop, publisher):
    for at in ("2010-10-30T22:59:59Z", "2010-10-30T23:00:00Z", "2010-10-31T00:59:00Z", "2010-10-31T01:00:00Z", "2010-10-31T23:59:59Z"):
        publisher.place(("CLOCK", 1, 100), placed_at=at)
    publisher.settle()
    by_day = {row["key"]: row["orders"] for row in sales(shop, "2010-10-29", "2010-11-02")["data"]}
    assert by_day == {"2010-10-30": 1, "2010-10-31": 4}
    by_hour = {row["key"]: row["orders"] for row in sales(shop, "2010-10-31", "2010-11-01", by="hour")["data"]}
    assert by_hour == {"2010-10-31T00:00:00+01:00": 1, "2010-10-31T01:00:00+01:00": 1, "2010-10-31T01:00:00+00:00": 1,
                       "2010-10-31T23:00:00+00:00": 1}
    assert len(behind(shop, "2010-10-31", "2010-11-01", by="hour", key="2010-10-31T01:00:00+01:00")) == 1


def test_sales_are_grouped_by_week_month_channel_country_customer_and_product(shop, publisher):
    publisher.publish("catalog.product.published", str(uuid.uuid4()), {
        "id": str(uuid.uuid4()), "status": "published", "title": "Tea pot", "category": "kitchen", "channels": ["web"],
        "variants": [{"sku": "POT", "barcode": "1", "title": "green", "price": 900, "currency": "GBP"}]})
    publisher.place(("POT", 1, 900), ("POT", 2, 800), ("CUP", 1, 300), placed_at="2011-02-27T12:00:00Z", channel="web", customer_ref="ann")
    publisher.place(("POT", 1, 900), placed_at="2011-02-28T12:00:00Z", channel="ebay", customer_ref=None, country="FR")
    publisher.place(("CUP", 3, 300), placed_at="2011-03-01T12:00:00Z", channel="web", customer_ref="ann", country="")
    publisher.settle()

    def keys(by, figure, **params):
        return {row["key"]: row[figure] for row in sales(shop, "2011-02-20", "2011-03-10", by, **params)["data"]}

    assert keys("week", "gross") == {"2011-W08": 2800, "2011-W09": 1800}
    assert keys("month", "gross") == {"2011-02": 3700, "2011-03": 900}
    assert keys("channel", "orders") == {"web": 2, "ebay": 1}
    assert keys("country", "gross") == {"GB": 2800, "FR": 900, "-": 900}
    assert keys("customer", "orders") == {"ann": 2, "-": 1}
    assert keys("product", "gross") == {"POT": 3400, "CUP": 1200}
    assert keys("product", "orders") == {"POT": 2, "CUP": 2} and keys("product", "units") == {"POT": 4, "CUP": 4}
    assert keys("product", "units", channel="ebay") == {"POT": 1}
    top = sales(shop, "2011-02-20", "2011-03-10", "product", limit=1)
    assert top["more"] and top["data"][0]["title"] == "Tea pot" and top["data"][0]["category"] == "kitchen"
    assert top["data"][0]["refunds"] is None and top["totals"]["orders"] == 3 and top["totals"]["gross"] == 4600
    assert sum(each["gross"] for each in behind(shop, "2011-02-20", "2011-03-10", "product", key="POT")) == 3400


def test_refunds_count_on_their_own_day_and_are_shown_on_the_order_s_day(shop, publisher):
    order = publisher.place(("LAMP", 1, 5000), placed_at="2011-04-01T12:00:00Z")
    publisher.change(order, "paid", paid=5000, payment_status="paid")
    publisher.refund(order, 1200, refunded_at="2011-04-03T12:00:00Z")
    publisher.settle()
    rows = {row["key"]: row for row in sales(shop, "2011-04-01", "2011-04-10")["data"]}
    assert (rows["2011-04-01"]["refunds"], rows["2011-04-01"]["refunded"], rows["2011-04-01"]["net"]) == (0, 1200, 5000)
    assert (rows["2011-04-03"]["refunds"], rows["2011-04-03"]["orders"], rows["2011-04-03"]["net"]) == (1200, 0, -1200)
    assert rows["2011-04-03"]["average_order"] is None
    found = behind(shop, "2011-04-01", "2011-04-10")
    assert [each["type"] for each in found] == ["orders.order.placed", "orders.refund.paid"]
    assert {each["order_number"] for each in found} == {order["number"]}
    assert {each["event_id"] for each in found} <= {event.id for event in publisher.events}


def test_an_order_cancelled_before_payment_is_no_sale(shop, publisher):
    unpaid = publisher.place(("VASE", 2, 700), placed_at="2011-05-01T12:00:00Z")
    paid = publisher.place(("VASE", 1, 700), placed_at="2011-05-01T13:00:00Z")
    publisher.change(paid, "paid", paid=700)
    publisher.settle()
    assert sales(shop, "2011-05-01", "2011-05-02")["totals"]["gross"] == 2100
    publisher.change(unpaid, "cancelled", status="cancelled")
    publisher.change(paid, "cancelled", status="cancelled")
    publisher.refund(paid, 700, refunded_at="2011-05-01T14:00:00Z")
    publisher.settle()
    totals = sales(shop, "2011-05-01", "2011-05-02")["totals"]
    assert (totals["orders"], totals["gross"], totals["refunds"], totals["net"]) == (1, 700, 700, 0)
    assert sales(shop, "2011-05-01", "2011-05-02", "product")["data"][0]["units"] == 1
    assert len(behind(shop, "2011-05-01", "2011-05-02")) == 2


@pytest.mark.parametrize("early", [True, False])
def test_a_late_payment_of_a_cancelled_order_is_no_refund(shop, publisher, early):
    day, after = ("2011-05-03", "2011-05-04") if early else ("2011-05-05", "2011-05-06")
    order = publisher.place(("VASE", 1, 700), placed_at=f"{day}T12:00:00Z")
    if early:
        publisher.refund(order, 700, refunded_at=f"{day}T15:00:00Z")
        publisher.settle()
    publisher.change(order, "cancelled", status="cancelled")
    publisher.change(order, "paid", paid=700)
    if not early:
        publisher.refund(order, 700, refunded_at=f"{day}T15:00:00Z")
    publisher.settle()
    assert sales(shop, day, after)["data"] == [] and sales(shop, day, after)["totals"]["net"] == 0
    assert shop.value("analytics", "select count(*) from sales_rollup where start between %s and %s", day, after) == 0


def test_a_refund_waits_for_its_order_and_is_shown_as_waiting(shop, publisher):
    order = publisher.place(("JUG", 1, 1000), placed_at="2011-06-01T12:00:00Z", send=False)
    refund = publisher.refund(order, 400, refunded_at="2011-06-02T12:00:00Z")
    publisher.settle()
    assert sales(shop, "2011-06-01", "2011-06-03")["data"] == []
    waiting = shop.analytics.get("/v1/quarantine", params={"reason": "refund.unknown_order"}).json["data"]
    assert [each["order_id"] for each in waiting] == [order["id"]] and waiting[0]["data"]["amount"] == refund["amount"]
    publisher.send(publisher.events[-2])
    publisher.settle()
    totals = sales(shop, "2011-06-01", "2011-06-03")["totals"]
    assert (totals["gross"], totals["refunds"]) == (1000, 400)
    assert not shop.analytics.get("/v1/quarantine", params={"reason": "refund.unknown_order"}).json["data"]


def test_impossible_values_are_quarantined_with_every_reason_and_others_are_counted(shop, publisher):
    bad = publisher.place(("X", 0, 100), ("", 1, -5), placed_at="2011-07-01T12:00:00Z", discount=-1)
    late = publisher.place(("X", 1, 100), placed_at="2091-07-01T12:00:00Z", discount=200)
    empty = publisher.place(lines=[], placed_at="2011-07-01T12:00:00Z")
    good = publisher.place(("X", 1, 100), placed_at="2011-07-01T12:00:00Z")
    publisher.refund(good, 0, refunded_at="2011-07-01T13:00:00Z")
    publisher.change(bad, "confirmed")
    publisher.settle()
    assert sales(shop, "2011-07-01", "2011-07-02")["totals"]["gross"] == 100
    found = {each["order_id"]: set(each["reasons"]) for each in shop.analytics.all("/v1/quarantine", limit=100)}
    assert found[bad["id"]] == {"line.quantity", "line.sku", "line.unit_price", "order.discount"}
    assert found[late["id"]] == {"order.placed_at", "order.discount"}
    assert found[empty["id"]] == {"order.no_lines"}
    assert found[good["id"]] == {"refund.amount"}
    assert {work["kind"] for work in shop.analytics.as_("analyst", "ava").get("/v1/work").json["data"]} == {"quarantine"}
    assert not shop.analytics.get("/v1/dead-letters").json["data"]


def test_sums_beyond_the_limit_are_quarantined_and_do_not_overflow(shop, publisher):
    huge = publisher.place(*[("X", 999_999_999, 999_999_999_999_999)] * 3, placed_at="2011-07-03T12:00:00Z")
    words = publisher.place(("X", "some", 100), ("X", "2", "1.5"), (None, 1, 100), placed_at="2011-07-03T12:00:00Z")
    publisher.place(("X", 2, 100), ("Y", 1, 50), ("X", 3, 90), placed_at="2011-07-03T12:00:00Z")
    publisher.settle()
    found = {each["order_id"]: set(each["reasons"]) for each in shop.analytics.all("/v1/quarantine", limit=100)}
    assert found[huge["id"]] == {"order.gross"}
    assert found[words["id"]] == {"line.quantity", "line.sku", "line.unit_price"}
    rows = sales(shop, "2011-07-03", "2011-07-04", by="product")["data"]
    assert {row["key"]: (row["orders"], row["units"], row["gross"]) for row in rows} == {"X": (1, 5, 470), "Y": (1, 1, 50)}


def test_events_that_violate_their_schema_are_dead_letters(shop, publisher):
    order = publisher.place(send=False)
    publisher.versions.pop(order["id"])
    del order["placed_at"]
    publisher.change(order, "placed")
    publisher.settle()
    letters = shop.analytics.get("/v1/dead-letters").json["data"]
    assert [(each["consumer"], each["code"]) for each in letters] == [("analytics-orders", "event.invalid")]


def test_currencies_are_never_added_up(shop, publisher):
    publisher.place(("BAG", 1, 100), placed_at="2011-08-01T12:00:00Z", currency="EUR")
    publisher.settle()
    assert sales(shop, "2011-08-01", "2011-08-02")["currency"] == "EUR", "the only one of the window"
    publisher.place(("BAG", 1, 250), placed_at="2011-08-01T13:00:00Z")
    publisher.settle()
    response = sales(shop, "2011-08-01", "2011-08-02")
    assert (response["currency"], response["currencies"], response["totals"]["gross"]) == ("GBP", ["EUR", "GBP"], 250)
    assert sales(shop, "2011-08-01", "2011-08-02", currency="EUR")["totals"]["gross"] == 100


def test_the_average_is_rounded_half_up(shop, publisher):
    for price in (100, 101):
        publisher.place(("PEN", 1, price), placed_at="2011-09-01T12:00:00Z")
    publisher.settle()
    assert sales(shop, "2011-09-01", "2011-09-02")["totals"]["average_order"] == 101


def test_stages_show_how_long_orders_take_and_where_they_wait(shop, publisher):
    base = datetime(2011, 10, 1, 12, tzinfo=timezone.utc)
    for minutes in range(1, 11):
        order = publisher.place(at=base, placed_at="2011-10-01T12:00:00Z")
        publisher.change(order, "confirmed", at=base + timedelta(minutes=minutes))
        if minutes <= 5:
            publisher.change(order, "shipped", at=base + timedelta(minutes=minutes, hours=1))
    publisher.settle()
    response = shop.analytics.get("/v1/stages", params={"from": "2011-10-01", "to": "2011-10-02"}).expect(200)
    stages = {each["stage"]: each for each in response["data"]}
    assert stages["placed_to_confirmed"] == {"stage": "placed_to_confirmed", "count": 10, "waiting": 0, "p50": 300, "p90": 540, "p99": 600}
    assert (stages["confirmed_to_shipped"]["count"], stages["confirmed_to_shipped"]["waiting"]) == (5, 5)
    assert stages["confirmed_to_shipped"]["p50"] == 3600
    assert stages["shipped_to_delivered"]["count"] == 0 and stages["shipped_to_delivered"]["p50"] is None


def test_shipments_are_counted_by_carrier_and_day(shop, publisher):
    for number, carrier in enumerate(("royal-mail", "royal-mail", "dpd")):
        id_ = str(uuid.uuid4())
        data = {"id": id_, "number": f"S-{number}", "order_id": str(uuid.uuid4()), "order_number": "O-1", "status": "shipped",
                "warehouse": "main", "carrier": carrier, "tracking_number": "T1", "shipped_at": "2011-11-01T12:00:00Z",
                "delivered_at": None, "lines": [{"sku": "MUG", "barcode": "1", "quantity": 2, "scanned": 2}]}
        publisher.publish("fulfillment.shipment.created", id_, {**data, "status": "pending", "carrier": None, "shipped_at": None})
        publisher.publish("fulfillment.shipment.shipped", id_, data)
        if number:
            publisher.publish("fulfillment.shipment.delivered", id_, {**data, "status": "delivered", "delivered_at": "2011-11-03T09:00:00Z"})
    publisher.settle()

    def shipments(by):
        response = shop.analytics.get("/v1/parcels", params={"from": "2011-11-01", "to": "2011-11-10", "by": by}).expect(200)
        return {row["key"]: (row["shipped"], row["units"], row["delivered"]) for row in response["data"]}

    assert shipments("carrier") == {"royal-mail": (2, 4, 1), "dpd": (1, 2, 1)}
    assert shipments("day") == {"2011-11-01": (3, 6, 0), "2011-11-03": (0, 0, 2)}


def test_service_figures_have_tickets_first_answers_and_survey_scores(shop, publisher):
    base = datetime(2011, 12, 1, 12, tzinfo=timezone.utc)
    for number in range(3):
        id_ = str(uuid.uuid4())
        publisher.publish("support.ticket.opened", id_, {"id": id_, "status": "open"}, at=base)
        if number:
            publisher.publish("support.ticket.answered", id_, {"id": id_, "status": "answered"}, at=base + timedelta(minutes=10 * number))
            publisher.publish("support.ticket.answered", id_, {"id": id_, "status": "answered"}, at=base + timedelta(hours=5))
            publisher.publish("support.ticket.solved", id_, {"id": id_, "status": "solved"}, at=base + timedelta(hours=6))
        survey = str(uuid.uuid4())
        publisher.publish("support.survey.sent", survey, {"id": survey, "status": "sent"}, at=base)
        publisher.publish("support.survey.answered", survey, {"id": survey, "status": "answered", "score": 3 + number // 2}, at=base)
    publisher.settle()
    response = shop.analytics.get("/v1/service", params={"from": "2011-12-01", "to": "2011-12-02"}).expect(200)
    assert response["tickets"] == {"opened": 3, "unanswered": 1, "solved": 2, "first_answer": {"count": 2, "p50": 600, "p90": 1200},
                               "solution": {"count": 2, "p50": 21600, "p90": 21600}}
    assert response["surveys"] == {"sent": 3, "answered": 3, "scored": 3, "points": 10, "average": 3.33}


@pytest.mark.parametrize("path", ["/v1/sales", "/v1/sales/events", "/v1/stages", "/v1/parcels", "/v1/service"])
def test_an_invalid_window_is_refused(shop, path):
    def asked(**params):
        return shop.analytics.get(path, params=params)

    no = asked()
    assert no.status == 400 and no.codes == ["field.required", "field.required"]
    assert asked(**{"from": "2011-02-29", "to": "2011-03-01"}).codes == ["field.format"]
    for start, end, code in (("2011-03-01", "2011-03-01", "window.empty"), ("2011-03-02", "2011-03-01", "window.empty"),
                             ("2001-03-02", "2021-03-01", "window.too_long")):
        no = asked(**{"from": start, "to": end})
        assert (no.status, no.codes) == (400, [code])
    assert asked(**{"from": "2011-03-01", "to": "2011-03-02", "colour": "red"}).codes == ["query.unknown"]


def test_invalid_groupings_keys_and_cursors_are_refused(shop):
    window = {"from": "2011-03-01", "to": "2011-03-02"}
    assert shop.analytics.get("/v1/sales", params={**window, "by": "mood"}).codes == ["field.choice"]
    assert shop.analytics.get("/v1/sales", params={**window, "by": "hour", "to": "2013-01-01"}).codes == ["window.too_long"]
    for by, key in (("day", "2011-3-1"), ("week", "2011-W60"), ("month", "2011-13"), ("hour", "noon")):
        assert shop.analytics.get("/v1/sales/events", params={**window, "by": by, "key": key}).codes == ["query.format"]
    assert shop.analytics.get("/v1/sales/events", params={**window, "cursor": "abc"}).codes == ["query.cursor"]


def test_figures_need_the_analytics_scope(shop):
    window = {"from": "2011-03-01", "to": "2011-03-02"}
    for path in ("/v1/sales", "/v1/sales/events", "/v1/stages", "/v1/parcels", "/v1/service"):
        assert shop.analytics.as_("analyst").get(path, params=window).status == 200
        assert shop.analytics.as_("manager").get(path, params=window).status == 200
        assert shop.analytics.as_("picker").get(path, params=window).status == 403
        assert shop.analytics.get(path, params=window, token="").status == 401
    assert shop.analytics.as_("analyst").post("/v1/rebuild").status == 403
    assert shop.analytics.as_("picker").get("/v1/quarantine").status == 403


def test_no_personal_data_is_stored(shop):
    kept = shop.sql("analytics", "select string_agg(a::text, ' ') as all from archive a")[0]["all"]
    shop.no_canary(kept, "the archive")
