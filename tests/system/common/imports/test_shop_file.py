"""A shop's file of invoice lines: every line is booked or skipped, and nothing is refunded that was not bought."""
import csv
import random
from collections import Counter
from decimal import Decimal

from stack import shop_file, shop_history


def made_up(path, seed, lines=3000):
    chance = random.Random(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(shop_file.COLUMNS)
        for n in range(lines):
            back = chance.random() < 0.2
            invoice = f"{'C' if back else ''}{536000 + n // 3}"
            quantity = chance.choice((1, 2, 6, 12)) * (-1 if back or chance.random() < 0.02 else 1)
            out.writerow([invoice, chance.choice(("85123A", "71053", "POST", "BANK CHARGES", "D")), chance.choice(("MUG", "")),
                          quantity, f"2011-0{1 + n // 1000}-02 08:{n % 60:02}:00", chance.choice(("2.55", "1.25", "0", "0.001")),
                          chance.choice(("17850.0", "13047.0", "")), "United Kingdom"])
    return path


def test_every_line_is_booked_or_skipped_and_nothing_is_refunded_twice(tmp_path):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    history = shop_history.read(made_up(tmp_path / "lines.csv", seed))
    assert history.rows == 3000 == history.sale_lines + history.refund_lines + sum(history.skipped.values())
    assert sum(history.skipped.values()) == len(history.skipped_lines)
    assert Decimal(history.gross) == (history.exact_gross - history.skipped_gross) * 100
    bought, refunded = Counter(), Counter()
    for order in history.orders:
        for line in order.lines:
            bought[order.ref, line.sku] += line.quantity
    for refund in history.refunds:
        for line in refund.row()["lines"]:
            refunded[refund.ref, line["sku"]] += line["quantity"]
    assert refunded and all(units <= bought[key] for key, units in refunded.items())
    assert len({order.ref for order in history.orders}) == len(history.orders)
    assert len({(refund.invoice, refund.ref) for refund in history.refunds}) == len(history.refunds)
