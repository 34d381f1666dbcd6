#!/usr/bin/python3
"""Figures against plain SQL: sales by day over a year and the top 20 products, at so many order lines.

    bench/figures.py [LINES…]           default 1000000; 10000000 takes three minutes and 6 GB

The facts are generated in a scratch database: orders of three lines spread over 400 days from 2010-12-15, 5,000 SKUs of very
different popularity, three channels, twenty countries, one customer for ten orders, every fiftieth order void, every twentieth
partially refunded. The rollups are computed from the facts with the service's definitions. Then the service (HTTP, one
connection, the whole response) and plain SQL over the facts answer the same query; their results are compared, too.
"""
import statistics
import sys
import time

import psycopg2

from load import HEAD, Row, costs
from environment import Environment

# A bulk load writes only once.
ENVIRONMENT = {"services": ("analytics",), "env": {"SHOP_TIME_ZONE": "Europe/London"},
         "settings": {"wal_level": "minimal", "max_wal_senders": 0, "max_wal_size": "'8GB'"}}
REQUESTS = 20           # in each round
MANY = 2_000_000        # above it, sums by customer are left out: they take longer than everything else
FILL = [
    """truncate fact_line, fact_order, fact_refund, sales_rollup, customer, cohort_member, cohort_rollup""",
    """insert into figures (zone) values ('Europe/London') on conflict do nothing""",
    """insert into sku select 'SKU-' || n, uuid_v7(), 'Article ' || n, 'shelf ' || mod(n, 20), '2010-12-01Z' from generate_series(0, 4999) n""",
    """create temp table made as
        select order_id, hour, abs(hashtext(order_id::text)::bigint) as h,
            (floor(1666 * power(random(), 3)) * 3)::int as k1, (1 + floor(random() * 9))::int as q1, (100 + floor(random() * 5000))::int as p1,
            (floor(1666 * power(random(), 3)) * 3 + 1)::int as k2, (1 + floor(random() * 9))::int as q2, (100 + floor(random() * 5000))::int as p2,
            (floor(1666 * power(random(), 3)) * 3 + 2)::int as k3, (1 + floor(random() * 9))::int as q3, (100 + floor(random() * 5000))::int as p3
        from (select lpad(to_hex(o), 32, '0')::uuid as order_id, date_trunc('hour', timestamptz '2010-12-15Z' + make_interval(
                secs => o * 34560000.0 / (%(lines)s / 3))) as hour from generate_series(0, %(lines)s / 3 - 1) o offset 0) o""",
    """insert into fact_line (order_id, line, sku, quantity, unit_price, hour)
        select order_id, l, 'SKU-' || k, q, p, hour from made, lateral (values (1, k1, q1, p1), (2, k2, q2, p2), (3, k3, q3, p3)) v(l, k, q, p)""",
    """insert into fact_order (order_id, event_id, number, channel, currency, country, customer, placed_at, entered_at, hour, units, gross,
            discount, void)
        select order_id, order_id, 'O-' || h, (array['web', 'ebay', 'shop'])[1 + mod(h, 3)], 'GBP',
            'C' || mod(h, 20), 'c-' || mod(h, %(lines)s / 30), hour, hour, hour, q1 + q2 + q3, q1 * p1 + q2 * p2 + q3 * p3, mod(h, 100), mod(h, 50) = 7
        from made""",
    """insert into fact_refund (refund_id, event_id, order_id, currency, amount, refunded_at, hour, state)
        select order_id, order_id, order_id, 'GBP', 1 + (q1 * p1 + q2 * p2 + q3 * p3) / 3, hour + interval '3 days', hour + interval '3 days',
            'counted'
        from made where mod(h, 50) <> 7 and mod(h, 20) = 3""",
    """create temp table piece as
        select o.hour, o.channel, o.country, o.customer, 1 as orders, o.units, o.gross, o.discount, 0::bigint as refunds, 0::bigint as refunded
            from fact_order o where not void
        union all select f.hour, o.channel, o.country, o.customer, 0, 0, 0, 0, f.amount, 0 from fact_refund f join fact_order o using (order_id)
        union all select o.hour, o.channel, o.country, o.customer, 0, 0, 0, 0, 0, f.amount from fact_refund f join fact_order o using (order_id)""",
    """insert into sales_rollup select 'all', 'hour', hour, 'GBP', channel, '', sum(orders), sum(units), sum(gross), sum(discount),
        sum(refunds), sum(refunded) from piece group by hour, channel order by 3""",
    """insert into sales_rollup select 'all', 'day', date_trunc('day', start, 'Europe/London'), 'GBP', channel, '', sum(orders), sum(units),
        sum(gross), sum(discount), sum(refunds), sum(refunded) from sales_rollup where dimension = 'all' group by 3, 5 order by 3""",
    """insert into sales_rollup select 'country', 'day', date_trunc('day', hour, 'Europe/London'), 'GBP', channel, country, sum(orders),
        sum(units), sum(gross), sum(discount), sum(refunds), sum(refunded) from (select hour, channel, country, sum(orders) as orders,
            sum(units) as units, sum(gross) as gross, sum(discount) as discount, sum(refunds) as refunds, sum(refunded) as refunded
            from piece group by 1, 2, 3) x group by 3, 5, 6 order by 3""",
    """insert into sales_rollup
        select 'product', 'day', day, 'GBP', (array['web', 'ebay', 'shop'])[channel], 'SKU-' || k, count(*), sum(q), sum(q * p), 0, 0, 0
        from (select date_trunc('day', hour, 'Europe/London') as day, 1 + mod(h, 3) as channel, k, q, p
            from made, lateral (values (k1, q1, p1), (k2, q2, p2), (k3, q3, p3)) v(k, q, p) where mod(h, 50) <> 7) l
        group by day, channel, k""",
    """insert into sales_rollup
        select 'product', 'month', date_trunc('month', start, 'Europe/London'), 'GBP', channel, key, sum(orders), sum(units), sum(gross), 0, 0, 0
        from sales_rollup where dimension = 'product' and grain = 'day' group by 3, 5, 6 order by 3""",
    """insert into sales_rollup
        select 'article', g, date_trunc(g, start, 'Europe/London'), 'GBP', '', key, sum(orders), sum(units), sum(gross), 0, 0, 0
        from sales_rollup, (values ('month'), ('quarter'), ('year')) v(g) where dimension = 'product' and grain = 'month'
        group by 2, 3, 6 order by 3""",
]
CUSTOMERS = [
    """insert into sales_rollup select 'customer', 'day', date_trunc('day', hour, 'Europe/London'), 'GBP', channel, customer, sum(orders),
        sum(units), sum(gross), sum(discount), sum(refunds), sum(refunded) from piece group by 3, 5, 6 order by 3""",
    """insert into sales_rollup select 'customer', 'month', date_trunc('month', start, 'Europe/London'), 'GBP', channel, key, sum(orders),
        sum(units), sum(gross), sum(discount), sum(refunds), sum(refunded) from sales_rollup where dimension = 'customer' group by 3, 5, 6
        order by 3""",
    """insert into sales_rollup select 'buyer', g, date_trunc(g, start, 'Europe/London'), 'GBP', '', key, sum(orders), sum(units), sum(gross),
        sum(discount), sum(refunds), sum(refunded), (max(start) filter (where orders > 0) at time zone 'Europe/London')::date
        from sales_rollup, (values ('month'), ('quarter'), ('year')) v(g) where dimension = 'customer' and grain = 'day'
        group by 2, 3, 6 order by 3""",
    """insert into customer select customer, min(hour) from fact_order where not void group by 1""",
    """insert into cohort_member (customer, start, cohort, orders)
        select customer, r.start, date_trunc('month', since, 'Europe/London'), r.orders
        from customer c join sales_rollup r on r.dimension = 'buyer' and r.grain = 'month' and r.key = c.customer where r.orders > 0""",
    """insert into cohort_rollup select cohort, start, count(*), sum(orders) from cohort_member group by 1, 2""",
]
BY_DAY = """
    select to_char(day, 'YYYY-MM-DD'), sum(orders)::bigint, sum(units)::bigint, sum(gross)::bigint, sum(refunds)::bigint
    from (select date_trunc('day', hour at time zone 'Europe/London') as day, count(*) as orders, sum(units) as units, sum(gross) as gross,
                0 as refunds
            from fact_order where hour >= timestamp %(from)s at time zone 'Europe/London'
                and hour < timestamp %(to)s at time zone 'Europe/London' and not void and currency = 'GBP' group by 1
        union all select date_trunc('day', hour at time zone 'Europe/London'), 0, 0, 0, sum(amount)
            from fact_refund where hour >= timestamp %(from)s at time zone 'Europe/London'
                and hour < timestamp %(to)s at time zone 'Europe/London' and state = 'counted' and currency = 'GBP' group by 1) x
    group by day order by day"""
TOP = """
    select l.sku, sum(l.quantity)::bigint, sum(l.quantity * l.unit_price)::bigint
    from fact_line l join fact_order o using (order_id)
    where l.hour >= timestamp %(from)s at time zone 'Europe/London' and l.hour < timestamp %(to)s at time zone 'Europe/London'
        and not o.void and o.currency = 'GBP'
    group by l.sku order by 3 desc, 1 limit 20"""


def without_indexes(cursor):
    """Drop constraints and indexes before a bulk load; the statements that create them again."""
    tables = ("fact_line", "fact_order", "fact_refund", "sales_rollup", "cohort_member")
    cursor.execute("""select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where contype = 'p' and conrelid::regclass::text = any(%s)""", (list(tables),))
    keys = cursor.fetchall()
    for table, name, _ in keys:
        cursor.execute(f"alter table {table} drop constraint {name}")
    cursor.execute("select indexname, indexdef from pg_indexes where tablename like any(%s)", ([table + "%" for table in tables],))
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"drop index {name}")
    return [f"alter table {table} add constraint {name} {text}" for table, name, text in keys] + [text for _, text in indexes]


def fill(connection, lines):
    """Fill in one transaction that begins with truncate: with wal_level minimal the rows need no WAL."""
    with connection.cursor() as cursor:
        cursor.execute("set synchronous_commit = off; set work_mem = '512MB'; set hash_mem_multiplier = 2; set temp_buffers = '64MB'; "
                       "set maintenance_work_mem = '768MB'; set max_parallel_maintenance_workers = 0; select setseed(0.5)")
        again = without_indexes(cursor)
        for statement in FILL + (CUSTOMERS if lines <= MANY else []) + again:
            began = time.monotonic()
            cursor.execute(statement, {"lines": lines} if "%(" in statement else None)
            if time.monotonic() - began > 60:
                print(f"{time.monotonic() - began:.0f} s: {' '.join(statement.split())[:80]} …", file=sys.stderr, flush=True)
    connection.commit()
    connection.autocommit = True
    connection.cursor().execute("vacuum analyze")


def timed(work, times):
    """(milliseconds of each call, the last result)"""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        answer = work()
        took.append(1000 * (time.perf_counter() - began))
    return took, answer


def plain(connection, statement, window):
    with connection.cursor() as cursor:
        cursor.execute(statement, window)
        return cursor.fetchall()


def measure(environment, connection, row, rounds, path, statement, names, window, **params):
    """Measure service and plain SQL in turn; their results must be equal."""
    def ask():
        return environment.shop.analytics.get(path, params={**window, **params}).expect(200)["data"]

    def cpu():
        return environment.cpu("analytics")
    ask()
    for _ in range(rounds):
        spent, (took, answer) = costs(cpu, lambda: timed(ask, REQUESTS))
        sql_cost, (sql_took, counted) = costs(cpu, lambda: timed(lambda: plain(connection, statement, window), 1))
        found = [tuple(line[name] for name in names) for line in answer]
        assert found == [tuple(line) for line in counted], f"{row.name}: {found[:3]} {counted[:3]}"
        row.work.append(statistics.median(took))
        row.costs.append([each / REQUESTS for each in spent])
        row.ceiling("plain SQL over the facts", *sql_took, sql_cost)
    return row


def rows(environment, lines, rounds):
    connection = psycopg2.connect(environment.url("analytics"))
    began = time.monotonic()
    fill(connection, lines)
    print(f"{lines:,} lines, filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    many = f"{lines / 1e6:g} million lines"
    wanted = "≥ 100, and ≤ 20 ms" if lines >= 10_000_000 else ""
    day, top = ("key", "orders", "units", "gross", "refunds"), ("key", "units", "gross")
    for name, window in (("2011", {"from": "2011-01-01", "to": "2012-01-01"}),
                         ("a year from mid-month", {"from": "2011-01-17", "to": "2012-01-17"})):
        yield measure(environment, connection, Row(f"sales by day, {name}, {many}", "ms", wanted), rounds, "/v1/sales", BY_DAY, day, window, by="day")
        yield measure(environment, connection, Row(f"top 20 products, {name}, {many}", "ms", wanted), rounds, "/v1/products/ranking", TOP, top, window)
    for path, params in (("/v1/sales", {"from": "2011-01-01", "to": "2012-01-01", "by": "day", "compare": "previous"}),
                         ("/v1/sales", {"from": "2011-01-01", "to": "2012-01-01", "by": "product"}),
                         ("/v1/customers/figures", {"from": "2011-06-01", "to": "2011-07-01"}),
                         ("/v1/cohorts", {"from": "2011-01-01", "to": "2012-01-01"}), ("/v1/rfm", {"as_of": "2011-12-31"})):
        if lines > MANY and not path.startswith("/v1/sales"):
            continue    # without the sums by customer there is nothing to read
        row = Row(f"{path} {' '.join(params.values())}, {many}", "ms")
        row.work, _ = timed(lambda: environment.shop.analytics.get(path, params=params).expect(200), 3)
        yield row
    connection.close()


def main():
    print(HEAD)
    for lines in map(int, sys.argv[1:] or ["1000000"]):
        with Environment(**ENVIRONMENT) as environment:
            for row in rows(environment, lines, 3):
                print("\n".join(row.lines()), flush=True)


if __name__ == "__main__":
    main()
