"""What catalog did with the orders that a test published: reservations, their events, stock levels, and whether they agree."""
from contextlib import contextmanager

import psycopg2


class Reservations:
    """The reservations of a shop whose orders and shipments come from an EventPublisher. Each look waits until all is applied."""

    def __init__(self, shop):
        self.shop = shop

    def of(self, order):
        self.shop.settle(60)
        found = self.shop.catalog.get("/v1/reservations", params={"order_id": order["id"]}).expect(200)["data"]
        assert len(found) == 1, found
        return found[0]

    def status(self, order):
        return self.of(order)["status"]

    def events(self, order):
        """The verbs of the reservation's events, in order."""
        timeline = self.shop.catalog.get(f"/v1/reservations/{self.of(order)['id']}/timeline").expect(200)["data"]
        return [each["type"].split(".")[-1] for each in timeline]

    def level(self, sku):
        """(on hand, reserved, available)"""
        level = self.shop.catalog.get(f"/v1/stock/{sku}").expect(200)
        return level["on_hand"], level["reserved"], level["available"]

    @contextmanager
    def allocation_blocked(self):
        """Hold the allocation lock: what is published meanwhile comes to catalog in few batches."""
        connection = psycopg2.connect(self.shop.postgres.url("catalog", self.shop.database))
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_lock(hashtextextended('catalog.allocation', 0))")
            yield
        connection.close()


def check_stock(shop):
    """on_hand is the sum of movements, reserved what open reservations hold; cells and lines agree; nothing is negative."""
    wrong = shop.sql("catalog", """
        select s.sku, s.warehouse, s.on_hand, s.reserved,
            (select coalesce(sum(quantity), 0) from stock_movement m where (m.sku, m.warehouse) = (s.sku, s.warehouse)) as moved,
            (select coalesce(sum(quantity - taken), 0) from reservation_cell c
             where (c.sku, c.warehouse) = (s.sku, s.warehouse)) as held
        from stock s""")
    wrong = [each for each in wrong if each["on_hand"] != each["moved"] or each["reserved"] != each["held"]
             or each["reserved"] < 0 or each["on_hand"] < each["reserved"]]
    assert not wrong, wrong
    lines = shop.sql("catalog", """
        select l.reservation_id, l.sku, l.reserved, l.taken, r.status,
            coalesce(sum(c.quantity), 0) as cells, coalesce(sum(c.taken), 0) as cells_taken
        from reservation_line l join reservation r on r.id = l.reservation_id
        left join reservation_cell c on c.reservation_id = l.reservation_id and c.sku = l.sku
        group by l.reservation_id, l.sku, r.status
        having l.reserved <> coalesce(sum(c.quantity), 0) or l.taken <> coalesce(sum(c.taken), 0)
            or (r.status in ('held', 'taken') and l.reserved <> l.quantity) or (r.status = 'short' and l.reserved > 0)
            or (r.status = 'released' and l.reserved <> l.taken)
            or l.waiting <> (r.status in ('short', 'partial') and l.reserved < l.quantity)""")
    assert not lines, lines
    assert shop.value("catalog", "select count(*) from reservation where status = 'new'") == 0
    # No reservation waits that the stock could serve.
    idle = shop.sql("catalog", """
        select r.id from reservation r where r.status in ('short', 'partial') and
            case when r.allow_partial then exists (
                select 1 from reservation_line l join stock s using (sku)
                where l.reservation_id = r.id and l.waiting and s.on_hand > s.reserved)
            else not exists (
                select 1 from reservation_line l where l.reservation_id = r.id and l.waiting and l.quantity - l.reserved >
                    (select coalesce(sum(on_hand - reserved), 0) from stock s where s.sku = l.sku)) end""")
    assert not idle, idle
