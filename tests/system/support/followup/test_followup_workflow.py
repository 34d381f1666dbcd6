"""The last steps of the main workflow with all services: follow-up, survey and customer of a shipment, and privacy."""
import json

from stack.client import eventually

SHOP = {}


def test_a_delivered_order_creates_a_follow_up_a_survey_and_a_customer(shop):
    person = shop.person()
    shop.workflow.publish({"sku": "TEA", "price": 450})
    shop.workflow.book_in("TEA", 5)
    order = eventually(lambda: shop.workflow.order([("TEA", 2)], person=person), 15)
    shop.workflow.wait_order(order["id"], status="confirmed")
    shipment = shop.workflow.deliver(order["id"])
    sue = shop.support.as_("agent", "sue")
    task = eventually(lambda: sue.get("/v1/tasks", params={"order_id": order["id"]}).expect(200)["data"], 15)[0]
    assert task["shipment_id"] == shipment["id"] and task["order_number"] == order["number"]
    assert task["customer"]["phone"] == person["customer"]["phone"]
    survey = eventually(lambda: sue.get("/v1/surveys", params={"order_id": order["id"]}).expect(200)["data"], 15)[0]
    assert shop.support.get(survey["link"], token="").expect(200)["order_number"] == order["number"]
    shop.support.post(survey["link"], {"score": 1, "comment": "cold"}, token="", key=None).expect(201)
    ticket, = sue.get("/v1/tickets", params={"order_id": order["id"]}).expect(200)["data"]
    assert ticket["order_number"] == order["number"] and ticket["last_orders"][0]["id"] == order["id"]

    def delivered():
        customer, = sue.get("/v1/customers", params={"ref": person["customer"]["ref"]}).json["data"]
        assert customer["orders"] == 1 and customer["last_orders"][0]["status"] == "delivered"
        return customer
    customer = eventually(delivered)
    assert customer["spent"] == [{"currency": "GBP", "amount": order["total"]}]
    shop.settle()
    for service in ("support", "fulfillment", "orders", "analytics", "catalog"):
        assert shop.clients[service].get("/v1/dead-letters").json["data"] == []


def test_personal_data_are_in_no_feed_timeline_or_work_list_of_any_service(shop):
    person = shop.person()
    shop.workflow.publish({"sku": "JAM", "price": 450})
    shop.workflow.book_in("JAM", 5)
    wish = shop.canary("Canary wish: ring twice")
    order = eventually(lambda: shop.workflow.order([("JAM", 1)], person=person, wishes={"message": wish}), 15)
    shop.workflow.wait_order(order["id"], status="confirmed")
    shop.workflow.deliver(order["id"])
    survey = eventually(lambda: shop.support.get("/v1/surveys", params={"order_id": order["id"]}).json["data"], 15)[0]
    comment = shop.canary("Canary comment: too sweet")
    shop.support.post(survey["link"], {"score": 2, "comment": comment}, token="", key=None).expect(201)
    shop.settle()
    for service, client in shop.clients.items():
        shop.no_canary(json.dumps(list(client.all("/v1/events"))), f"the feed of {service}")
        shop.no_canary(client.get("/v1/work").text, f"the work of {service}")
        shop.no_canary(client.get("/v1/dead-letters").text, f"the dead letters of {service}")
    shop.no_canary(shop.orders.get(f"/v1/orders/{order['id']}/timeline").text, "the order's timeline")
    for service in shop.clients:
        for row in shop.sql(service, "select data::text from event"):
            shop.no_canary(row["data"], f"an event of {service}")
