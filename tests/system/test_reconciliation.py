"""What orders say of each finished day is held against what analytics counted of it (R-23)."""
from datetime import date, timedelta

import pytest
from order_news import News
from test_import import past, refund, take

from stack.client import eventually

SHOP = {"services": ("catalog", "orders", "analytics"), "env": {"SHOP_TIME_ZONE": "America/New_York"}}
DAYS = ("2011-03-12", "2011-03-13")         # clocks change on the second
FACT = """insert into fact_order select (jsonb_populate_record(o, jsonb_build_object('order_id', gen_random_uuid()))).*
          from fact_order o where number = %s"""


@pytest.fixture(scope="module")
def books(shop):
    """Two days of orders and refunds, one of them cancelled, some in another currency."""
    variants = [{"sku": "MUG", "price": 450, "currency": "GBP"}, {"sku": "POT", "price": 1250, "currency": "GBP"}]
    take(shop.catalog, "products", [{"title": "China", "category": "china", "status": "published", "channels": ["web"], "variants": variants}])
    eventually(lambda: shop.orders.get("/v1/prices/POT").status == 200)
    shop.orders.put("/v1/channels/bazaar", {"kind": "platform"}).expect(200)
    rows = [past(f"o-{hour}", ("MUG", 2, 450 + hour), at=f"2011-03-{hour // 24 + 12}T{hour % 24:02}:30:00Z", currency="EUR" if hour % 5 == 0 else "GBP")
            for hour in range(5, 47)]
    assert take(shop.orders, "orders", rows)["rows"]["taken"] == 42
    back = [refund(f"o-{hour}", 100 + hour, f"r-{hour}", refunded_at="2011-03-13T05:10:00Z") for hour in (5, 6, 30)]
    assert take(shop.orders, "refunds", back)["rows"]["taken"] == 3
    open_order = {**past("o-open", ("POT", 1, 1250), at="2011-03-12T12:00:00Z")}
    del open_order["status"]
    made = shop.orders.post("/v1/orders", open_order).expect(201)
    shop.orders.post(f"/v1/orders/{made['id']}/cancel", {"reason": "changed their mind"}).expect(200)
    shop.settle()
    return shop


def run(shop):
    """Orders say what the days came to, and analytics compares."""
    closed = shop.orders.post("/v1/ledger", {"from": DAYS[0], "to": "2011-03-14"}).expect(200)
    assert closed["closed"] == 2
    shop.settle()
    return compare(shop)


def compare(shop):
    found = shop.analytics.post("/v1/reconciliation").expect(200)
    assert found["days"] >= 2 and shop.metric("analytics", "backroom_reconcile_diff") == found["differences"]
    return found["differences"]


def differing(shop, day):
    """{measure: difference} of a day in pounds."""
    told = shop.analytics.get(f"/v1/reconciliation/{day}").expect(200)
    return {each["measure"]: each["difference"] for each in told["measures"] if each["difference"] and each["currency"] == "GBP"}


def test_days_that_were_counted_whole_differ_in_nothing(books):
    assert run(books) == 0
    told = books.analytics.get("/v1/reconciliation").expect(200)["data"]
    assert [each["day"] for each in told] == ["2011-03-13", "2011-03-12"] and not any(each["differences"] for each in told)
    claimed = {(day["day"][-2:], each["currency"], each["measure"]): each["claimed"] for day in told for each in day["measures"]}
    assert claimed == {key: 0 for key in claimed} | {key: value for key, value in claimed.items() if value}
    for day, hours in (("12", range(5, 29)), ("13", range(29, 47))):
        pounds = [hour for hour in hours if hour % 5]
        assert claimed[day, "GBP", "orders"] == len(pounds) + (day == "12")
        assert claimed[day, "GBP", "gross"] == sum(2 * (450 + hour) for hour in pounds) + 1250 * (day == "12")
        assert claimed[day, "EUR", "orders"] == len(hours) - len(pounds)
    assert claimed["12", "GBP", "cancelled"] == 1 and claimed["12", "GBP", "summed_orders"] == claimed["12", "GBP", "orders"] - 1
    assert (claimed["13", "GBP", "refunds"], claimed["13", "GBP", "refunded"], claimed["13", "EUR", "refunded"]) == (1, 106, 235)
