"""Orders: placed once, priced by the price list, paid, reserved, confirmed, shipped."""
import threading
import uuid

import pytest
from event_publisher import EventPublisher
from order_steps import act, cart, confirmed, place, read, types, wait
from stack.client import eventually

SHOP = {"services": ("orders",)}


@pytest.fixture(scope="module")
def publisher(shop):
    publisher = EventPublisher(shop)
    publisher.product(("MUG", 450), ("POT", 1250))
    publisher.product(("POST", 395, {"stocked": False}))
    shop.orders.put("/v1/channels/bazaar", {"kind": "platform"}).expect(200)
    return publisher


# --- placing -----------------------------------------------------------------------------------------------

def test_an_order_is_priced_by_the_price_list_and_gets_a_number(shop, publisher):
    made = shop.orders.post("/v1/orders", cart(shop, ("MUG", 2), ("POT", 1, 1250), ("MUG", 1)), role="storefront")
    assert made.status == 201, made
    order = made.json
    assert made.headers["Location"] == f"/v1/orders/{order['id']}" and made.headers["ETag"] == '"v1"'
    assert order["number"].startswith("SO-") and len(order["number"]) == 16
    assert (order["total"], order["gross"], order["paid"], order["currency"]) == (2600, 2600, 0, "GBP")
    assert (order["status"], order["stock_status"], order["payment_status"]) == ("placed", "pending", "unpaid")
    assert [(line["sku"], line["quantity"], line["unit_price"], line["title"]) for line in order["lines"]] == [
        ("MUG", 2, 450, "Nice MUG"), ("POT", 1, 1250, "Nice POT"), ("MUG", 1, 450, "Nice MUG")]
    assert order["allowed_actions"] == ["payments", "cancel"] and order["version"] == 1 and order["flags"] == []
    assert read(shop, order)["allowed_actions"] == ["payments", "hold", "release", "confirm", "cancel"]


def test_a_sku_may_have_all_characters_of_a_code(shop, publisher):
    odd = ['A"B', "A\\B", "{A,B}", "NULL", "Ü'$1"]
    publisher.product(*((sku, 100) for sku in odd), wait=False)
    eventually(lambda: shop.value("orders", "select count(*) from price where sku = any(%s)", odd) == len(odd))
    order = place(shop, *((sku, 1) for sku in odd))
    assert [line["sku"] for line in order["lines"]] == odd and order["total"] == 500


def test_all_errors_of_a_cart_are_reported_at_once(shop, publisher):
    publisher.product(("EURO", 100, {"currency": "EUR"}))
    id_ = publisher.product(("OLD", 100))
    publisher.product(("OLD", 100), id_=id_, verb="delisted")
    no = shop.orders.post("/v1/orders", cart(shop, ("MUG", 1, 449), ("NEVER", 1), ("EURO", 1), ("OLD", 1, 99),
                                             placed_at="2999-01-01T00:00:00Z", wishes={"message": "x" * 9000}))
    assert no.status == 422 and no.code == "order.invalid"
    assert {(fault["pointer"], fault["code"]) for fault in no.json["errors"]} == {
        ("/lines/0/unit_price", "order.price_differs"), ("/lines/1/sku", "order.unknown_sku"),
        ("/lines/2/sku", "order.currency"), ("/lines/3/sku", "order.not_sellable"),
        ("/lines/3/unit_price", "order.price_differs"), ("/placed_at", "order.placed_in_future"),
        ("/wishes", "order.wishes_too_long")}


def test_the_body_is_checked_field_by_field(shop, publisher):
    body = cart(shop, ("MUG", 0))
    body["ship_to"]["country"] = "England"
    del body["customer"]["ref"]
    no = shop.orders.post("/v1/orders", {**body, "colour": 1})
    assert no.status == 422 and no.pointers == ["/colour", "/customer/ref", "/lines/0/quantity", "/ship_to/country"]
    assert shop.orders.post("/v1/orders", {**cart(shop, ("MUG", 1)), "lines": []}).pointers == ["/lines"]


def test_an_order_with_a_total_beyond_the_limit_is_refused(shop, publisher):
    publisher.product(("GOLD", 10**15))
    no = shop.orders.post("/v1/orders", cart(shop, ("GOLD", 1), ("GOLD", 1000000)))
    assert no.status == 422 and no.pointers == ["/lines/1/quantity"] and no.codes == ["order.overflow"]


def test_price_events_change_the_price_list_but_not_placed_orders(shop, publisher):
    id_ = publisher.product(("CUP", 300), ("LID", 100))
    order = place(shop, ("CUP", 1))
    publisher.product(("CUP", 350), id_=id_)
    assert place(shop, ("CUP", 1))["total"] == 350 and read(shop, order)["total"] == 300
    assert not publisher.price("LID")["sellable"], "a variant that the product no longer has is not sold"


def test_a_platform_price_is_accepted_and_a_difference_flagged(shop, publisher):
    order = place(shop, ("MUG", 1, 399), ("MUG", 1, 450), ("POT", 1), channel="bazaar")
    assert order["total"] == 399 + 450 + 1250 and order["flags"] == ["price_differs"]
    assert place(shop, ("MUG", 1, 450), channel="bazaar")["flags"] == []
    no = shop.orders.post("/v1/orders", cart(shop, ("NEVER", 1, 5), channel="bazaar"))
    assert no.codes == ["order.unknown_sku"]


def test_a_platform_order_is_accepted_although_its_article_was_delisted(shop, publisher):
    id_ = publisher.product(("GONE", 100))
    publisher.product(("GONE", 100), id_=id_, verb="delisted")
    assert place(shop, ("GONE", 1, 90), channel="bazaar")["flags"] == ["not_sellable", "price_differs"]
    assert shop.orders.post("/v1/orders", cart(shop, ("GONE", 1), channel="bazaar")).codes == ["order.not_sellable"]


def test_channels_are_set_by_the_manager_and_unknown_ones_are_the_shop_s_own(shop, publisher):
    put = shop.orders.put("/v1/channels/fair", {"kind": "platform"}, role="manager")
    assert put.status == 200 and put.json["kind"] == "platform" and put.json["version"] == 1
    assert shop.orders.put("/v1/channels/fair", {"kind": "platform"}).json["version"] == 1, "nothing changed"
    assert shop.orders.put("/v1/channels/fair", {"kind": "own"}).json["version"] == 2
    assert {each["name"] for each in shop.orders.get("/v1/channels").json["data"]} == {"bazaar", "fair"}
    assert shop.orders.put("/v1/channels/fair", {"kind": "own"}, role="clerk").status == 403
    assert shop.orders.put("/v1/channels/fair", {"kind": "foreign"}).codes == ["field.choice"]
    assert shop.orders.put("/v1/channels/a%20b", {"kind": "own"}).code == "channel.name"
    assert shop.orders.post("/v1/orders", cart(shop, ("MUG", 1, 1), channel="fair")).codes == ["order.price_differs"]
    assert shop.orders.post("/v1/orders", cart(shop, ("MUG", 1, 1), channel="nobody")).codes == ["order.price_differs"]


# --- repeated orders -----------------------------------------------------------------------------------------

def test_the_same_channel_reference_is_one_order(shop, publisher):
    body = cart(shop, ("MUG", 1))
    first = shop.orders.post("/v1/orders", body)
    again = shop.orders.post("/v1/orders", dict(reversed(body.items())))
    assert (first.status, again.status) == (201, 200) and again.json["id"] == first.json["id"]
    other = shop.orders.post("/v1/orders", {**body, "lines": [{"sku": "MUG", "quantity": 2}]})
    assert other.status == 409 and other.code == "order.channel_ref_reused"
    assert shop.orders.post("/v1/orders", {**body, "channel": "shop-2"}).status == 201


def test_a_repeated_order_is_recognised_although_prices_changed(shop, publisher):
    id_ = publisher.product(("DAY", 100))
    body = cart(shop, ("DAY", 1, 100))
    first = shop.orders.post("/v1/orders", body, key="day-1").expect(201)
    publisher.product(("DAY", 120), id_=id_)
    assert shop.orders.post("/v1/orders", body).expect(200)["id"] == first["id"]
    assert shop.orders.post("/v1/orders", body, key="day-1").expect(201) == first


def test_a_dry_run_validates_an_order_and_stores_nothing(shop, publisher):
    body = cart(shop, ("MUG", 1))
    assert shop.orders.post("/v1/orders?dry_run=1", body).json["total"] == 450
    assert shop.orders.get("/v1/orders", params={"channel_ref": body["channel_ref"]}).json["data"] == []


@pytest.mark.parametrize("role", ["storefront", "clerk", "admin"])
def test_the_response_to_an_order_equals_get_and_is_repeated_byte_for_byte(shop, publisher, role):
    body = cart(shop, ("MUG", 1), ("POT", 2), wishes={"card": 'Ω "quoted" \\ 漢字 🍵', "none": {}})
    key = str(uuid.uuid4())
    made = shop.orders.post("/v1/orders", body, role=role, key=key)
    shown = shop.orders.get(f"/v1/orders/{made.json['id']}", role=role)
    again = shop.orders.post("/v1/orders", body, role=role, key=key)
    assert made.status == again.status == 201 and again.headers["Idempotent-Replayed"] == "true"
    assert made.text == shown.text == again.text
    assert made.headers["ETag"] == shown.headers["ETag"] == again.headers["ETag"] == '"v1"'
    assert made.headers["Location"] == again.headers["Location"]


def test_a_masked_response_is_masked_again_when_it_is_repeated(shop, publisher):
    order = place(shop, ("MUG", 2))
    payment, key = {"method": "card", "amount": 450, "reference": "half"}, str(uuid.uuid4())
    first, again = (shop.orders.post(f"/v1/orders/{order['id']}/payments", payment, role="cashier", key=key) for _ in "12")
    shown = shop.orders.get(f"/v1/orders/{order['id']}", role="cashier")
    assert first.json["customer"]["name"] == "R***" and first.text == again.text == shown.text
    kept = shop.value("orders", "select body from idempotency where key = %s", key)
    assert kept == first.text


def test_an_order_whose_response_cannot_be_built_is_not_placed(shop, publisher):
    """The response is read with the commit: without a response there is no effect."""
    body = cart(shop, ("MUG", 1))
    shop.sql("orders", "alter view order_json rename to order_json_kept")
    shop.sql("orders", "create view order_json as select * from order_json_kept where false")
    try:
        no = shop.orders.post("/v1/orders", body)
    finally:
        shop.sql("orders", "drop view order_json")
        shop.sql("orders", "alter view order_json_kept rename to order_json")
    assert no.status == 404 and no.code == "resource.not_found"
    assert shop.value("orders", "select count(*) from orders where channel_ref = %s", body["channel_ref"]) == 0
    assert shop.orders.post("/v1/orders", body).status == 201


def test_an_order_s_deadlines_are_written_with_it(shop, publisher):
    def deadlines(order):
        return {row["kind"]: (row["state"], round(row["seconds"])) for row in shop.sql(
            "orders", "select d.kind, d.state, extract(epoch from d.due_at - o.created_at)::float8 as seconds "
            "from deadline d join orders o on o.id::text = d.aggregate_id where o.id::text = %s", order["id"])}

    assert deadlines(place(shop, ("MUG", 1))) == {"pay_by": ("open", 86400), "confirm_by": ("open", 7200)}
    assert deadlines(place(shop, ("MUG", 1), paid=450)) == {"confirm_by": ("open", 7200)}
    assert deadlines(place(shop, ("POST", 1), paid=395)) == {"confirm_by": ("met", 7200)}, "set and met in one work"


# --- payments -------------------------------------------------------------------------------------------------------

def test_a_payment_in_the_order_is_booked_with_it(shop, publisher):
    order = place(shop, ("MUG", 2), paid=900)
    assert (order["payment_status"], order["paid"]) == ("paid", 900)
    assert order["payments"][0]["reference"] == f"pay-{order['channel_ref']}"
    assert types(shop, order) == ["placed", "paid"]
    no = shop.orders.post("/v1/orders", cart(shop, ("MUG", 2), paid=901))
    assert no.status == 422 and no.pointers == ["/payment/amount"] and no.codes == ["payment.too_much"]


def test_an_order_is_paid_in_parts_and_never_overpaid(shop, publisher):
    order = place(shop, ("MUG", 2))
    part = act(shop, order, "payments", {"method": "card", "amount": 400, "reference": "a"}, role="cashier")
    assert part.status == 201 and (part.json["payment_status"], part.json["paid"]) == ("partly_paid", 400)
    no = act(shop, order, "payments", {"method": "card", "amount": 501, "reference": "b"})
    assert no.status == 409 and no.code == "payment.too_much"
    assert act(shop, order, "payments", {"method": "card", "amount": 500, "reference": "b"}).json["payment_status"] == "paid"
    assert act(shop, order, "payments", {"method": "card", "amount": 1, "reference": "c"}).code == "payment.too_much"
    assert act(shop, order, "payments", {"method": "card", "amount": 0, "reference": "c"}).codes == ["field.out_of_range"]


def test_a_payment_sent_twice_is_one(shop, publisher):
    order = place(shop, ("MUG", 1))
    body = {"method": "card", "amount": 450, "reference": "once"}
    assert act(shop, order, "payments", body).status == 201
    again = act(shop, order, "payments", body)
    assert again.status == 200 and again.json["paid"] == 450 and len(again.json["payments"]) == 1
    other = act(shop, order, "payments", {**body, "amount": 449})
    assert other.status == 409 and other.code == "payment.reference_reused"
    assert types(shop, order) == ["placed", "paid"]


def test_a_cancelled_order_accepts_no_payment(shop, publisher):
    order = place(shop, ("MUG", 1))
    act(shop, order, "cancel", {"reason": "changed her mind"}).expect(200)
    assert act(shop, order, "payments", {"method": "card", "amount": 450, "reference": "x"}).code == "order.invalid_transition"


# --- stock and confirmation -----------------------------------------------------------------------------------------

def test_an_order_is_confirmed_once_it_is_reserved_and_paid_in_any_order(shop, publisher):
    paid_first, reserved_first = place(shop, ("MUG", 1), paid=450), place(shop, ("MUG", 1))
    publisher.reservation(paid_first)
    publisher.reservation(reserved_first)
    order = wait(shop, paid_first, status="confirmed", stock_status="reserved")
    assert order["allocation"] == [{"sku": "MUG", "warehouse": "main", "quantity": 1}]
    assert order["lines"][0]["reserved"] == 1
    assert types(shop, order) == ["placed", "paid", "stock_changed", "confirmed"]
    wait(shop, reserved_first, status="placed", stock_status="reserved")
    answer = act(shop, reserved_first, "payments", {"method": "card", "amount": 450, "reference": "r"})
    assert answer.json["status"] == "confirmed" and answer.json["allowed_actions"] == ["cancel"]
    assert types(shop, reserved_first) == ["placed", "stock_changed", "paid", "confirmed"]


def test_an_order_without_stocked_lines_needs_no_reservation(shop, publisher):
    order = place(shop, ("POST", 1), paid=395)
    assert (order["status"], order["stock_status"]) == ("confirmed", "reserved")
    assert types(shop, order) == ["placed", "paid", "confirmed"]


def test_a_free_order_needs_no_payment(shop, publisher):
    order = place(shop, ("MUG", 1, 0), channel="bazaar")
    assert order["payment_status"] == "paid"
    publisher.reservation(order)
    wait(shop, order, status="confirmed")


def test_short_orders_are_backordered_and_continue_when_stock_comes(shop, publisher):
    order = place(shop, ("MUG", 3), paid=1350)
    publisher.reservation(order, "short")
    assert wait(shop, order, stock_status="backordered")["status"] == "placed"
    publisher.reservation(order)
    wait(shop, order, status="confirmed", stock_status="reserved")


def test_a_partly_reserved_order_is_confirmed_only_manually(shop, publisher):
    order = place(shop, ("MUG", 3), ("POT", 2), ("MUG", 2), paid=1350 + 2500 + 900, allow_partial=True)
    publisher.reservation(order, "partial", reserved=2)
    order = wait(shop, order, stock_status="partial")
    assert order["status"] == "placed" and [line["reserved"] for line in order["lines"]] == [3, 2, 1]
    assert act(shop, order, "confirm", role="clerk").json["status"] == "confirmed"
    publisher.reservation(order)
    wait(shop, order, stock_status="reserved")
    assert types(shop, order)[-2:] == ["confirmed", "stock_changed"], "fulfilment hears of what came later"


def test_a_manual_confirmation_is_refused_with_the_reason(shop, publisher):
    order = place(shop, ("MUG", 1))
    assert act(shop, order, "confirm").code == "order.unpaid"
    act(shop, order, "payments", {"method": "card", "amount": 450, "reference": "r"})
    assert act(shop, order, "confirm").code == "order.not_reserved"
    act(shop, order, "hold", {"reason": "address"})
    assert act(shop, order, "confirm").code == "order.on_hold"
    assert act(shop, order, "confirm", role="storefront").status == 403
    assert act(shop, {"id": str(uuid.uuid4())}, "confirm").status == 404
    assert act(shop, {"id": "7"}, "confirm").status == 404


def test_prefer_wait_responds_once_the_reservation_is_known(shop, publisher):
    body = cart(shop, ("MUG", 1))
    def answer():
        found = eventually(lambda: shop.orders.get("/v1/orders", params={"channel_ref": body["channel_ref"]}).json["data"])
        publisher.reservation(found[0])

    other = threading.Thread(target=answer)
    other.start()
    order = shop.orders.post("/v1/orders", body, headers={"Prefer": "wait=5"}).expect(201)
    other.join()
    assert order["stock_status"] == "reserved"


def test_repeated_late_and_unknown_events_change_nothing(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    response = publisher.reservation(order)
    wait(shop, order, status="confirmed")
    before = read(shop, order)
    publisher.publish("catalog.reservation.held", response.aggregate_id, response.data)
    publisher.publish("catalog.reservation.admired", response.aggregate_id, response.data)
    publisher.reservation({**order, "id": str(uuid.uuid4())})
    publisher.shipment({**order, "id": str(uuid.uuid4())}, "created")
    other = place(shop, ("MUG", 1))
    publisher.reservation(other)
    wait(shop, other, stock_status="reserved")
    assert read(shop, order) == before


# --- holds --------------------------------------------------------------------------------------------------------

def test_an_order_on_hold_is_not_confirmed_until_it_is_released(shop, publisher):
    order = place(shop, ("MUG", 1), paid=450)
    held = act(shop, order, "hold", {"reason": "odd address"}, role="clerk", sub="carl")
    assert held.json["held"] is True
    act(shop, order, "hold", {"reason": "and a note to read"}).expect(200)
    publisher.reservation(order)
    assert wait(shop, order, stock_status="reserved")["status"] == "placed"
    assert [each["id"] for each in shop.orders.get("/v1/orders", params={"held": "true"}).json["data"]
            if each["id"] == order["id"]]
    holds = shop.orders.get("/v1/holds", params={"order_id": order["id"], "open": "true"}).json["data"]
    assert {(each["reason"], each["actor"]) for each in holds} == {("odd address", "carl"), ("and a note to read", "ann")}
    assert act(shop, order, "release").json["status"] == "confirmed"
    assert types(shop, order) == ["placed", "paid", "held", "held", "stock_changed", "released", "confirmed"]
    assert shop.orders.get("/v1/holds", params={"order_id": order["id"], "open": "true"}).json["data"] == []
    assert act(shop, order, "hold", {"reason": "too late"}).code == "order.invalid_transition"


def test_only_an_order_on_hold_is_released(shop, publisher):
    order = place(shop, ("MUG", 1))
    assert act(shop, order, "release").code == "order.not_held"
    assert act(shop, order, "hold", {}).codes == ["field.required"]


# --- shipments ------------------------------------------------------------------------------------------------------

def test_an_order_is_shipped_and_delivered_with_its_shipment(shop, publisher):
    order = confirmed(shop, publisher, ("MUG", 2), ("POST", 1))
    parcel = publisher.shipment(order, "created")
    publisher.shipment(order, "waved", parcel)
    publisher.shipment(order, "packed", parcel)
    publisher.shipment(order, "shipped", parcel)
    shipped = wait(shop, order, status="shipped")
    assert [(each["carrier"], each["status"]) for each in shipped["parcels"]] == [("royal-mail", "shipped")]
    publisher.reservation(order, "taken")
    wait(shop, order, stock_status="taken")
    publisher.shipment(order, "delivered", parcel)
    assert wait(shop, order, status="delivered")["parcels"][0]["delivered_at"]
    assert [step for step in types(shop, order) if step not in ("placed", "paid", "stock_changed")] == [
        "confirmed", "shipped", "delivered"]
    assert act(shop, order, "cancel", {"reason": "late"}).code == "order.invalid_transition"


def test_an_order_in_two_shipments_is_shipped_with_the_last(shop, publisher):
    order = confirmed(shop, publisher, ("MUG", 2), ("POT", 1))
    one, two = publisher.shipment(order, "created", lines=[("MUG", 2)]), publisher.shipment(order, "created", lines=[("POT", 1)])
    publisher.shipment(order, "shipped", one, lines=[("MUG", 2)])
    eventually(lambda: len(read(shop, order)["parcels"]) == 1)
    assert read(shop, order)["status"] == "confirmed" and types(shop, order)[-1] == "parcel_changed"
    publisher.shipment(order, "delivered", one, lines=[("MUG", 2)])
    publisher.shipment(order, "shipped", two, lines=[("POT", 1)])
    wait(shop, order, status="shipped")
    publisher.shipment(order, "delivered", two, lines=[("POT", 1)])
    wait(shop, order, status="delivered")
    assert types(shop, order).count("shipped") == types(shop, order).count("delivered") == 1


def test_an_order_without_units_is_shipped_with_its_only_shipment(shop, publisher):
    order = place(shop, ("POST", 1), paid=395)
    parcel = publisher.shipment(order, "created", lines=[])
    publisher.shipment(order, "shipped", parcel, lines=[])
    publisher.shipment(order, "delivered", parcel, lines=[])
    wait(shop, order, status="delivered")


# --- visibility ------------------------------------------------------------------------------------------------

def test_personal_data_is_masked_for_roles_that_do_not_need_it(shop, publisher):
    body = cart(shop, ("MUG", 1), wishes={"card": shop.canary("Happy birthday, dear Ada")})
    order = shop.orders.post("/v1/orders", body, role="storefront").expect(201)
    assert order["customer"] == body["customer"] and order["ship_to"] == body["ship_to"]
    assert order["wishes"] == body["wishes"]
    seen = shop.orders.get(f"/v1/orders/{order['id']}", role="cashier").json
    assert seen["customer"]["name"] == "R***" and seen["customer"]["ref"] == body["customer"]["ref"]
    assert seen["ship_to"]["street"] == "***" and seen["wishes"] == {"card": "***"}
    assert (seen["ship_to"]["city"], seen["ship_to"]["country"], seen["ship_country"]) == ("Leeds", "GB", "GB")


def test_events_have_no_personal_data_outside_their_private_part(shop, publisher):
    order = place(shop, ("MUG", 1), wishes={"card": shop.canary("a secret greeting")})
    event, = shop.sql("orders", "select data::text as data, private from event where aggregate_id = %s", order["id"])
    shop.no_canary(event["data"], "an event's data")
    assert event["private"]["customer"]["name"] and event["private"]["wishes"]
    data = shop.orders.get(f"/v1/orders/{order['id']}/timeline").json["data"][0]["data"]
    assert data["lines"] == [{"line": 1, "sku": "MUG", "quantity": 1, "unit_price": 450, "stocked": True}]
    assert set(data) >= {"id", "number", "channel", "channel_ref", "customer_ref", "currency", "status", "stock_status",
                         "payment_status", "placed_at", "total", "discount", "shipping_fee", "paid", "refunded",
                         "allow_partial", "lines", "allocation"}


def test_customers_see_only_their_own_orders(shop, publisher):
    mine, other = place(shop, ("MUG", 1)), place(shop, ("MUG", 1))
    me = shop.orders.as_("customer", mine["customer_ref"])
    assert [each["id"] for each in me.get("/v1/orders").expect(200)["data"]] == [mine["id"]]
    assert me.get(f"/v1/orders/{mine['id']}").json["customer"]["phone"].startswith("+44")
    assert me.get(f"/v1/orders/{other['id']}").status == 404
    assert me.get(f"/v1/orders/{other['id']}/timeline").status == 404
    for path in ("/v1/refunds", "/v1/holds", "/v1/channels", "/v1/prices", "/v1/events"):
        assert me.get(path).status == 403, path
    assert me.post(f"/v1/orders/{mine['id']}/cancel", {"reason": "mine"}).status == 403


def test_orders_are_listed_by_the_filters_of_staff(shop, publisher):
    order = place(shop, ("MUG", 1), placed_at="2010-12-01T08:26:00Z", channel="history")
    want = {"channel": "history", "channel_ref": order["channel_ref"], "customer_ref": order["customer_ref"],
            "number": order["number"], "status": "placed", "stock_status": "pending", "payment_status": "unpaid",
            "placed_from": "2010-12-01T00:00:00Z", "placed_to": "2010-12-02T00:00:00Z", "held": "false", "overdue": "false"}
    for some in [want, *({name: value} for name, value in want.items() if name in ("channel_ref", "number", "channel"))]:
        assert [each["id"] for each in shop.orders.get("/v1/orders", params=some).expect(200)["data"]] == [order["id"]]
    assert shop.orders.get("/v1/orders", params={**want, "placed_to": "2010-12-01T08:26:00Z"}).json["data"] == []
    assert shop.orders.get("/v1/orders", params={"colour": "red"}).code == "query.invalid"


def test_an_order_of_a_thousand_lines_is_confirmed_and_shipped(shop, publisher):
    publisher.product(*[(f"ART-{n:04}-LONG-NAME", n) for n in range(1, 501)], wait=False)
    publisher.product(*[(f"ART-{n:04}-LONG-NAME", n) for n in range(501, 1001)])
    order = confirmed(shop, publisher, *[(f"ART-{n:04}-LONG-NAME", n) for n in range(1, 1001)])
    assert order["total"] == sum(n * n for n in range(1, 1001)) and len(order["lines"]) == 1000
    parcel = publisher.shipment(order, "created")
    publisher.shipment(order, "shipped", parcel)
    wait(shop, order, status="shipped")
    largest = shop.value("orders", "select max(octet_length(data::text)) from event where aggregate_id = %s", order["id"])
    assert largest < 256 * 1024
    shop.settle()


# --- every action in every state ----------------------------------------------------------------------------------

BODIES = {"payments": {"method": "card", "amount": 1, "reference": "again"}, "hold": {"reason": "x"},
          "cancel": {"reason": "x"}}


def brought_to(shop, publisher, status):
    """A new order in this status."""
    if status in ("placed", "cancelled"):
        order = place(shop, ("MUG", 1))
        if status == "cancelled":
            act(shop, order, "cancel", {"reason": "x"}).expect(200)
        return order
    order = confirmed(shop, publisher, ("MUG", 1))
    parcel = publisher.shipment(order, "created")
    if status == "cancelling":
        act(shop, order, "cancel", {"reason": "x"}).expect(200)
    if status in ("shipped", "delivered"):
        publisher.shipment(order, "shipped", parcel)
    if status == "delivered":
        publisher.shipment(order, "delivered", parcel)
    return wait(shop, order, status=status)


@pytest.mark.parametrize("status", ["placed", "confirmed", "cancelling", "shipped", "delivered", "cancelled"])
def test_in_every_state_only_the_allowed_actions_succeed(shop, publisher, status):
    order = brought_to(shop, publisher, status)
    allowed = read(shop, order)["allowed_actions"]
    assert allowed == {"placed": ["payments", "hold", "release", "confirm", "cancel"], "confirmed": ["cancel"]}.get(status, [])
    for action in ("payments", "hold", "release", "confirm", "cancel"):
        answer = act(shop, order, f"{action}?dry_run=1", BODIES.get(action))
        forbidden = answer.code in ("order.invalid_transition", "payment.too_much")
        assert forbidden != (action in allowed), f"{action} in {status}: {answer}"
    assert read(shop, order)["allowed_actions"] == allowed


def test_what_each_role_may_do(shop, publisher):
    order = place(shop, ("MUG", 1))
    may = {"storefront": {"payments", "cancel"}, "clerk": {"payments", "confirm", "hold", "release", "cancel", "refunds"},
           "cashier": {"payments", "refunds"}, "manager": {"confirm", "hold", "release", "cancel", "refunds"},
           "agent": set(), "picker": set(), "customer": set()}
    for role, actions in may.items():
        for action in ("payments", "confirm", "hold", "release", "cancel", "refunds"):
            body = {**BODIES, "refunds": {"amount": 1, "reason": "x"}}.get(action)
            answer = act(shop, order, f"{action}?dry_run=1", body, role=role)
            assert (answer.status == 403) == (action not in actions), f"{role} {action}: {answer}"
    assert shop.orders.get("/v1/orders", role="picker").status == 403
    assert shop.orders.get("/v1/orders", token="").status == 401
