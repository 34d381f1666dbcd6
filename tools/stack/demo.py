"""What the two runs of tools/demo share: progress on the terminal, steps over many orders, and the final checks."""
import os
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from zoneinfo import ZoneInfo

from .client import eventually
from .process import Failed
from .reconcile import Reconciliation
from .workflow import CARRIER, STAFF

ZONE = os.environ.get("SHOP_TIME_ZONE") or "Europe/London"


def show(text=""):
    print(text, flush=True)


def step(number, title):
    show(f"\n{number}. {title}")


class Progress:
    """A counting line on a terminal, a line every quarter elsewhere."""

    def __init__(self, title, total):
        self.title, self.total, self.done, self.shown = title, total, 0, 0
        self.lock = threading.Lock()
        self.began = time.monotonic()

    def __call__(self, count=1):
        with self.lock:
            self.done += count
            share = self.done / max(self.total, 1)
            live = sys.stdout.isatty()
            if self.done < self.total and share - self.shown < (0.01 if live else 0.25):
                return
            self.shown = share
            text = f"   {self.title}: {self.done:,} of {self.total:,}"
            if self.done >= self.total:
                text += f" in {time.monotonic() - self.began:.1f} s"
            print("\r" + text + "\033[K" if live else text, end="" if live and self.done < self.total else "\n",
                  flush=True)


def for_each(function, items, title, threads):
    """The results of function(item) for all items, in several threads, with a progress line."""
    items = list(items)
    progress = Progress(title, len(items))

    def one(item):
        result = function(item)
        progress()
        return result

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, items))


def staff(role):
    """The options of a call that this member of staff makes."""
    return {"role": role, "sub": STAFF[role]}


def publish_article(shop, workflow, sku, title, price, channels, stocked=True):
    """Put an article on sale; one that is on sale already stays as it is. True when it is new."""
    found = shop.catalog.get("/v1/products", params={"sku": sku}).expect(200)["data"]
    if any(product["status"] == "published" for product in found):
        return False
    more = {} if stocked else {"stocked": False}
    workflow.publish({"sku": sku, "price": price, "title": title, **more}, channels=channels, title=title)
    return True


def wait_all(workflow, orders, title, reached, timeout, threads):
    """Wait until reached(order) is true for every order; reads only those for which it is not."""
    progress = Progress(title, len(orders))
    waiting, done = list(orders), []
    end = time.monotonic() + timeout
    with ThreadPoolExecutor(threads) as pool:
        while waiting:
            latest = list(pool.map(lambda order: workflow.get_order(order["id"]), waiting))
            done += [order for order in latest if reached(order)]
            progress(sum(map(reached, latest)))
            waiting = [order for order in latest if not reached(order)]
            if waiting and time.monotonic() > end:
                stuck = Counter((order["status"], order["stock_status"], order["payment_status"]) for order in waiting)
                raise Failed(f"{title}: {len(waiting)} orders are still waiting after {timeout} s: {dict(stuck)}")
            if waiting:
                time.sleep(0.1)
    return done


def open_waves(shop, workflow):
    """Open waves until no shipment is pending; how many."""
    waves = 0
    while shop.fulfillment.get("/v1/shipments?status=pending&limit=1").expect(200)["data"]:
        wave = workflow.wave()
        waves += 1
        picks = shop.fulfillment.get(f"/v1/waves/{wave['id']}/pick-list").expect(200)
        lines = picks["data"] if "data" in picks else picks["lines"]
        show(f"   wave {wave.get('number', waves)}: a pick list of {len(lines):,} lines, "
             f"{sum(line['quantity'] for line in lines):,} units")
    return waves


def pack_and_ship(workflow, order, unit_by_unit):
    """Scan an order's units and hand the package to the carrier; (shipment, units)."""
    shipment = workflow.shipment(order["id"], timeout=60)
    units = 0
    if shipment["status"] in ("pending", "waved"):
        units = workflow.pack(shipment, unit_by_unit)
    if shipment["status"] in ("pending", "waved", "packed"):
        shipment = workflow.ship(shipment, CARRIER, f"RM{order['number']}GB".replace("-", ""))
    return shipment, units


def deliver(workflow, packed, threads):
    """The carrier's tracking events of all packed shipments: [(shipment, units)]."""
    def one(packed_one):
        for status in ("in_transit", "delivered"):
            workflow.track(packed_one[0], status)

    for_each(one, packed, "packages delivered", threads)


def check_figures(shop, extra, patience=30):
    """Reconcile all services until the figures agree, as the last events may still be on their way; print each check."""
    found = []

    def agree():
        reconciliation = Reconciliation(shop)
        found[:] = reconciliation.all_checks() + [check(reconciliation) for check in extra]
        return all(holds for _, _, holds in found)

    try:
        eventually(agree, patience, 0.5)
    except AssertionError:
        pass
    show("\nReconciliation")
    for name, figures, holds in found:
        show(f"   {'ok ' if holds else 'NO '} {name}: {figures}")
    return bool(found) and all(holds for _, _, holds in found)


def local_day(order):
    """The date of an order in the shop's time zone."""
    return datetime.fromisoformat(order["placed_at"].replace("Z", "+00:00")).astimezone(ZoneInfo(ZONE)).date()
