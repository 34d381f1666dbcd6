"""A made-up tea shop's day, different orders every time: from new articles to delivered packages."""
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .client import eventually
from .demo import (ZONE, check_figures, deliver, for_each, local_day, open_waves, pack_and_ship, publish_article, show, staff,
                   step, wait_all)
from .process import Failed
from .reconcile import analytics_equal_orders, money
from .workflow import CARRIER, CHANNEL, Workflow, someone, unique

# The articles: SKU, title, price in pence, units that come in.
RANGE = [
    ("MUG-BLUE", "Mug, blue", 850, 60), ("MUG-RED", "Mug, red", 850, 60), ("TEAPOT", "Teapot, one litre", 2950, 50),
    ("TRAY-OAK", "Oak tray", 3400, 40), ("TEA-EG", "Earl Grey, 100 g", 620, 60), ("TEA-AS", "Assam, 100 g", 580, 60),
    ("SPOON", "Tea spoon", 240, 90), ("TIN", "Biscuit tin", 1190, 50), ("COSY", "Tea cosy, wool", 1650, 40),
]
PRICES = {sku: price for sku, _, price, _ in RANGE}
PEOPLE = [("Ada Lovell", "London", "W1D 4HS"), ("Ben Okafor", "Leeds", "LS1 4DY"), ("Cara Singh", "Bristol", "BS1 5TR"),
          ("Dan Hughes", "Cardiff", "CF10 1EP"), ("Eve Martin", "York", "YO1 7HH"), ("Finn Byrne", "Belfast", "BT1 5GS")]


def run(shop, options):
    """The whole day; True when all services agree at its end."""
    workflow = Workflow(shop, patience=60)
    show(f"The main workflow of a small tea shop (seed {options.seed})")
    publish_range(shop)
    receive_goods(workflow)
    orders = place_orders(shop, workflow, options)
    confirmed, short = confirm(shop, workflow, orders, options.threads)
    confirmed = cancel_after_confirmation(shop, workflow, confirmed)
    confirmed.append(serve_backorder(workflow, *short))
    packed = pack(shop, workflow, confirmed, options.threads)
    step(8, "Delivery")
    deliver(workflow, packed, options.threads)
    wait_all(workflow, confirmed, "orders delivered", lambda order: order["status"] == "delivered", 60, options.threads)
    follow_up(shop, confirmed[0], random.Random(options.seed))
    answer_ticket(shop, confirmed[0])
    today = datetime.now(ZoneInfo(ZONE)).date()
    return check_figures(shop, [lambda reconciliation: analytics_equal_orders(
        shop, reconciliation.orders, today.isoformat(), (today + timedelta(1)).isoformat(),
        lambda order: local_day(order) == today)])


def publish_range(shop):
    step(1, "Articles")
    once = Workflow(shop, patience=60, key_prefix="range")
    new = sum(publish_article(shop, once, sku, title, price, [CHANNEL]) for sku, title, price, _ in RANGE)
    show(f"   {len(RANGE)} articles on sale on \"{CHANNEL}\": {new} drafted and submitted by ann, approved by ben; "
         f"{len(RANGE) - new} were on sale already")
    refused = shop.catalog.post("/v1/products", {"title": "", "variants": [{"sku": "", "price": -1}]}, **staff("merchandiser"))
    if refused.status < 400:
        raise Failed("a product without title, SKU and price was accepted")
    show(f"   an invalid one was refused, with all {len(refused.json['errors'])} errors at once")


def receive_goods(workflow):
    step(2, "Goods received")
    delivery = unique("delivery")
    for sku, _, _, quantity in RANGE:
        workflow.book_in(sku, quantity, reference=delivery)
    show(f"   {sum(row[3] for row in RANGE)} units booked in on delivery note {delivery}")


def place_orders(shop, workflow, options):
    step(3, "Orders")
    bodies = {}

    def place_one(number):
        name, city, postcode = PEOPLE[number % len(PEOPLE)]
        person = someone(name.split()[0].lower(), name, city=city, postcode=postcode)
        picked = random.Random(f"{options.seed}-{number}").sample(list(PRICES), 3)
        lines = [(sku, 1 + number % 2) for sku in picked[:1 + number % 3]]
        bodies[number] = paid_order(workflow, lines, person)
        return place(workflow, bodies[number])

    orders = for_each(place_one, range(options.orders), "orders placed and paid", options.threads)
    again = shop.orders.post("/v1/orders", bodies[0], **staff("storefront")).expect(200)
    if again["id"] != orders[0]["id"]:
        raise Failed("the same order sent twice became two")
    show(f"   the first one sent again with another Idempotency-Key: still one order, {again['number']}")
    wrong = shop.orders.post("/v1/orders", workflow.order_body([("TEAPOT", 1, 1)], person=someone("sly")))
    show(f"   an order with a wrong unit_price on the shop's own channel: refused ({wrong.code})")
    if wrong.status < 400:
        raise Failed("the shop's own channel took a price that is not in the price list")
    return orders


def confirm(shop, workflow, orders, threads):
    """(the confirmed orders, (a backordered order, the units of it))"""
    step(4, "Stock is reserved, orders are confirmed")
    confirmed = wait_all(workflow, orders, "confirmed", lambda order: order["status"] == "confirmed", 60, threads)
    more = shop.catalog.get("/v1/stock/TRAY-OAK").expect(200)["available"] + 2
    short = place(workflow, paid_order(workflow, [("TRAY-OAK", more)], someone("grace", "Grace Hill")))
    workflow.wait_order(short["id"], 30, stock_status="backordered")
    show(f"   {more} oak trays ordered, two more than available: order {short['number']} is on backorder")
    unpaid = workflow.order([("SPOON", 6)], paid=False, person=someone("hugo", "Hugo Penn"))
    workflow.wait_order(unpaid["id"], 30, stock_status="reserved")
    show(f"   order {unpaid['number']} is not paid: its 6 spoons are reserved, it is not confirmed")
    shop.orders.post(f"/v1/orders/{unpaid['id']}/cancel", {"reason": "customer changed their mind"},
                     **staff("clerk")).expect(200, 202)
    workflow.wait_order(unpaid["id"], 30, status="cancelled", stock_status="released")
    show("   and cancelled by the customer: the spoons are available again")
    return confirmed, (short, more)


def cancel_after_confirmation(shop, workflow, confirmed):
    step(5, "One order is cancelled after its confirmation")
    order = confirmed[0]
    workflow.shipment(order["id"], timeout=30)
    shop.orders.post(f"/v1/orders/{order['id']}/cancel", {"reason": "ordered by mistake"}, **staff("clerk")).expect(200, 202)
    order = workflow.wait_order(order["id"], 30, status="cancelled", stock_status="released")
    show(f"   order {order['number']}: its shipment is voided, {money(order['total'])} refunded")
    return confirmed[1:]


def serve_backorder(workflow, order, units):
    step(6, "Goods received for the backorder")
    workflow.book_in("TRAY-OAK", 10, reference=unique("delivery"))
    order = workflow.wait_order(order["id"], 30, status="confirmed", stock_status="reserved")
    show(f"   10 booked in: order {order['number']} has its {units} and is confirmed")
    return order


def pack(shop, workflow, orders, threads):
    """Waves, scans, one wrong barcode on the way; [(shipment, units)]."""
    step(7, "Waves, scans and shipments")
    for_each(lambda order: workflow.shipment(order["id"], timeout=60), orders, "shipments created", threads)
    open_waves(shop, workflow)
    first = workflow.shipment(orders[0]["id"], "waved")
    wrong = shop.fulfillment.post(f"/v1/shipments/{first['id']}/scans", {"barcode": "4006381333931"}, **staff("picker"))
    show(f"   a wrong barcode in a package: refused ({wrong.code}), an exception is opened")
    if wrong.code != "scan.wrong_barcode":
        raise Failed(f"a wrong barcode was not refused as such: {wrong}")
    for exception in shop.fulfillment.get(f"/v1/exceptions?shipment_id={first['id']}").expect(200)["data"]:
        if exception["status"] == "open":
            shop.fulfillment.post(f"/v1/exceptions/{exception['id']}/resolve",
                                  {"resolution": "taken out of the package"}, **staff("warehouse_lead")).expect(200)
    packed = for_each(lambda order: pack_and_ship(workflow, order, unit_by_unit=True), orders,
                      "packages packed, scanned unit by unit and shipped", threads)
    show(f"   {sum(units for _, units in packed):,} units shipped with {CARRIER}")
    return packed


def follow_up(shop, order, chance):
    task = eventually(lambda: shop.support.get(f"/v1/tasks?order_id={order['id']}").expect(200)["data"][0], 20)
    show(f"   a follow-up task for order {order['number']} is due {task['due_at'][:10]}")
    survey = eventually(lambda: shop.support.get(f"/v1/surveys?order_id={order['id']}").expect(200)["data"][0], 20)
    if survey.get("token"):
        score = chance.choice((4, 5))
        shop.support.post(f"/v1/public/surveys/{survey['token']}", {"score": score, "comment": "Lovely tea."},
                          token="").expect(200, 201)
        show(f"   the customer answers the survey without a login: {score} of 5")


def answer_ticket(shop, order):
    step(9, "Support")
    ticket = shop.support.post("/v1/tickets", {"order_id": order["id"], "subject": "A spoon is missing",
                                               "body": "There were five in the box."}, **staff("agent")).expect(201)
    path = f"/v1/tickets/{ticket['id']}"
    shop.support.post(f"{path}/assign", {"agent": "sue"}, **staff("support_lead")).expect(200)
    shop.support.post(f"{path}/answer", {"body": "We are sorry, one is on its way."}, **staff("agent")).expect(200, 201)
    shop.support.post(f"{path}/solve", {"resolution": "sent another"}, **staff("agent")).expect(200)
    show(f"   ticket {ticket.get('number', '')}: opened, assigned to sue, answered, solved")


def paid_order(workflow, lines, person):
    """The body of a web order that is paid at once."""
    return workflow.order_body(lines, paid=sum(PRICES[sku] * quantity for sku, quantity in lines), person=person)


def place(workflow, body):
    """Place an order; right after publishing, its prices may not have reached orders yet."""
    return eventually(lambda: workflow.call("orders", "POST", "/v1/orders", body, body["channel_ref"], role="storefront"), 20)
