"""The invariants I1…I11, checked through the APIs and by SQL over all five schemas."""
import os
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stack import plan
from stack.reconcile import Reconciliation, analytics_equal_orders

BUILD = os.environ.get("BUILD") or "build"

MEANING = {
    "I1": "stock: on hand is the sum of the ledger; what came in is on hand or shipped",
    "I2": "nothing negative, reserved equals open reservations, nothing oversold",
    "I3": "money: lines make totals, payments and refunds make balances",
    "I4": "each event had exactly one effect in each consumer",
    "I5": "analytics equals orders",
    "I6": "versions of each aggregate have no gap, consumers have the last one, feeds are gapless",
    "I7": "responses are true: ok once, refused never, unknown once or never",
    "I8": "the audit chains verify",
    "I9": "dead letters are exactly the poison that was injected",
    "I10": "everything is applied and ready soon after the fault",
    "I11": "no crash, no sanitizer report, no more threads and files than before",
}
# The marks that a step leaves: a query that gives (mark, count).
TRACES = {
    "place": "select channel_ref, count(*) from orders.orders group by 1",
    "pay": "select reference, count(*) from orders.payment group by 1",
    "hold": "select reason, count(*) from orders.order_hold group by 1",
    "book": "select reference, count(*) from catalog.stock_movement group by 1",
    "ship": "select tracking_number, count(*) from fulfillment.shipment where tracking_number is not null group by 1",
    "ticket": "select subject, count(*) from support.ticket group by 1",
}


class Wrong(Exception):
    pass


def must(what, found):
    """Raise Wrong if anything was found: rows or a mapping of what violates an invariant."""
    if found:
        raise Wrong(f"{what}: {str(found)[:800]}")


class Check:
    """One check after everything has settled; verdicts() gives {"I1": what is wrong or None}."""

    def __init__(self, shop, traffic, poison=(), settled=None, before=None):
        self.shop, self.traffic, self.poison = shop, traffic, set(poison)
        self.settled, self.before = settled, before
        self.reconciliation = Reconciliation(shop)

    def rows(self, statement):
        return [tuple(row.values()) for row in self.shop.sql("postgres", statement)]

    def verdicts(self):
        found = {}
        for name in MEANING:
            try:
                getattr(self, name.lower())()
                found[name] = None
            except Wrong as wrong:
                found[name] = str(wrong)
        return found

    def require(self, check):
        what, figures, holds = check
        must(f"{what}: {figures}", not holds)

    # ----------------------------------------------------------------------------------------------

    def i1(self):
        must("on hand is not the ledger's sum", self.rows("""
            select sku, warehouse, on_hand, coalesce(sum(m.quantity), 0) from catalog.stock s
            left join catalog.stock_movement m using (sku, warehouse) group by 1, 2, 3
            having on_hand <> coalesce(sum(m.quantity), 0)"""))
        self.require(self.reconciliation.stock_is_conserved())

    def i2(self):
        must("reserved is not what the reservations hold", self.rows("""
            select sku, s.reserved, coalesce(r.open, 0) from (select sku, sum(reserved) as reserved from catalog.stock group by 1) s
            left join (select sku, sum(reserved - taken) as open from catalog.reservation_line group by 1) r using (sku)
            where s.reserved <> coalesce(r.open, 0)"""))
        must("negative stock", self.rows("select * from catalog.stock where on_hand < 0 or reserved < 0 or reserved > on_hand"))
        self.require(self.reconciliation.reservations_add_up())

    def i3(self):
        must("lines, payments or refunds do not make the order", self.rows("""
            select o.number, o.total, o.paid, o.refunded from orders.orders o
            where total <> (select sum(quantity * unit_price) from orders.order_line l where l.order_id = o.id) - discount + shipping_fee
               or paid <> (select coalesce(sum(amount), 0) from orders.payment p where p.order_id = o.id)
               or refunded <> (select coalesce(sum(amount), 0) from orders.refund r where r.order_id = o.id)"""))
        self.require(self.reconciliation.lines_make_totals())
        self.require(self.reconciliation.money_is_settled())

    def i4(self):
        dead = {row[0] for service in self.shop.instances for row in
                self.rows(f"select event_id::text from {service}.dead_letter where event_id is not null")}
        for source in self.shop.instances:
            for consumer in self.shop.consumers(source):
                name, subject = consumer["name"], consumer["config"]["filter_subject"]
                if name.split("-")[0] not in self.shop.instances:
                    continue
                published = {row[0] for row in self.rows(f"select id::text from {source}.event where type like '{subject.rstrip('*')}%'")}
                applied = [row[0] for row in self.rows(f"select event_id::text from {name.split('-')[0]}.inbox where consumer = '{name}'")]
                must(f"{name} did not apply", published - set(applied) - dead)
                must(f"{name} applied what was not published", set(applied) - published)
                must(f"{name} applied twice", len(applied) - len(set(applied)))
        for check in self.reconciliation.every_event_had_one_effect():
            self.require(check)

    def i5(self):
        today = datetime.now(ZoneInfo("Europe/London")).date()
        self.require(analytics_equal_orders(self.shop, self.reconciliation.orders, str(today - timedelta(1)), str(today + timedelta(2)),
                                         lambda order: True))

    def i6(self):
        for service in self.shop.instances:
            must(f"versions with gaps in {service}", self.rows(
                f"select aggregate_id, count(*), max(version) from {service}.event group by 1, aggregate having count(*) <> max(version)"))
            must(f"cursors of {service} beyond or behind", self.rows(" union all ".join(f"""
                select c.consumer, c.aggregate_id, c.version as applied, e.version as published from {service}.inbox_cursor c
                join (select aggregate, aggregate_id, max(version) as version from {source}.event group by 1, 2) e
                    using (aggregate, aggregate_id)
                where c.version <> e.version and not exists (select from {service}.dead_letter d
                    where d.consumer = c.consumer and d.aggregate_id = c.aggregate_id)"""
                for source in self.shop.instances if source != service)))
        for check in self.reconciliation.feeds_have_no_gaps():
            self.require(check)

    def i7(self):
        for what, statement in TRACES.items():
            there = Counter(dict(self.rows(statement)))
            for step in self.traffic.steps_of(what):
                count, allowed = there[step.mark], {"ok": (1,), "refused": (0,), "unknown": (0, 1)}[step.outcome]
                must(f"{step} is there {count} times", count not in allowed)
        kept = dict(self.rows(" union all ".join(f"select key, status from {service}.idempotency" for service in self.shop.instances)))
        for step in self.traffic.steps:
            must(f"{step} had another status than the stored response ({kept.get(step.key)})",
                 step.outcome == "ok" and kept.get(step.key) != step.status)

    def i8(self):
        for service in self.shop.instances:
            verdict = self.shop.clients[service].get("/v1/audit/verify").json
            must(f"{service}'s chain", not verdict.get("intact") and verdict)

    def i9(self):
        dead = {(service, event or body) for service in self.shop.instances for event, body in self.rows(
            f"select event_id::text, body from {service}.dead_letter where state = 'open'")}
        must("dead letters that were not injected", dead - self.poison)
        must("poison that is in no dead letter", self.poison - dead)

    def i10(self):
        must("not settled", self.settled)
        must("not ready", [each.name for each in self.shop.chosen() if not each.ready()])

    def i11(self):
        must("processes that went wrong", self.shop.faults())
        must("clients that failed", self.traffic.broken)
        if self.before:
            now = footprint(self.shop)
            must("threads, files or memory grew", {name: (was, now[name]) for name, was in self.before.items()
                                                   if name in now and grew(was, now[name])})


def grew(was, now):
    """Whether threads and files grew by more than connections need, or memory by half and 40 MB. Not under a sanitizer, which
    keeps freed memory."""
    return now[0] > was[0] + 60 or now[1] > was[1] + 80 or "asan" not in BUILD and now[2] > max(was[2] * 1.5, was[2] + 40_000)


def footprint(shop):
    """name → (threads, open files, resident kB)"""
    from pathlib import Path
    found = {}
    for each in shop.chosen():
        if each.alive():
            folder = Path("/proc") / str(each.process.pid)
            status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
            found[each.name] = (int(status["Threads"]), len(os.listdir(folder / "fd")), int(status["VmRSS"].split()[0]))
    return found


__all__ = ["Check", "MEANING", "footprint", "plan"]
