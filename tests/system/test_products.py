"""Products: drafted, submitted, approved by somebody else, published, delisted; the stock ledger."""
SHOP = {"services": ("catalog",)}

IMAGE = {"url": "https://img.example.org/mug.jpg", "width": 800, "height": 800, "alt": "a mug"}


def mug(sku="MUG-1", **changes):
    variant = {"sku": sku, "barcode": f"bar-{sku}", "title": "blue", "options": {"colour": "blue"}, "price": 450,
               "cost": 200, "currency": "GBP", "weight_g": 320}
    return {"title": "Mug", "description": "A mug that holds coffee.", "category": "kitchen", "images": [IMAGE],
            "variants": [{**variant, **changes}]}


def test_a_product_is_drafted_submitted_approved_by_somebody_else_and_published(shop):
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
    assert [each["id"] for each in seen] == [made.json["id"]]
    assert "cost" not in seen[0]["variants"][0] and "drafted_by" not in seen[0]
    assert ann.get("/v1/products", params={"sku": "MUG-1"}).json["data"][0]["id"] == made.json["id"]
    assert ann.post(link + "/delist", {"reason": "season over"}).json["status"] == "delisted"
    assert [step["type"].split(".")[-1] for step in ann.get(link + "/timeline").json["data"]] == [
        "drafted", "submitted", "approved", "published", "delisted"]


def test_a_submission_names_everything_that_is_missing(shop):
    made = shop.catalog.post("/v1/products", {"title": "Bare", "variants": [
        {"sku": "BARE", "price": 100, "cost": 300, "currency": "GBP"}]}).json
    no = shop.catalog.post(f"/v1/products/{made['id']}/submit", {})
    assert no.status == 422
    assert {fault["code"] for fault in no.json["errors"]} == {
        "product.no_description", "product.no_category", "product.no_image", "product.price_below_cost"}


def test_nobody_approves_his_own_even_as_admin(shop):
    ann = shop.catalog.as_("admin", "ann")
    made = ann.post("/v1/products", mug("OWN")).json
    ann.post(f"/v1/products/{made['id']}/submit", {})
    no = ann.post(f"/v1/products/{made['id']}/approve", {})
    assert no.status == 403 and no.json["code"] == "product.four_eyes"


def test_faults_of_the_body_are_named_at_once(shop):
    no = shop.catalog.post("/v1/products", {"title": "", "colour": 1, "variants": [{"sku": "A B", "price": -1, "currency": "gbp"}]})
    assert no.status == 422
    assert {fault["pointer"] for fault in no.json["errors"]} == {
        "/title", "/colour", "/variants/0/sku", "/variants/0/price", "/variants/0/currency"}


def test_the_level_is_the_sum_of_the_movements(shop):
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


def test_the_same_key_is_the_same_answer_and_one_effect(shop):
    shop.catalog.post("/v1/products", mug("ONCE"))
    move = {"sku": "ONCE", "warehouse": "main", "quantity": 1, "reason": "count"}
    first = shop.catalog.post("/v1/stock/movements", move, key="k-1")
    again = shop.catalog.post("/v1/stock/movements", move, key="k-1")
    assert first.status == again.status == 201 and first.text == again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    other = shop.catalog.post("/v1/stock/movements", {**move, "quantity": 2}, key="k-1")
    assert other.status == 422 and other.json["code"] == "idempotency.key_reused"
    assert shop.catalog.get("/v1/stock/ONCE").json["on_hand"] == 1
