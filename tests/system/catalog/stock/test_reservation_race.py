"""A thousand concurrent orders for the last hundred units, through the API of orders."""
from concurrent.futures import ThreadPoolExecutor

from reservations import check_stock
from stack.client import eventually

SHOP = {"services": ("catalog", "orders"), "instances": 3}
UNITS, ORDERS = 100, 1000


def test_of_a_thousand_orders_at_once_the_first_hundred_are_reserved(shop):
    shop.workflow.publish({"sku": "LAST", "price": 450})
    shop.workflow.book_in("LAST", UNITS)
    shop.settle()
    shop.workflow.patience = 30         # a service under overload responds 503, and the client retries
    with ThreadPoolExecutor(24) as pool:
        placed = list(pool.map(lambda _: shop.workflow.order([("LAST", 1)], paid=False), range(ORDERS)))
    shop.settle(60)
    arrived = [event["aggregate_id"] for event in shop.orders.all("/v1/events", params={"type": "orders.order.placed"})]
    assert sorted(arrived) == sorted(order["id"] for order in placed)
    orders = {order["id"]: order for order in shop.orders.all("/v1/orders", limit=250)}
    assert [orders[id_]["stock_status"] for id_ in arrived] == ["reserved"] * UNITS + ["backordered"] * (ORDERS - UNITS)
    level = shop.catalog.get("/v1/stock/LAST").json
    assert (level["on_hand"], level["reserved"], level["available"]) == (UNITS, UNITS, 0)
    check_stock(shop)

    # Cancelled orders release their stock to the next in the queue, and so does new stock.
    for id_ in arrived[:10]:
        shop.orders.post(f"/v1/orders/{id_}/cancel", {"reason": "changed their mind"}).expect(200)
    shop.workflow.book_in("LAST", 15, reference="more")
    shop.settle(60)
    served = eventually(lambda: serves(shop, arrived[:130]), 20)
    assert served == ["released"] * 10 + ["reserved"] * 115 + ["backordered"] * 5
    check_stock(shop)


def serves(shop, ids):
    orders = {order["id"]: order for order in shop.orders.all("/v1/orders", limit=250)}
    return [orders[id_]["stock_status"] for id_ in ids]
