"""A real shop's file of invoice lines (csv or csv.gz), read line by line.

A sale line has an all-digit invoice number and a quantity and a price above zero. An invoice number that begins with C
cancels part of an earlier sale. Every other line is skipped, with the first rule that it breaks as the reason.
"""
import csv
import gzip
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")

# Postage, fees, manual corrections and vouchers are sold but not stocked.
NOT_STOCKED = {"POST", "DOT", "M", "D", "C2", "S", "B", "BANK-CHARGES", "AMAZONFEE", "CRUK", "PADS"}
PREFIXES_NOT_STOCKED = ("GIFT_", "ADJUST", "TEST")
DISCOUNT = "D"

COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE",
    "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS",
    "Israel": "IL", "Italy": "IT", "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT",
    "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
    "Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US",
    "United Arab Emirates": "AE", "United Kingdom": "GB",
}
UNKNOWN_COUNTRY = "GB"      # "Unspecified", "European Community": the shop's own country


@dataclass
class Line:
    sku: str
    quantity: int
    price: int              # pence
    description: str


@dataclass
class Entry:
    """One line of the file: a sale, a cancellation (with the cancelled units as its quantity), or skipped."""
    row: dict               # as the file has it
    invoice: str
    skipped: str = None     # the reason; the fields below are those of a line that is not skipped
    at: datetime = None     # in the shop's time zone
    customer: str = ""      # "" for a guest
    country: str = ""
    line: Line = None
    cancels: bool = False


def read(path, time_zone="Europe/London", date=None):
    """The entries of a file, or those of one day (date as text). Raises ValueError for a file of another kind."""
    zone = ZoneInfo(time_zone)
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", errors="strict", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or [])]
        if missing:
            raise ValueError(f"{path} has no column {', '.join(missing)}")
        for row in rows:
            if date is None or (row["InvoiceDate"] or "").startswith(date):
                yield entry(row, zone)


def entry(row, zone):
    invoice, reason = row["InvoiceNo"].strip(), why_skipped(row)
    if reason:
        return Entry(row, invoice, reason)
    quantity = int(row["Quantity"])
    line = Line("-".join(row["StockCode"].split()), abs(quantity), pence(row["UnitPrice"]), " ".join(row["Description"].split()))
    return Entry(row, invoice, None, datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=zone),
                 row["CustomerID"].removesuffix(".0"), row["Country"], line, quantity < 0)


def why_skipped(row):
    """The first rule that a line breaks; None for a sale or a cancellation."""
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


def why_not_cancelled(entry):
    """The reason why a cancellation can belong to no sale, whatever was sold; else None."""
    if entry.line.sku.upper() == DISCOUNT:
        return "discount after the sale, on no article"
    if not entry.customer:
        return "cancellation without a customer"
    return None


def is_sale(row):
    """Whether a line sells something, also if it is skipped for another reason."""
    try:
        return row["InvoiceNo"].strip().isdigit() and int(row["Quantity"]) > 0 and Decimal(row["UnitPrice"]) > 0
    except (ValueError, ArithmeticError):
        return False


def articles(lines):
    """sku → (title, price) of what was sold: the first title that is not empty, the most frequent price."""
    titles, prices = {}, defaultdict(Counter)
    for line in lines:
        prices[line.sku][line.price] += 1
        if line.description:
            titles.setdefault(line.sku, line.description)
    return {sku: (titles.get(sku, sku), found.most_common(1)[0][0]) for sku, found in sorted(prices.items())}


def total(lines):
    return sum(line.quantity * line.price for line in lines)


def has_stock(sku):
    return sku.upper() not in NOT_STOCKED and not sku.upper().startswith(PREFIXES_NOT_STOCKED)


def pence(text):
    return int(Decimal(text) * 100)


def utc(at):
    return at.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


def country(name):
    return COUNTRIES.get(name, UNKNOWN_COUNTRY)
