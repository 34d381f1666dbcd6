"""Import of a shop's orders, against COPY of the same rows into tables with the same indexes and keys.

Both are timed from the first row to the commit of the last. The other services consume the orders' events meanwhile.
"""
import io

import psycopg2

from load import Row, costs
from stack import bulk_import, shop_history

ORDERS = 2000           # of the file, from its beginning
# table, and which of its rows the import made
TABLES = [("orders", "channel = %(channel)s"),
          ("order_line", "order_id in (select id from orders where channel = %(channel)s)"),
          ("payment", "order_id in (select id from orders where channel = %(channel)s)"),
          ("event", "aggregate = 'order' and aggregate_id in (select id::text from orders where channel = %(channel)s)")]


def hand_in(client, kind, rows):
    job = bulk_import.watch(client, bulk_import.hand_in(client, kind, bulk_import.ndjson(rows)), patience=900)
    assert job["status"] == "done" and not job["rows"]["refused"], job
    return job


def columns(cursor, table):
    cursor.execute("select string_agg(quote_ident(column_name), ', ' order by ordinal_position) from information_schema.columns "
                   "where table_schema = current_schema and table_name = %s and is_generated = 'NEVER'", (table,))
    return cursor.fetchone()[0]


def copied(connection, channel):
    """Seconds that COPY needs for the rows of a channel."""
    cursor, texts = connection.cursor(), {}
    for table, where in TABLES:
        texts[table] = io.StringIO()
        query = cursor.mogrify(f"select {columns(cursor, table)} from {table} where {where}", {"channel": channel}).decode()
        cursor.copy_expert(f"copy ({query}) to stdout", texts[table])
        cursor.execute(f"create table speed_{table} (like {table} including all)")
        texts[table].seek(0)
    for table in ("order_line", "payment"):
        cursor.execute(f"alter table speed_{table} add foreign key (order_id) references speed_orders (id)")
    connection.commit()
    cursor.execute("select clock_timestamp()")
    began = cursor.fetchone()[0]
    for table, _ in TABLES:
        cursor.copy_expert(f"copy speed_{table} ({columns(cursor, table)}) from stdin", texts[table])
    connection.commit()
    cursor.execute("select clock_timestamp()")
    seconds = (cursor.fetchone()[0] - began).total_seconds()
    cursor.execute("drop table " + ", ".join(f"speed_{table}" for table, _ in reversed(TABLES)))
    connection.commit()
    return seconds


def measure(environment, rounds, data):
    row = Row("import of orders of a shop's file", unit="lines/s", wanted="≥ 0.25")
    if not data:
        row.note = "not measured: DATA names no file"
        return [row]
    history = shop_history.read(data)
    products, orders = list(history.products()), history.orders[:ORDERS]
    hand_in(environment.shop.catalog, "products", products)
    bulk_import.wait_for_prices(environment.shop.orders, len(products))
    lines = sum(len(order.lines) for order in orders)
    connection = psycopg2.connect(environment.url("orders"))

    def imported():
        job = hand_in(environment.shop.orders, "orders", [order.row() for order in orders])
        environment.shop.settle(120)
        return environment.shop.value("orders", "select extract(epoch from finished_at - started_at)::float8 from import_job where id = %s",
                                job["id"])
    for number in range(rounds):
        shop_history.CHANNEL = f"speed-{number}"
        spent, seconds = costs(lambda: environment.cpu("orders"), imported)
        row.costs.append([each / lines for each in spent])
        row.work.append(lines / seconds)
        row.ceiling("COPY of the rows they became", lines / copied(connection, shop_history.CHANNEL))
    connection.close()
    return [row]
