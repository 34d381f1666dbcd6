"""The steps of the order tests."""


def cart(shop, *lines, **more):
    """The body of an order that is not paid."""
    return shop.workflow.order_body(lines, **{"paid": False, **more})


def place(shop, *lines, **more):
    return shop.orders.post("/v1/orders", cart(shop, *lines, **more), role="storefront").expect(201)


def read(shop, order):
    return shop.orders.get(f"/v1/orders/{order['id']}").expect(200)


def wait(shop, order, **fields):
    return shop.workflow.wait_order(order["id"], 10, **fields)


def types(shop, order):
    """The verbs of an order's events, in order."""
    steps = shop.orders.get(f"/v1/orders/{order['id']}/timeline").expect(200)["data"]
    return [step["type"].removeprefix("orders.order.") for step in steps]


def act(shop, order, action, body=None, **options):
    return shop.orders.post(f"/v1/orders/{order['id']}/{action}", body, **options)


def confirmed(shop, publisher, *lines, **more):
    """An order that is paid, reserved and confirmed."""
    order = place(shop, *lines, **more)
    act(shop, order, "payments", {"method": "card", "amount": order["total"], "reference": "all"})
    publisher.reservation(order)
    return wait(shop, order, status="confirmed")
