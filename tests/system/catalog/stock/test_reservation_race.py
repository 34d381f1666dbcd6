"""The race for the last pieces, through the front door: orders as they are placed, stock as the catalog gives it out."""
from concurrent.futures import ThreadPoolExecutor

from others import books_hold
from stack.client import eventually

SHOP = {"services": ("catalog", "orders"), "instances": 3}
PIECES, ORDERS = 100, 1000


def test_of_a_thousand_orders_at_once_the_first_hundred_are_reserved(shop):
    shop.workflow.publish({"sku": "LAST", "price": 450})
    shop.workflow.book_in("LAST", PIECES)
    shop.settle()
    shop.workflow.patience = 30         # a service that has too much to do says so; who is told asks again
    with ThreadPoolExecutor(24) as pool:
        placed = list(pool.map(lambda _: shop.workflow.order([("LAST", 1)], paid=False), range(ORDERS)))
    shop.settle(60)
    arrived = [event["aggregate_id"] for event in shop.orders.all("/v1/events", params={"type": "orders.order.placed"})]
    assert sorted(arrived) == sorted(order["id"] for order in placed)
    orders = {order["id"]: order for order in shop.orders.all("/v1/orders", limit=250)}
    assert [orders[id_]["stock_status"] for id_ in arrived] == ["reserved"] * PIECES + ["backordered"] * (ORDERS - PIECES)
    level = shop.catalog.get("/v1/stock/LAST").json
    assert (level["on_hand"], level["reserved"], level["available"]) == (PIECES, PIECES, 0)
    books_hold(shop)

    # Whoever cancels makes room for the next in line, and what comes in serves the line on.
    for id_ in arrived[:10]:
        shop.orders.post(f"/v1/orders/{id_}/cancel", {"reason": "changed their mind"}).expect(200)
    shop.workflow.book_in("LAST", 15, reference="more")
    shop.settle(60)
    served = eventually(lambda: serves(shop, arrived[:130]), 20)
    assert served == ["released"] * 10 + ["reserved"] * 115 + ["backordered"] * 5
    books_hold(shop)


def serves(shop, ids):
    orders = {order["id"]: order for order in shop.orders.all("/v1/orders", limit=250)}
    return [orders[id_]["stock_status"] for id_ in ids]
