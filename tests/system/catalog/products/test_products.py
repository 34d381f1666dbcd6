"""Products: draft, submission, approval by a second person, publication, delisting; and the stock ledger."""
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from products import mug
from stack.plan import ROOT

SHOP = {"services": ("catalog",)}


def test_a_product_is_drafted_submitted_approved_by_another_person_and_published(shop):
    ann, ben = shop.catalog.as_("merchandiser", "ann"), shop.catalog.as_("reviewer", "ben")
    made = ann.post("/v1/products", mug())
    assert made.status == 201 and made.json["status"] == "draft" and made.json["version"] == 1, made.text
    assert made.json["allowed_actions"] == ["edit", "submit"]
    link = f"/v1/products/{made.json['id']}"
    assert ann.post(link + "/submit", {}).json["status"] == "submitted"
    assert ben.post(link + "/approve", {}).json["status"] == "approved"
    out = ann.post(link + "/publish", {"channels": ["web"]})
    assert out.status == 200 and out.json["status"] == "published" and out.json["channels"] == ["web"], out.text
    seen = shop.catalog.as_("storefront", "web").get("/v1/storefront/products").json["data"]
    assert shop.catalog.as_("customer", "c-1").get("/v1/storefront/products").json["data"] == seen
    assert [each["id"] for each in seen] == [made.json["id"]]
    assert "cost" not in seen[0]["variants"][0] and "drafted_by" not in seen[0]
    assert ann.get("/v1/products", params={"sku": "MUG-1"}).json["data"][0]["id"] == made.json["id"]
    assert ann.post(link + "/delist", {"reason": "season over"}).json["status"] == "delisted"
    assert [step["type"].split(".")[-1] for step in ann.get(link + "/timeline").json["data"]] == [
        "drafted", "submitted", "approved", "published", "delisted"]


def test_a_submission_reports_everything_that_is_missing(shop):
    made = shop.catalog.post("/v1/products", {"title": "Bare", "variants": [
        {"sku": "BARE", "price": 100, "cost": 300, "currency": "GBP"}]}).json
    no = shop.catalog.post(f"/v1/products/{made['id']}/submit", {})
    assert no.status == 422
    assert {fault["code"] for fault in no.json["errors"]} == {
        "product.no_description", "product.no_category", "product.no_image", "product.price_below_cost"}


def test_no_one_approves_their_own_product_even_as_admin(shop):
    ann = shop.catalog.as_("admin", "ann")
    made = ann.post("/v1/products", mug("OWN")).json
    ann.post(f"/v1/products/{made['id']}/submit", {})
    no = ann.post(f"/v1/products/{made['id']}/approve", {})
    assert no.status == 403 and no.json["code"] == "product.four_eyes"


def test_all_errors_of_the_body_are_reported_at_once(shop):
    no = shop.catalog.post("/v1/products", {"title": "", "colour": 1, "variants": [{"sku": "A B", "price": -1, "currency": "gbp"}]})
    assert no.status == 422
    assert {fault["pointer"] for fault in no.json["errors"]} == {
        "/title", "/colour", "/variants/0/sku", "/variants/0/price", "/variants/0/currency"}


def test_the_stock_level_is_the_sum_of_the_movements(shop):
    shop.catalog.post("/v1/products", mug("LEVEL"))
    for quantity in (10, 5, -3):
        assert shop.catalog.post("/v1/stock/movements", {"sku": "LEVEL", "warehouse": "main", "quantity": quantity,
                                                         "reason": "count"}).status == 201
    level = shop.catalog.get("/v1/stock/LEVEL").json
    assert (level["on_hand"], level["reserved"], level["available"]) == (12, 0, 12)
    moves = shop.catalog.get("/v1/stock/LEVEL/movements").json["data"]
    assert sorted(each["quantity"] for each in moves) == [-3, 5, 10]
    no = shop.catalog.post("/v1/stock/movements", {"sku": "LEVEL", "warehouse": "main", "quantity": -13, "reason": "loss"})
    assert no.status == 409 and no.json["code"] == "stock.insufficient"
    assert shop.catalog.get("/v1/stock/LEVEL").json["on_hand"] == 12


def test_the_same_idempotency_key_gives_the_same_response_and_one_effect(shop):
    shop.catalog.post("/v1/products", mug("ONCE"))
    move = {"sku": "ONCE", "warehouse": "main", "quantity": 1, "reason": "count"}
    first = shop.catalog.post("/v1/stock/movements", move, key="k-1")
    again = shop.catalog.post("/v1/stock/movements", move, key="k-1")
    assert first.status == again.status == 201 and first.text == again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    other = shop.catalog.post("/v1/stock/movements", {**move, "quantity": 2}, key="k-1")
    assert other.status == 422 and other.json["code"] == "idempotency.key_reused"
    assert shop.catalog.get("/v1/stock/ONCE").json["on_hand"] == 1


def test_the_response_to_a_change_equals_the_response_to_get(shop):
    product = shop.catalog.post("/v1/products", mug("SHOWN"), key="shown-1")
    assert product.text == shop.catalog.get(f"/v1/products/{product.json['id']}").text
    move = {"sku": "SHOWN", "warehouse": "main", "quantity": 1, "reason": "count"}
    moved, again = (shop.catalog.post("/v1/stock/movements", move, key="shown-2") for _ in range(2))
    assert moved.text == again.text and moved.headers["ETag"] == again.headers["ETag"] == '"v1"'
    assert moved.json in shop.catalog.get("/v1/stock/SHOWN/movements").json["data"]


def test_validation_errors_are_not_stored_for_a_key_but_refusals_by_a_rule_are(shop):
    move = {"sku": "AFRESH", "warehouse": "main", "quantity": 1, "reason": "count"}
    unknown = shop.catalog.post("/v1/stock/movements", move, key="afresh-1")
    assert unknown.status in (404, 422)
    shop.catalog.post("/v1/products", mug("AFRESH"))
    assert shop.catalog.post("/v1/stock/movements", move, key="afresh-1").status == 201
    assert shop.catalog.post("/v1/stock/movements", {**move, "quantity": -5}, key="afresh-2").status == 409
    shop.catalog.post("/v1/stock/movements", {**move, "quantity": 9}).expect(201)
    again = shop.catalog.post("/v1/stock/movements", {**move, "quantity": -5}, key="afresh-2")
    assert again.status == 409 and again.headers["Idempotent-Replayed"] == "true"


def test_an_editor_of_a_product_may_not_approve_it(shop):
    made = shop.catalog.post("/v1/products", mug("EDITED"), sub="ann").json
    link = f"/v1/products/{made['id']}"
    assert shop.catalog.post(link + "/edit", mug("EDITED"), sub="ben").status == 200
    assert shop.catalog.post(link + "/submit", {}, sub="ann").status == 200
    for name in ("ann", "ben"):
        no = shop.catalog.post(link + "/reject", {"reasons": ["blurred"]}, sub=name)
        assert no.status == 403 and no.code == "product.four_eyes"
    done = shop.catalog.post(link + "/reject", {"reasons": ["blurred"]}, sub="cid").expect(200)
    assert done["status"] == "rejected" and done["reject_reasons"] == ["blurred"] and done["edited_by"] == ["ben"]
    assert done["allowed_actions"] == ["edit"]


def test_a_price_below_cost_needs_a_reason(shop):
    made = shop.catalog.post("/v1/products", mug("CHEAP", price=100, cost=200)).json
    link = f"/v1/products/{made['id']}"
    assert shop.catalog.post(link + "/submit", {}).codes == ["product.price_below_cost"]
    shop.catalog.post(link + "/edit", mug("CHEAP", price=100, cost=200, below_cost_reason="season over")).expect(200)
    assert shop.catalog.post(link + "/submit", {}).status == 200


def test_an_edited_variant_keeps_its_stock_and_cannot_be_removed(shop):
    made = shop.catalog.post("/v1/products", mug("KEPT")).json
    shop.workflow.book_in("KEPT", 5)
    link = f"/v1/products/{made['id']}/edit"
    done = shop.catalog.post(link, mug("KEPT", price=475)).expect(200)
    assert done["variants"][0]["price"] == 475
    assert shop.catalog.get("/v1/stock/KEPT").json["on_hand"] == 5
    no = shop.catalog.post(link, mug("OTHER"))
    assert no.status == 409 and no.code == "product.sku_in_stock"
    assert shop.catalog.get(f"/v1/products/{made['id']}").json["variants"][0]["sku"] == "KEPT"


def test_duplicate_codes_and_codes_of_other_products_are_reported_at_once(shop):
    shop.catalog.post("/v1/products", mug("THEIRS")).expect(201)
    two = mug("TWIN", barcode="bar-TWIN")
    two["variants"] = [{**two["variants"][0], **change} for change in (
        {}, {"sku": "TWIN", "barcode": "bar-other"}, {"sku": "TWIN-2"}, {"sku": "THEIRS", "barcode": "bar-THEIRS"})]
    no = shop.catalog.post("/v1/products", two)
    assert no.status == 422
    assert {(fault["pointer"], fault["code"]) for fault in no.json["errors"]} == {
        ("/variants/1/sku", "product.sku_twice"), ("/variants/2/barcode", "product.barcode_twice"),
        ("/variants/3/sku", "product.sku_taken"), ("/variants/3/barcode", "product.barcode_taken")}


def test_of_two_concurrent_drafts_with_the_same_sku_only_one_succeeds(shop):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: shop.catalog.post("/v1/products", mug("RACE")), range(8)))
    assert sorted(answer.status for answer in answers)[0] == 201
    assert sum(answer.status == 201 for answer in answers) == 1
    assert {answer.code for answer in answers} - {None} <= {"product.sku_taken", "product.invalid"}


# -- every action in every state, every route with every role -------------------------------------------------------

BODIES = {"edit": mug, "reject": lambda sku: {"reasons": ["blurred"]}, "publish": lambda sku: {"channels": ["web"]},
          "delist": lambda sku: {"reason": "season over"}}
WAYS = {"draft": [], "submitted": ["submit"], "rejected": ["submit", "reject"], "approved": ["submit", "approve"],
        "published": ["submit", "approve", "publish"], "delisted": ["submit", "approve", "publish", "delist"]}
DECIDES = ("approve", "reject")


def act(shop, product, sku, action):
    body = BODIES.get(action, lambda _: {})(sku)
    return shop.catalog.post(f"/v1/products/{product['id']}/{action}", body, sub="ben" if action in DECIDES else "ann")


@pytest.mark.parametrize("status", WAYS)
def test_every_action_in_every_state_succeeds_or_fails_as_in_allowed_actions(shop, status):
    paths = shop.catalog.get("/openapi.json").json["paths"]
    actions = [path.split("/")[-1] for path in paths if path.startswith("/v1/products/{id}/") and "post" in paths[path]]
    assert set(actions) == {"edit", "submit", "withdraw", "approve", "reject", "publish", "delist"}
    for action in actions:
        sku = f"{status}-{action}"
        product = shop.catalog.post("/v1/products", mug(sku), sub="ann").expect(201)
        for step in WAYS[status]:
            product = act(shop, product, sku, step).expect(200)
        assert product["status"] == status
        answer = act(shop, product, sku, action)
        after = shop.catalog.get(f"/v1/products/{product['id']}").json
        if action in product["allowed_actions"]:
            assert answer.status == 200 and after["version"] == product["version"] + 1, answer
        else:
            assert answer.status == 409 and answer.code == "product.invalid_transition", answer
            assert after == product


def test_every_route_is_forbidden_to_roles_without_its_scope(shop):
    roles = dict(re.findall(r'\{"(\w+)",\s*((?:"[^"]*"\s*)+)\}', (ROOT / "services" / "roles.c").read_text()))
    paths = shop.catalog.get("/openapi.json").json["paths"]
    tried = 0
    for path, operations in paths.items():
        for method, operation in operations.items():
            scope = operation.get("x-scope")
            for role, text in roles.items() if scope else ():
                scopes = text.replace('"', "").split()
                if "*" in scopes or scope in scopes or "/v1/" not in path:
                    continue
                target = path.replace("{id}", str(uuid.uuid4())).replace("{sku}", "NONE")
                answer = shop.catalog.request(method.upper(), target, json={} if method == "post" else None, role=role)
                assert answer.status == 403, (role, scope, answer)
                tried += 1
    assert tried > 200


# -- levels -------------------------------------------------------------------------------------------------------------


def test_a_sku_that_falls_to_its_reorder_point_is_announced_as_low_once(shop):
    shop.catalog.post("/v1/products", mug("LOW")).expect(201)
    shop.workflow.book_in("LOW", 10)
    level = shop.catalog.post("/v1/stock/LOW/reorder-point", {"reorder_point": 5}).expect(200)
    assert level == {**level, "sku": "LOW", "reorder_point": 5, "low": False, "available": 10}

    def book(quantity):
        shop.catalog.post("/v1/stock/movements", {"sku": "LOW", "warehouse": "main", "quantity": quantity,
                                                  "reason": "count"}).expect(201)

    def said_low():
        shop.settle()
        return [event["data"]["available"] for event in shop.catalog.get(
            "/v1/events", params={"aggregate": "LOW", "type": "catalog.stock.low"}).json["data"]]

    book(-4)
    assert said_low() == []
    book(-1)
    assert said_low() == [5]
    assert shop.catalog.get("/v1/reorder-points", params={"low": "true"}).json["data"][0]["sku"] == "LOW"
    for quantity in (-1, +3, -3):
        book(quantity)
    assert said_low() == [5, 4]
    assert shop.catalog.post("/v1/stock/NONE/reorder-point", {"reorder_point": 5}).status == 404
    assert shop.catalog.post("/v1/stock/LOW/reorder-point", {"reorder_point": -1}).status == 422


def test_a_level_is_explained_by_its_movements(shop):
    shop.catalog.post("/v1/products", mug("WHY")).expect(201)
    assert shop.catalog.get("/v1/stock/WHY").json["on_hand"] == 0
    shop.workflow.book_in("WHY", 7)
    shop.workflow.book_in("WHY", 5, reason="found")
    why = shop.catalog.get("/v1/stock/WHY/explain").expect(200)
    assert why["on_hand"] == 12 == sum(each["quantity"] for each in why["by_reason"])
    assert [each["reason"] for each in why["by_reason"]] == ["found", "received"] and len(why["latest_movements"]) == 2
    assert shop.catalog.get("/v1/stock/NONE/explain").status == 404


def test_an_invalid_movement_is_refused(shop):
    shop.catalog.post("/v1/products", mug("FAULT")).expect(201)
    shop.catalog.post("/v1/products", mug("AIR", stocked=False)).expect(201)
    for body, code in (({"sku": "NONE"}, "stock.unknown_sku"), ({"sku": "AIR"}, "stock.not_stocked"),
                       ({"sku": "FAULT", "quantity": 0}, "stock.no_quantity")):
        no = shop.catalog.post("/v1/stock/movements", {"warehouse": "main", "quantity": 1, "reason": "count", **body})
        assert no.status == 422 and no.codes == [code], no
    no = shop.catalog.post("/v1/stock/movements", {"sku": "FAULT", "warehouse": "moon", "quantity": -1, "reason": "loss"})
    assert no.status == 409 and no.code == "stock.insufficient"


def test_a_submission_can_be_withdrawn(shop):
    made = shop.catalog.post("/v1/products", mug("BACK")).json
    link = f"/v1/products/{made['id']}"
    assert shop.catalog.post(link + "/withdraw").code == "product.invalid_transition"
    assert "withdraw" in shop.catalog.post(link + "/submit").expect(200)["allowed_actions"]
    assert shop.catalog.post(link + "/withdraw").expect(200)["status"] == "draft"
