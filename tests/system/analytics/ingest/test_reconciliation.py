"""The daily totals of orders are compared with what analytics counted (R-23)."""
import json
import uuid

import pytest

from import_rows import past, refund, take
from stack.client import eventually

SHOP = {"services": ("catalog", "orders", "analytics"), "env": {"SHOP_TIME_ZONE": "America/New_York"}}
DAYS = ("2011-03-12", "2011-03-13")         # daylight saving time begins on the second


@pytest.fixture(scope="module")
def books(shop):
    """A shop with two days of orders and refunds, some in another currency, one order cancelled before payment."""
    variants = [{"sku": "MUG", "price": 450, "currency": "GBP"}, {"sku": "POT", "price": 1250, "currency": "GBP"}]
    take(shop.catalog, "products", [{"title": "China", "category": "china", "status": "published", "channels": ["web"], "variants": variants}])
    eventually(lambda: shop.orders.get("/v1/prices/POT").status == 200)
    shop.orders.put("/v1/channels/bazaar", {"kind": "platform"}).expect(200)
    rows = [past(f"o-{hour}", ("MUG", 2, 450 + hour), at=f"2011-03-{hour // 24 + 12}T{hour % 24:02}:30:00Z",
                 currency="EUR" if hour % 5 == 0 else "GBP") for hour in range(5, 47)]
    assert take(shop.orders, "orders", rows)["rows"]["taken"] == 42
    back = [refund(f"o-{hour}", 100 + hour, f"r-{hour}", refunded_at="2011-03-13T05:10:00Z") for hour in (5, 6, 30)]
    assert take(shop.orders, "refunds", back)["rows"]["taken"] == 3
    unpaid = past("o-unpaid", ("POT", 1, 1250), at="2011-03-12T12:00:00Z")
    del unpaid["status"]
    made = shop.orders.post("/v1/orders", unpaid).expect(201)
    shop.orders.post(f"/v1/orders/{made['id']}/cancel", {"reason": "changed their mind"}).expect(200)
    shop.settle()
    return shop


def run(shop, since=DAYS[0], until="2011-03-14", days=2):
    """Orders closes the days, analytics compares them; the number of differences."""
    assert shop.orders.post("/v1/ledger", {"from": since, "to": until}).expect(200)["closed"] == days
    shop.settle()
    return compare(shop)


def compare(shop):
    found = shop.analytics.post("/v1/reconciliation").expect(200)
    assert found["days"] >= 2 and shop.metric("analytics", "backroom_reconcile_diff") == found["differences"]
    return found["differences"]


def measures(shop, day, currency="GBP"):
    reported = shop.analytics.get(f"/v1/reconciliation/{day}").expect(200)
    return {each["measure"]: each for each in reported["measures"] if each["currency"] == currency}


def differing(shop, day):
    """{measure: difference} of a day, in pounds."""
    return {name: each["difference"] for name, each in measures(shop, day).items() if each["difference"]}


def days_that_differ(shop):
    return [each["day"] for each in shop.analytics.get("/v1/reconciliation?differs=true").expect(200)["data"]]


def take_away(shop, table, column, value):
    row, = shop.sql("analytics", f"delete from {table} t where {column} = %s returning to_jsonb(t) as row", value)
    return row["row"]


def add(shop, table, row):
    shop.sql("analytics", f"insert into {table} select * from jsonb_populate_record(null::{table}, %s::jsonb)", json.dumps(row))


def add_twin(shop, table, key, column, value):
    """Duplicate a row under another key; the key."""
    row, = shop.sql("analytics", f"select to_jsonb(t) as row from {table} t where {column} = %s", value)
    twin = str(uuid.uuid4())
    add(shop, table, {**row["row"], key: twin})
    return twin


def test_complete_days_have_no_differences(books):
    assert run(books) == 0 and days_that_differ(books) == []
    for day, hours in zip(DAYS, (range(5, 29), range(29, 47))):
        pounds = [hour for hour in hours if hour % 5]
        claimed = {name: each["claimed"] for name, each in measures(books, day).items()}
        first = day == DAYS[0]
        assert claimed["orders"] == len(pounds) + first and claimed["cancelled"] == first
        assert claimed["summed_orders"] == len(pounds)
        assert claimed["gross"] == sum(2 * (450 + hour) for hour in pounds) + 1250 * first
        assert measures(books, day, "EUR")["orders"]["counted"] == len(hours) - len(pounds)
    assert (claimed["refunds"], claimed["refunded"]) == (1, 106)
    assert measures(books, DAYS[1], "EUR")["summed_refunds"]["counted"] == 105 + 130


def test_a_missing_and_a_duplicate_row_are_found_in_one_run(books):
    lost = take_away(books, "fact_order", "gross", 918)
    twin = add_twin(books, "fact_refund", "refund_id", "amount", 106)
    assert run(books) == 7
    assert differing(books, DAYS[0]) == {"orders": -1, "gross": -918, "summed_orders": 1, "summed_gross": 918}
    assert differing(books, DAYS[1]) == {"refunds": 1, "refunded": 106, "summed_refunds": -106}
    assert days_that_differ(books) == [DAYS[1], DAYS[0]]
    add(books, "fact_order", lost)
    take_away(books, "fact_refund", "refund_id", twin)
    assert compare(books) == 0 and days_that_differ(books) == []


def test_a_duplicate_order_a_missing_refund_and_a_wrong_sum_are_found(books):
    twin = add_twin(books, "fact_order", "order_id", "gross", 918)
    lost = take_away(books, "fact_refund", "amount", 106)
    off = ("update sales_rollup set gross = gross + %s where dimension = 'all' and grain = 'day' and currency = 'EUR' and gross > 0 "
           "and start = timestamptz '2011-03-13T05:00:00Z'")
    books.sql("analytics", off, 1)
    assert run(books) == 8
    assert differing(books, DAYS[0]) == {"orders": 1, "gross": 918, "summed_orders": -1, "summed_gross": -918}
    assert differing(books, DAYS[1]) == {"refunds": -1, "refunded": -106, "summed_refunds": 106}
    assert measures(books, DAYS[1], "EUR")["summed_gross"]["difference"] == 1
    books.sql("analytics", off, -1)
    take_away(books, "fact_order", "order_id", twin)
    add(books, "fact_refund", lost)
    assert compare(books) == 0


def test_late_orders_of_a_closed_day_count_when_it_is_closed_again(books):
    assert run(books) == 0
    before = measures(books, DAYS[0])["orders"]["counted"]
    take(books.orders, "orders", [past("o-late", ("MUG", 1, 500), at="2011-03-12T17:00:00Z")])
    books.settle()
    assert compare(books) == 0 and measures(books, DAYS[0])["orders"]["counted"] == before
    assert run(books) == 0 and measures(books, DAYS[0])["orders"]["counted"] == before + 1


def test_quarantined_orders_are_no_difference_before_and_after_reprocessing(books):
    take(books.orders, "orders", [past("o-old", ("MUG", 2, 700), at="1985-06-01T12:00:00Z")])
    books.settle()
    aside, = books.analytics.get("/v1/quarantine").expect(200)["data"]
    assert run(books, "1985-06-01", "1985-06-03") == 0
    books.analytics.post(f"/v1/quarantine/{aside['id']}/mend",
                         {"reason": "the clock of a till", "data": {"placed_at": "2011-03-13T15:00:00Z"}}).expect(201)
    assert compare(books) == 0 and run(books) == 0 and run(books, "1985-06-01", "1985-06-03") == 0
    assert measures(books, "1985-06-01")["gross"]["counted"] == 1400


def test_nothing_is_compared_during_a_rebuild(books):
    rebuild = books.analytics.post("/v1/rebuild").expect(202)
    eventually(lambda: books.analytics.get(f"/v1/rebuild/{rebuild['id']}").json["status"] == "done")
    assert compare(books) == 0
    books.sql("analytics", "update rebuild set status = 'running' where id = %s", rebuild["id"])
    try:
        assert books.analytics.post("/v1/reconciliation").code == "figures.rebuilding"
    finally:
        books.sql("analytics", "update rebuild set status = 'done' where id = %s", rebuild["id"])


@pytest.mark.parametrize("since, until, code", [("2011-03-12", "2011-03-12", "ledger.empty"), ("2011-01-01", "2011-03-12", "ledger.too_long"),
                                                ("2011-03-12", "2999-01-01", "ledger.not_over")])
def test_empty_too_long_and_unfinished_windows_are_refused(books, since, until, code):
    refused = books.orders.post("/v1/ledger", {"from": since, "to": until})
    assert refused.status == 422 and code in [each["code"] for each in refused.json["errors"]]


def test_without_a_window_the_last_three_days_are_closed_as_by_the_schedule(books):
    noon, = books.sql("orders", "select to_json((now() at time zone 'America/New_York')::date - interval '12 hours') #>> '{}' as at")
    take(books.orders, "orders", [past("o-yesterday", ("MUG", 1, 700), at=noon["at"] + "-05:00")])
    books.settle()
    closed = books.orders.post("/v1/ledger", {}).expect(200)
    assert closed["closed"] == 3
    books.settle()
    assert compare(books) == 0
    last = books.orders.get("/v1/ledger?limit=3").expect(200)["data"]
    assert [len(each["figures"]) for each in last] == [1, 0, 0] and last[0]["day"] == noon["at"][:10]
    assert last[0]["figures"] == [{"currency": "GBP", "orders": 1, "gross": 700, "cancelled": 0, "refunds": 0, "refunded": 0}]
