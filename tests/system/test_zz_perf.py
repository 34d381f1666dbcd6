import time
from others import Others, books_hold
import test_reservations as t
def test_perf(open_shop):
    shop = open_shop(services=("catalog",), instances=1)
    others = Others(shop)
    skus=[f"P-{n}" for n in range(300)]
    import random
    from concurrent.futures import ThreadPoolExecutor
    t0=time.time()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda s: t.stocked(shop, s, quantity=200), skus))
    print("skus", time.time()-t0)
    t.stocked(shop,"HOT",quantity=500)
    shop.sql("postgres","alter role catalog set log_min_duration_statement=3")
    shop.restart("catalog")
    for kind in ("hot","mixed"):
        orders=[others.order([("HOT",1)] if kind=="hot" else [(s,1+n%2) for s in random.sample(skus,3)]) for n in range(10000)]
        shop.pause("catalog")
        others.publish([others.placed(o) for o in orders])
        shop.resume("catalog")
        t0=time.time(); others.settle(120); print(kind, 10000/(time.time()-t0), "orders/s")
    t0=time.time(); shop.road.book_in("HOT", 100); print("book in with 9500 waiting", time.time()-t0)
    t0=time.time(); shop.road.book_in("HOT", 100); print("book in with 9400 waiting", time.time()-t0)
    t0=time.time(); shop.road.book_in(skus[0], 100); print("book in mixed", time.time()-t0)
    t0=time.time(); shop.road.book_in("HOT", 5000); print("book in 5000 with 9300 waiting", time.time()-t0)
    books_hold(shop)
