"""One day of a real shop, read from a file of invoice lines, and what of it can be booked.

A sale line has an all-digit invoice number, a quantity and a price above zero. An invoice beginning with C
takes something back. Everything else is set aside, each line by the first rule it breaks.
"""
import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

# Postage, fees, manual corrections, vouchers: sold, but nothing to put on a shelf.
WITHOUT_STOCK = {"POST", "DOT", "M", "D", "C2", "S", "B", "BANK-CHARGES", "AMAZONFEE", "CRUK", "PADS"}
PREFIXES_WITHOUT_STOCK = ("GIFT_", "ADJUST", "TEST")

COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE",
    "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS",
    "Israel": "IL", "Italy": "IT", "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT",
    "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
    "Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US",
    "United Arab Emirates": "AE", "United Kingdom": "GB",
}
UNKNOWN_COUNTRY = "GB"      # "Unspecified", "European Community": sold from and through the shop's own country


@dataclass
class Line:
    sku: str
    quantity: int
    price: int              # pence
    description: str


@dataclass
class Sale:
    """An invoice: an order on the platform."""
    invoice: str
    at: datetime            # in the shop's time zone
    customer: str           # "" for a guest
    country: str
    lines: list = field(default_factory=list)
    undone: dict = field(default_factory=lambda: defaultdict(int))     # sku → units taken back
    refunds: list = field(default_factory=list)

    @property
    def total(self):
        return sum(line.quantity * line.price for line in self.lines)

    @property
    def units(self):
        return sum(line.quantity for line in self.lines)

    @property
    def cancelled(self):
        """Every unit of it was taken back the same day."""
        return bool(self.undone) and sum(self.undone.values()) == self.units

    @property
    def to_pack(self):
        return any(has_stock(line.sku) for line in self.lines)


@dataclass
class Refund:
    """What one cancellation invoice takes back of one sale."""
    invoice: str
    at: datetime
    lines: list = field(default_factory=list)

    @property
    def amount(self):
        return sum(line.quantity * line.price for line in self.lines)


@dataclass
class Day:
    date: str
    rows: int
    sales: list
    set_aside: Counter              # reason → rows
    sale_rows: int
    refund_rows: int

    @property
    def gross(self):
        return sum(sale.total for sale in self.sales)

    @property
    def demand(self):
        """What the shelves must hold: units by SKU."""
        wanted = Counter()
        for sale in self.sales:
            for line in sale.lines:
                if has_stock(line.sku):
                    wanted[line.sku] += line.quantity
        return wanted

    @property
    def articles(self):
        """sku → (title, price): the first title that is not empty, the most frequent price."""
        titles, prices = {}, defaultdict(Counter)
        for sale in self.sales:
            for line in sale.lines:
                prices[line.sku][line.price] += 1
                if line.description:
                    titles.setdefault(line.sku, line.description)
        return {sku: (titles.get(sku, sku), found.most_common(1)[0][0]) for sku, found in sorted(prices.items())}


def has_stock(sku):
    return sku.upper() not in WITHOUT_STOCK and not sku.upper().startswith(PREFIXES_WITHOUT_STOCK)


def read(path, date, time_zone="Europe/London"):
    """The day's sales and cancellations. Raises ValueError for a file of another kind."""
    zone = ZoneInfo(time_zone)
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", errors="strict", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
        if missing:
            raise ValueError(f"{path} has no column {', '.join(missing)}")
        todays = [row for row in rows if (row["InvoiceDate"] or "").startswith(date)]

    sales, taken_back, aside = {}, [], Counter()
    for row in todays:
        reason = fault(row)
        if reason:
            aside[reason] += 1
            continue
        at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=zone)
        line = Line("-".join(row["StockCode"].split()), int(row["Quantity"]), pence(row["UnitPrice"]),
                    " ".join(row["Description"].split()))
        customer, invoice = row["CustomerID"].removesuffix(".0"), row["InvoiceNo"].strip()
        if line.quantity < 0:
            line.quantity = -line.quantity
            taken_back.append((at, invoice, customer, line))
        else:
            sale = sales.setdefault(invoice, Sale(invoice, at, customer, row["Country"]))
            sale.at = min(sale.at, at)
            sale.lines.append(line)
    sale_rows = sum(len(sale.lines) for sale in sales.values())
    matched = 0
    for at, invoice, customer, line in taken_back:
        reason = undo(list(sales.values()), at, invoice, customer, line)
        if reason:
            aside[reason] += 1
        else:
            matched += 1
    return Day(date, len(todays), sorted(sales.values(), key=lambda sale: (sale.at, sale.invoice)), aside,
               sale_rows, matched)


def fault(row):
    """The rule a line breaks, or None: then it is a sale or a cancellation."""
    invoice = row["InvoiceNo"].strip()
    try:
        quantity, price = int(row["Quantity"]), Decimal(row["UnitPrice"])
    except (ValueError, InvalidOperation):
        return "quantity or price is not a number"
    if not row["StockCode"].strip():
        return "no article"
    if quantity == 0:
        return "quantity is zero"
    if invoice.startswith("C"):
        return "cancellation with a positive quantity" if quantity > 0 else \
               "cancellation without a price" if price <= 0 else None
    if not invoice.isdigit():
        return "not an invoice number"
    if quantity < 0:
        return "negative quantity without a cancellation"
    if price < 0:
        return "negative price"
    if price == 0:
        return "no price and no description" if not row["Description"].strip() else "no price"
    if price * 100 != int(price * 100):
        return "fraction of a penny"
    return None


def undo(sales, at, invoice, customer, line):
    """Book a cancellation line against the customer's sales of the day, the latest before it first.
    The reason why it cannot be, else None."""
    if not has_stock(line.sku) and line.sku.upper() == "D":
        return "discount given afterwards, on no article"
    if not customer:
        return "cancellation without a customer"
    own = [sale for sale in sales if sale.customer == customer and sale.at <= at]
    if not own:
        return "cancels an order from before this day"
    for sale in sorted(own, key=lambda sale: sale.at, reverse=True):
        bought = sum(each.quantity for each in sale.lines if (each.sku, each.price) == (line.sku, line.price))
        back = sum(each.quantity for refund in sale.refunds for each in refund.lines
                   if (each.sku, each.price) == (line.sku, line.price))
        if bought - back >= line.quantity:
            refund = next((refund for refund in sale.refunds if refund.invoice == invoice), None)
            if refund is None:
                refund = Refund(invoice, at)
                sale.refunds.append(refund)
            refund.lines.append(line)
            sale.undone[line.sku] += line.quantity
            return None
    return "cancels an article not bought that day"


def pence(text):
    return int(Decimal(text) * 100)


def utc(at):
    return at.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def country(name):
    return COUNTRIES.get(name, UNKNOWN_COUNTRY)
