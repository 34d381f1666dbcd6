"""Imports: every row has a result, nothing is booked twice, whatever is killed meanwhile."""
import csv
import io
import json
import os
import random
import time
import uuid
from pathlib import Path

import pytest

from import_rows import order, past, product, refund, take
from stack import bulk_import
from stack.client import eventually

BUILD = os.environ.get("BUILD") or "build"
SHOP = {"services": ("orders", "catalog")}


@pytest.fixture(scope="module", autouse=True)
def products(shop):
    """Products of the real catalog, whose events bring their prices to orders."""
    rows = [product(sku, price) for sku, price in (("MUG", 450), ("POT", 1250), ("OLD", 100))]
    job = take(shop.catalog, "products", rows + [product("POST", 395, stocked=False)])
    assert job["rows"] == {"read": 4, "taken": 4, "known": 0, "refused": 0}, job
    eventually(lambda: shop.orders.get("/v1/prices/POST").status == 200)
    shop.orders.put("/v1/channels/bazaar", {"kind": "platform"}).expect(200)


def fresh(count=1):
    made = [f"r-{uuid.uuid4().hex[:12]}" for _ in range(count)]
    return made if count > 1 else made[0]


def found(shop, ref):
    return list(shop.orders.all("/v1/orders", params={"channel_ref": ref}))


def codes(rows):
    return [sorted(fault["code"] for fault in row["import_faults"]) for row in rows]


# --- results of rows ------------------------------------------------------------------------------------------------------

def test_a_file_of_past_orders_is_imported_with_times_and_payments(shop):
    one, other = fresh(2)
    job = take(shop.orders, "orders", [past(one, ("MUG", 2, 425), ("POST", 1, 1800)), past(other, ("POT", 1, 1250))])
    assert job["status"] == "done" and job["percent"] == 100 and job["rows"]["taken"] == 2
    made, = found(shop, one)
    assert (made["status"], made["stock_status"], made["payment_status"]) == ("delivered", "taken", "paid")
    assert made["placed_at"].startswith("2010-12-01T08:26:00") and made["total"] == made["paid"] == 2650
    assert made["lines"][0]["unit_price"] == 425 and "price_differs" in made["flags"]
    event, = eventually(lambda: list(shop.events("orders", aggregate=made["id"])))
    assert event["type"] == "orders.order.placed" and event["data"]["status"] == "delivered"


def test_past_orders_reserve_no_stock_and_open_orders_do(shop):
    over, still = fresh(2)
    take(shop.catalog, "stock", [{"sku": "MUG", "warehouse": "main", "quantity": 10, "reason": "opening", "reference": fresh()}])
    job = take(shop.orders, "orders", [past(over, ("MUG", 3, 450)), order(still, ("MUG", 2, 450))])
    assert job["rows"]["taken"] == 2
    made, = found(shop, still)
    held = eventually(lambda: list(shop.catalog.all("/v1/reservations", params={"order_id": made["id"]})))
    assert held[0]["status"] == "held"
    past_one, = found(shop, over)
    assert not list(shop.catalog.all("/v1/reservations", params={"order_id": past_one["id"]}))
    assert eventually(lambda: found(shop, still)[0]["stock_status"] == "reserved")


def test_every_error_of_every_row_is_reported_and_valid_rows_are_imported(shop):
    good, bad = fresh(2)
    job = take(shop.orders, "orders", [
        past(good, ("MUG", 1, 450)), {**past(bad, ("MUG", 0), ("NEVER", 1, 1)), "colour": 1},
        past(bad, ("NEVER", 1, 1), ("MUG", 1, 450), at="2999-01-01T00:00:00Z"), {"channel": "bazaar"}])
    assert job["status"] == "done" and job["rows"] == {"read": 4, "taken": 1, "known": 0, "refused": 3}
    rows = bulk_import.refused_rows(shop.orders, job)
    assert codes(rows)[0] == ["field.out_of_range", "field.unknown"]
    assert codes(rows)[1] == ["order.placed_in_future", "order.unknown_sku"]
    assert set(codes(rows)[2]) == {"field.required"} and len(codes(rows)[2]) == 5
    assert found(shop, good) and not found(shop, bad)


def test_a_row_imported_before_is_known_and_one_that_contradicts_it_is_refused(shop):
    ref = fresh()
    row = past(ref, ("MUG", 1, 450))
    job = take(shop.orders, "orders", [row, row, past(ref, ("MUG", 2, 450))])
    assert job["rows"] == {"read": 3, "taken": 1, "known": 1, "refused": 1}
    assert codes(bulk_import.refused_rows(shop.orders, job)) == [["order.channel_ref_reused"]]
    job = take(shop.orders, "orders", [row])
    assert job["rows"]["known"] == 1 and len(found(shop, ref)) == 1


def test_refused_rows_are_corrected_and_imported_again(shop):
    refs = fresh(3)
    job = take(shop.orders, "orders", [past(ref, ("MUGG", 1, 450)) for ref in refs])
    assert job["rows"]["refused"] == 3
    mended = bulk_import.refused(shop.orders, job, "ndjson").replace(b"MUGG", b"MUG")
    again = bulk_import.watch(shop.orders, bulk_import.hand_in(shop.orders, "orders", [mended]))
    assert again["rows"]["taken"] == 3 and all(found(shop, ref) for ref in refs)


def test_csv_supports_headers_quotes_and_line_ends_in_cells_and_is_returned_as_csv(shop):
    refs = fresh(3)
    file = io.StringIO()
    out = csv.writer(file)
    out.writerow(["channel", "channel_ref", "currency", "customer.ref", "customer.name", "ship_to.name", "ship_to.country",
                  "ship_to.city", "ship_to.street", "lines", "placed_at", "status"])
    for ref, sku in zip(refs, ("MUG", "MUGG", "POT")):
        out.writerow(["bazaar", ref, "GBP", "c", "Zoë, \"the\" one", "Zoë", "GB", "Leeds", "2, Row\nback house",
                      json.dumps([{"sku": sku, "quantity": 1, "unit_price": 5}]), "2011-01-01T00:00:00Z", "delivered"])
    raw = file.getvalue().encode()
    job = bulk_import.watch(shop.orders, bulk_import.hand_in(shop.orders, "orders", [raw, b'one,"broken" cell\n'], format="csv", size=100))
    assert job["rows"] == {"read": 4, "taken": 2, "known": 0, "refused": 2}, job
    made, = found(shop, refs[0])
    assert made["customer"]["name"] == "Zoë, \"the\" one" and made["ship_to"]["street"] == "2, Row\nback house"
    back = bulk_import.refused(shop.orders, job, "csv")
    rows = list(csv.DictReader(io.StringIO(back.decode(), newline="")))
    assert rows[0]["channel_ref"] == refs[1] and rows[0]["ship_to.street"] == "2, Row\nback house"
    assert rows[1]["import_raw"] == 'one,"broken" cell' and "import.row_malformed" in rows[1]["import_faults"]
    again = bulk_import.watch(shop.orders, bulk_import.hand_in(shop.orders, "orders", [back.replace(b"MUGG", b"MUG")], format="csv"))
    assert again["rows"]["taken"] == 1 and again["rows"]["refused"] == 1 and found(shop, refs[1])


@pytest.mark.parametrize("raw, read", [
    (b"", 0), (b"\n\n", 0), (b"{}", 1), (b'{"a":1,"a":2}\n[]\nnull\n\xff\xfe\n{', 5), (b"x" * 600000, 2),
    (b'{"channel": "\x00"}\n', 1)])
def test_a_malformed_row_is_refused_and_the_rest_is_imported(shop, raw, read):
    job = bulk_import.watch(shop.orders, bulk_import.hand_in(shop.orders, "orders", [raw]), patience=20)
    assert job["status"] == "done" and job["rows"]["taken"] == 0
    assert job["rows"]["read"] >= read and job["rows"]["refused"] == job["rows"]["read"]
    assert len(bulk_import.refused_rows(shop.orders, job)) == job["rows"]["read"]


@pytest.mark.parametrize("raw", [b"a,a\n1,2\n", b'"a\n1\n', b"\xff\n"])
def test_a_csv_file_with_an_invalid_header_fails_as_a_whole(shop, raw):
    job = bulk_import.watch(shop.orders, bulk_import.hand_in(shop.orders, "orders", [raw], format="csv"), patience=20)
    assert job["status"] == "failed" and job["fault"]["code"] == "import.header", job


# --- policies -----------------------------------------------------------------------------------------------------------

def test_reject_all_imports_nothing_when_a_row_is_refused_and_reports_all_refused_rows(shop):
    refs = fresh(1200)
    rows = [past(ref, ("MUG", 1, 450)) for ref in refs]
    rows[3]["lines"][0]["sku"] = rows[1100]["lines"][0]["sku"] = "NEVER"
    before = shop.value("orders", "select count(*) from orders")
    job = take(shop.orders, "orders", rows, policy="reject_all")
    assert job["status"] == "refused" and job["rows"] == {"read": 1200, "taken": 0, "known": 0, "refused": 2}
    assert codes(bulk_import.refused_rows(shop.orders, job)) == [["order.unknown_sku"]] * 2
    assert shop.value("orders", "select count(*) from orders") == before
    rows[3]["lines"][0]["sku"] = rows[1100]["lines"][0]["sku"] = "POT"
    job = take(shop.orders, "orders", rows, policy="reject_all")
    assert job["status"] == "done" and job["rows"]["taken"] == 1200
    assert shop.value("orders", "select count(*) from orders") == before + 1200


@pytest.mark.parametrize("policy", ["reject_rows", "reject_all"])
def test_a_dry_run_reports_the_result_and_stores_nothing(shop, policy):
    ref, events = fresh(), shop.value("orders", "select count(*) from event where aggregate <> 'import'")
    rows = [past(ref, ("MUG", 1, 450)), past(ref, ("MUG", 2, 450))]
    job = take(shop.orders, "orders", rows, policy=policy, dry_run=True)
    assert job["rows"]["refused"] == 1 and job["dry_run"] and not found(shop, ref)
    assert codes(bulk_import.refused_rows(shop.orders, job)) == [["order.channel_ref_reused"]]
    assert shop.value("orders", "select count(*) from event where aggregate <> 'import'") == events


# --- refunds, products, stock ----------------------------------------------------------------------------------------------

def test_refunds_are_checked_against_earlier_refunds_of_the_file(shop):
    ref = fresh()
    take(shop.orders, "orders", [past(ref, ("MUG", 3, 400), ("POST", 1, 300))])
    job = take(shop.orders, "refunds", [
        refund(ref, 800, "C1", ("MUG", 2), refunded_at="2010-12-02T09:00:00Z"), refund(ref, 800, "C1", ("MUG", 2)),
        refund(ref, 800, "C2", ("MUG", 2)), refund(ref, 400, "C3", ("MUG", 1)), refund(ref, 301, "C4"),
        refund(ref, 300, "C5", ("POT", 1)), refund(fresh(), 1, "C6"), refund(ref, 5, "C1")])
    assert job["rows"] == {"read": 8, "taken": 2, "known": 1, "refused": 5}
    assert codes(bulk_import.refused_rows(shop.orders, job)) == [
        ["refund.too_many", "refund.too_much"], ["refund.too_much"],
        ["refund.not_ordered"], ["refund.no_order"], ["refund.reference_reused"]]
    made, = found(shop, ref)
    assert made["refunded"] == 1200 and made["payment_status"] == "paid"
    one, = eventually(lambda: [each for each in shop.events("orders", type="orders.refund.paid")
                               if each["data"]["reference"] == "C1"])
    assert one["data"]["lines"] == [{"sku": "MUG", "quantity": 2}] and one["data"]["refunded_at"].startswith("2010-12-02")


def test_existing_products_are_known_and_codes_in_use_are_refused(shop):
    sku = f"S-{uuid.uuid4().hex[:8]}"
    job = take(shop.catalog, "products", [
        product(sku, 10), product(sku, 20), product("MUG", 450), product("MUG", 1), product(f"{sku}-b", 10, cost=20),
        {**product(f"{sku}-c", 1), "channels": None}, product(f"{sku}-d", 1, barcode=sku)])
    assert job["rows"] == {"read": 7, "taken": 1, "known": 1, "refused": 5}, job
    assert codes(bulk_import.refused_rows(shop.catalog, job)) == [
        ["product.barcode_twice", "product.sku_twice"], ["product.barcode_twice", "product.sku_twice"],
        ["product.price_below_cost"], ["product.no_channel"], ["product.barcode_twice"]]
    made, = shop.catalog.get("/v1/products", params={"sku": sku}).expect(200)["data"]
    assert made["status"] == "published"


def test_imported_movements_never_take_stock_below_zero_and_count_once(shop):
    def row(quantity, reference, sku="POT"):
        return {"sku": sku, "warehouse": "east", "quantity": quantity, "reason": "count", "reference": reference}

    mark = fresh()
    job = take(shop.catalog, "stock", [row(-1, mark), row(5, mark), row(5, mark), row(-4, mark), row(-2, f"{mark}x"),
                                       row(0, mark), row(1, mark, "NEVER"), row(1, mark, "POST")])
    assert job["rows"] == {"read": 8, "taken": 2, "known": 1, "refused": 5}
    assert codes(bulk_import.refused_rows(shop.catalog, job)) == [
        ["stock.insufficient"], ["stock.insufficient"], ["stock.no_quantity"], ["stock.unknown_sku"], ["stock.not_stocked"]]
    level = shop.catalog.get("/v1/stock/POT").expect(200)
    east, = [each for each in level["by_warehouse"] if each["warehouse"] == "east"]
    assert east["on_hand"] == 1


# --- uploading ------------------------------------------------------------------------------------------------------------

def test_an_import_starts_only_with_all_its_parts_and_accepts_none_afterwards(shop):
    opened = shop.orders.post("/v1/imports", {"kind": "orders", "format": "ndjson", "policy": "reject_rows"}).expect(201)
    path = f"/v1/imports/{opened['id']}"
    put = lambda no: shop.orders.put(f"{path}/parts/{no}", body=b"{}\n", headers={"Content-Type": "text/plain"})
    assert put(1).status == 200 and put(3).status == 200 and put(0).status == 404 and put("x").status == 404
    assert shop.orders.post(f"{path}/start", {"parts": 3}).code == "import.parts_missing"
    assert put(2).status == 200 and put(2).status == 200
    assert shop.orders.put(f"{path}/parts/4", body=b"x" * (256 * 1024 + 1)).status == 413
    shop.orders.post(f"{path}/start", {"parts": 3}).expect(200)
    assert put(4).code == "import.not_open"
    assert bulk_import.watch(shop.orders, opened)["rows"]["refused"] == 3
    assert shop.orders.post(f"{path}/cancel").code == "import.over"


def test_an_import_needs_the_scope_of_the_single_operation(shop):
    ask = {"format": "csv", "policy": "reject_rows"}
    assert shop.orders.post("/v1/imports", {**ask, "kind": "orders"}, role="picker").status == 403
    assert shop.catalog.post("/v1/imports", {**ask, "kind": "products"}, role="stockkeeper").status == 403
    assert shop.catalog.post("/v1/imports", {**ask, "kind": "stock"}, role="stockkeeper").status == 201
    assert shop.catalog.post("/v1/imports", {**ask, "kind": "orders"}).pointers == ["/kind"]
    made = shop.orders.post("/v1/imports", {**ask, "kind": "orders"}).expect(201)
    for call in (lambda: shop.orders.put(f"/v1/imports/{made['id']}/parts/1", body=b"x", role="stockkeeper"),
                 lambda: shop.orders.get(f"/v1/imports/{made['id']}/refused", role="stockkeeper")):
        assert call().status == 403


def test_progress_is_published_as_events_and_on_the_resource(shop):
    job = take(shop.orders, "orders", [past(ref, ("MUG", 1, 450)) for ref in fresh(2500)])
    assert job["rows"]["taken"] == 2500 and job["rows_per_second"] > 0 and job["finished_at"]
    verbs = lambda: [each["type"].rpartition(".")[2] for each in shop.events("orders", aggregate=job["id"])]
    eventually(lambda: verbs()[-1] == "finished")
    assert verbs()[:2] == ["opened", "started"] and verbs().count("progressed") >= 2


def test_a_row_that_fails_its_batch_is_refused_alone(shop):
    shop.sql("orders", "alter table orders add constraint no_poison check (customer_ref <> 'poison') not valid")
    try:
        rows = [past(ref, ("MUG", 1, 450)) for ref in fresh(300)]
        rows[7]["customer"]["ref"] = rows[250]["customer"]["ref"] = "poison"
        job = take(shop.orders, "orders", rows)
        assert job["rows"] == {"read": 300, "taken": 298, "known": 0, "refused": 2}
        assert codes(bulk_import.refused_rows(shop.orders, job)) == [["internal.error"]] * 2
        job = take(shop.orders, "orders", [{**row, "channel": "web"} for row in rows], policy="reject_all")
        assert job["status"] == "failed" and job["fault"]["code"] == "internal.error"
        assert not list(shop.orders.all("/v1/orders", params={"channel_ref": rows[0]["channel_ref"], "channel": "web"}))
    finally:
        shop.sql("orders", "alter table orders drop constraint no_poison")


def test_a_cancelled_import_keeps_the_rows_it_imported(shop):
    job = bulk_import.hand_in(shop.orders, "orders", bulk_import.ndjson([past(ref, ("MUG", 1, 450)) for ref in fresh(5000)]))
    answer = shop.orders.post(f"/v1/imports/{job['id']}/cancel").expect(200)
    assert answer["status"] == "cancelled" and answer["rows"]["taken"] < 5000
    time.sleep(0.5)
    assert shop.orders.get(f"/v1/imports/{job['id']}").json["rows"] == answer["rows"]


def most_held(shop, service):
    """Peak memory of a service in KiB."""
    status = Path(f"/proc/{shop.instances[service][0].process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


@pytest.mark.skipif("asan" in BUILD, reason="a sanitizer keeps what was freed")
def test_a_file_ten_times_as_long_needs_no_more_memory(open_shop):
    shop = open_shop(services=("catalog",))
    most = []
    for count in (150, 150, 1500):      # of 18 kB each
        rows = ({**product(f"S-{count}-{len(most)}-{n}", 450), "description": "In many words. " * 1200} for n in range(count))
        job = bulk_import.watch(shop.catalog, bulk_import.hand_in(shop.catalog, "products", bulk_import.ndjson(rows), dry_run=True), patience=120)
        assert job["status"] == "done" and job["rows"]["taken"] == count, job
        most.append(most_held(shop, "catalog"))
    assert most[2] - most[1] < 8 * 1024, most       # KiB, of 24 MB more


# --- kills --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("policy", ["reject_rows", "reject_all"])
def test_an_import_killed_repeatedly_loses_and_doubles_no_row(shop, policy):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    refs = fresh(4000)
    before = shop.value("orders", "select count(*) from orders")
    job = bulk_import.hand_in(shop.orders, "orders", bulk_import.ndjson(
        [past(ref, ("MUG" if n % 100 else "NEVER" if policy == "reject_rows" else "POT", 1, 450)) for n, ref in enumerate(refs)]),
        policy=policy)
    for _ in range(3):
        time.sleep(chance.uniform(0, 0.4))
        shop.kill("orders")
        shop.start("orders")
    job = bulk_import.watch(shop.orders, job, patience=30)
    aside = 40 if policy == "reject_rows" else 0
    assert job["rows"] == {"read": 4000, "taken": 4000 - aside, "known": 0, "refused": aside}, job
    assert shop.value("orders", "select count(*) from orders") == before + 4000 - aside
    assert len(bulk_import.refused_rows(shop.orders, job)) == aside
    assert shop.value("orders", "select count(*) from import_part where job_id = %s", job["id"]) == 0
