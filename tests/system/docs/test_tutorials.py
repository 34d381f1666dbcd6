"""The commands of docs/tutorials/, run as a reader runs them, against a running Backroom."""
import os
import re
import subprocess

import pytest

from stack import plan
from stack.client import eventually

SHOP = {"gateway": True}
PAGES = sorted((plan.ROOT / "docs/tutorials").glob("*.md"))
# In place of a page's first block: where Backroom is and how a token is made.
SETTING = """
token() { "$BACKROOM_TOKEN" issue "$KEYS" "$1" "${2:-$1-1}"; }
"""


def commands_of(page):
    """The blocks of shell commands, without the first one."""
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(), re.M | re.S)[1:]


def run(shop, page):
    env = {"PATH": os.environ["PATH"], "BACKROOM": f"http://127.0.0.1:{shop.gateway.port}", "KEYS": str(shop.keys.folder),
           "BACKROOM_TOKEN": str(plan.binary("token", shop.keys.build))}
    return subprocess.run(["bash", "-euc", SETTING + "\n".join(commands_of(page))], env=env, capture_output=True, text=True,
                          timeout=60)


def put_on_sale(shop, sku, price=2950):
    author, reviewer = shop.catalog.as_("merchandiser", "ann"), shop.catalog.as_("reviewer", "ben")
    product = author.post("/v1/products", {
        "title": sku, "description": "An article of the tutorial.", "category": "general",
        "images": [{"url": "https://example.org/article.jpg", "width": 1200, "height": 1200}],
        "variants": [{"sku": sku, "price": price, "currency": "GBP"}]}).expect(201)
    path = f"/v1/products/{product['id']}"
    author.post(f"{path}/submit").expect(200)
    reviewer.post(f"{path}/approve").expect(200)
    author.post(f"{path}/publish", {"channels": ["web"]}).expect(200)
    shop.catalog.post("/v1/stock/movements", {"sku": sku, "warehouse": "main", "quantity": 10, "reason": "received"}).expect(201)
    eventually(lambda: shop.orders.get(f"/v1/prices/{sku}").expect(200))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_tutorial_works(shop, page):
    if page.stem == "storefront-client":        # it expects the products of `make run`
        for sku in ("TEAPOT", "COSY", "TIN"):
            put_on_sale(shop, sku)
    done = run(shop, page)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "null" not in done.stdout, done.stdout


def test_the_first_order_is_delivered_and_counted(shop):
    done = run(shop, plan.ROOT / "docs/tutorials/first-order.md")
    for line in ('"confirmed"', "scan.wrong_barcode", "orders.order.delivered", '"gross":2500'):
        assert line in done.stdout, f"{line} is not in\n{done.stdout}\n{done.stderr}"
