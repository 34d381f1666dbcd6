"""One day of a real shop, from its file of invoice lines: the sales, and what was cancelled of them on the same day."""
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from . import shop_file


@dataclass
class Sale:
    """An invoice: an order on the platform."""
    invoice: str
    at: datetime            # in the shop's time zone
    customer: str           # "" for a guest
    country: str
    lines: list = field(default_factory=list)
    cancelled_units: dict = field(default_factory=lambda: defaultdict(int))     # by SKU
    refunds: list = field(default_factory=list)

    @property
    def total(self):
        return shop_file.total(self.lines)

    @property
    def units(self):
        return sum(line.quantity for line in self.lines)

    @property
    def cancelled(self):
        """Whether every unit of it was cancelled the same day."""
        return bool(self.cancelled_units) and sum(self.cancelled_units.values()) == self.units

    @property
    def to_pack(self):
        return any(shop_file.has_stock(line.sku) for line in self.lines)


@dataclass
class Refund:
    """What one cancellation invoice cancels of one sale."""
    invoice: str
    at: datetime
    lines: list = field(default_factory=list)

    @property
    def amount(self):
        return shop_file.total(self.lines)


@dataclass
class Day:
    date: str
    rows: int = 0
    sales: list = field(default_factory=list)
    skipped: Counter = field(default_factory=Counter)       # reason → lines
    sale_lines: int = 0
    refund_lines: int = 0

    @property
    def gross(self):
        return sum(sale.total for sale in self.sales)

    @property
    def demand(self):
        """The stock that the day needs: units by SKU."""
        wanted = Counter()
        for sale in self.sales:
            for line in sale.lines:
                if shop_file.has_stock(line.sku):
                    wanted[line.sku] += line.quantity
        return wanted

    @property
    def articles(self):
        return shop_file.articles(line for sale in self.sales for line in sale.lines)


def read(path, date, time_zone="Europe/London"):
    """The day's sales and cancellations. Raises ValueError for a file of another kind."""
    day, sales, cancellations = Day(date), {}, []
    for entry in shop_file.read(path, time_zone, date):
        day.rows += 1
        if entry.skipped:
            day.skipped[entry.skipped] += 1
        elif entry.cancels:
            cancellations.append(entry)
        else:
            sale = sales.setdefault(entry.invoice, Sale(entry.invoice, entry.at, entry.customer, entry.country))
            sale.at = min(sale.at, entry.at)
            sale.lines.append(entry.line)
            day.sale_lines += 1
    for entry in cancellations:
        reason = cancel(list(sales.values()), entry)
        if reason:
            day.skipped[reason] += 1
        else:
            day.refund_lines += 1
    day.sales = sorted(sales.values(), key=lambda sale: (sale.at, sale.invoice))
    return day


def cancel(sales, entry):
    """Book a cancellation against the customer's sales of the day, the latest before it first; why it cannot be, or None."""
    line, reason = entry.line, shop_file.why_not_cancelled(entry)
    if reason:
        return reason
    own = [sale for sale in sales if sale.customer == entry.customer and sale.at <= entry.at]
    if not own:
        return "cancels an order from before this day"
    for sale in sorted(own, key=lambda sale: sale.at, reverse=True):
        if units_left(sale, line) >= line.quantity:
            refund_of(sale, entry).lines.append(line)
            sale.cancelled_units[line.sku] += line.quantity
            return None
    return "cancels an article not bought that day"


def units_left(sale, line):
    """Units of a line's article and price that nothing has cancelled yet."""
    def units(lines):
        return sum(each.quantity for each in lines if (each.sku, each.price) == (line.sku, line.price))
    return units(sale.lines) - sum(units(refund.lines) for refund in sale.refunds)


def refund_of(sale, entry):
    """The refund of a cancellation invoice, made if it is its first line."""
    found = next((refund for refund in sale.refunds if refund.invoice == entry.invoice), None)
    if found is None:
        found = Refund(entry.invoice, entry.at)
        sale.refunds.append(found)
    return found
