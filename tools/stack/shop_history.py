"""The whole past of a shop, read from its file of invoice lines, as products, orders and refunds to be handed in.

Every line of the file ends in one of three ways: booked as a line of an order, booked in a refund, or set aside with a
reason. Sales and lines are read by the same rules as one day is (day.py); here cancellations are matched over the
whole file.
"""
import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from . import shop_file as days

CHANNEL = "archive"     # of its own: an order of a played day is never taken for one of the past
CURRENCY = "GBP"


@dataclass
class Order:
    ref: str
    at: datetime
    customer: str
    country: str
    lines: list = field(default_factory=list)
    left: Counter = field(default_factory=Counter)      # (sku, price) → units nobody has taken back

    def add(self, line):
        self.lines.append(line)
        self.left[line.sku, line.price] += line.quantity

    @property
    def total(self):
        return sum(line.quantity * line.price for line in self.lines)

    def row(self):
        who = f"c-{self.customer}" if self.customer else f"guest-{self.ref}"
        name = f"Customer {self.customer}" if self.customer else "Guest"
        return {"channel": CHANNEL, "channel_ref": self.ref, "currency": CURRENCY, "status": "delivered",
                "placed_at": days.utc(self.at), "customer": {"ref": who, "name": name},
                "ship_to": {"name": name, "country": days.country(self.country), "city": self.country or "-",
                            "street": "not kept"},
                "lines": [{"sku": line.sku, "quantity": line.quantity, "unit_price": line.price} for line in self.lines]}


@dataclass
class Refund:
    """What one cancellation invoice takes back of one order."""
    invoice: str
    ref: str
    at: datetime
    lines: list = field(default_factory=list)           # (line, units)

    @property
    def amount(self):
        return sum(units * line.price for line, units in self.lines)

    def row(self):
        back = Counter()
        for line, units in self.lines:
            back[line.sku] += units
        return {"channel": CHANNEL, "channel_ref": self.ref, "amount": self.amount, "reason": "cancelled by the customer",
                "reference": self.invoice, "refunded_at": days.utc(self.at),
                "lines": [{"sku": sku, "quantity": units} for sku, units in back.items()]}


@dataclass
class Ledger:
    rows: int = 0
    orders: list = field(default_factory=list)
    refunds: list = field(default_factory=list)
    aside: Counter = field(default_factory=Counter)     # reason → lines
    aside_lines: list = field(default_factory=list)     # (reason, the file's row)
    times: Counter = field(default_factory=Counter)     # invoice → how many times of day it has
    sale_lines: int = 0
    refund_lines: int = 0
    exact_gross: Decimal = Decimal(0)                   # of all sale lines of the file, to the last digit
    aside_gross: Decimal = Decimal(0)                   # of those sale lines that are set aside

    def set_aside(self, reason, row):
        self.aside[reason] += 1
        self.aside_lines.append((reason, row))

    @property
    def gross(self):
        return sum(order.total for order in self.orders)

    @property
    def refunded(self):
        return sum(refund.amount for refund in self.refunds)

    def products(self):
        """sku → a row: the first title that is not empty, the most frequent price."""
        titles, prices = {}, defaultdict(Counter)
        for order in self.orders:
            for line in order.lines:
                prices[line.sku][line.price] += 1
                if line.description:
                    titles.setdefault(line.sku, line.description)
        for sku, seen in sorted(prices.items()):
            stocked = {} if days.has_stock(sku) else {"stocked": False}
            yield {"title": titles.get(sku, sku), "category": "archive", "status": "published", "channels": [CHANNEL],
                   "variants": [{"sku": sku, "price": seen.most_common(1)[0][0], "currency": CURRENCY, **stocked}]}


def read(path, time_zone="Europe/London"):
    """The whole file. Raises ValueError for one of another kind."""
    zone, ledger, back = ZoneInfo(time_zone), Ledger(), []
    orders = {}
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in days.COLUMNS if name not in (rows.fieldnames or [])]
        if missing:
            raise ValueError(f"{path} has no column {', '.join(missing)}")
        for row in rows:
            ledger.rows += 1
            take(ledger, orders, back, row, zone)
    ledger.orders = sorted(orders.values(), key=lambda order: (order.at, order.ref))
    match(ledger, back)
    return ledger


def take(ledger, orders, back, row, zone):
    reason = days.fault(row)
    invoice = row["InvoiceNo"].strip()
    if is_sale(invoice, row):
        amount = int(row["Quantity"]) * Decimal(row["UnitPrice"])
        ledger.exact_gross += amount
        ledger.aside_gross += amount if reason else 0
    if reason:
        ledger.set_aside(reason, row)
        return
    line = days.Line("-".join(row["StockCode"].split()), int(row["Quantity"]), days.pence(row["UnitPrice"]),
                     " ".join(row["Description"].split()))
    customer = row["CustomerID"].removesuffix(".0")
    if line.quantity < 0:
        line.quantity = -line.quantity
        back.append((time_of(row, zone), invoice, customer, line, row))
        return
    # A few invoices were written over two minutes: an order has one time, so the rest is an order of its own, and every
    # window of time holds exactly what the file says.
    key = (invoice, row["InvoiceDate"])
    if key not in orders:
        ledger.times[invoice] += 1
        ref = invoice if ledger.times[invoice] == 1 else f"{invoice}.{ledger.times[invoice]}"
        orders[key] = Order(ref, time_of(row, zone), customer, row["Country"])
    orders[key].add(line)
    ledger.sale_lines += 1


def time_of(row, zone):
    return datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=zone)


def is_sale(invoice, row):
    try:
        return invoice.isdigit() and int(row["Quantity"]) > 0 and Decimal(row["UnitPrice"]) > 0
    except ArithmeticError:
        return False


def match(ledger, back):
    """Book what was taken back on the customer's own orders, the latest before it first."""
    bought, made = defaultdict(list), {}
    for order in ledger.orders:
        for sku_price in order.left:
            bought[(order.customer, *sku_price)].append(order)
    for at, invoice, customer, line, row in sorted(back, key=lambda each: each[0]):
        reason = why_not(bought, at, customer, line)
        if reason:
            ledger.set_aside(reason, row)
            continue
        ledger.refund_lines += 1
        for order, units in shares(bought[customer, line.sku, line.price], at, line):
            order.left[line.sku, line.price] -= units
            refund = made.setdefault((invoice, order.ref), Refund(invoice, order.ref, at))
            refund.lines.append((line, units))
    ledger.refunds = list(made.values())


def why_not(bought, at, customer, line):
    if line.sku.upper() == "D":
        return "discount given afterwards, on no article"
    if not customer:
        return "cancellation without a customer"
    there = [order for order in bought.get((customer, line.sku, line.price), ()) if order.at <= at]
    if not there:
        return "cancels an article the customer did not buy at this price within the file"
    if sum(order.left[line.sku, line.price] for order in there) < line.quantity:
        return "cancels more than the customer has left of it"
    return None


def shares(orders, at, line):
    """From which orders how many units come back: one that holds them all, else several."""
    there = [order for order in reversed(orders) if order.at <= at]
    wanted = line.quantity
    whole = next((order for order in there if order.left[line.sku, line.price] >= wanted), None)
    if whole:
        return [(whole, wanted)]
    found = []
    for order in there:
        units = min(wanted, order.left[line.sku, line.price])
        if units:
            found.append((order, units))
            wanted -= units
        if not wanted:
            break
    return found
