"""Multiplies the rows of a shop's tables, so that a test has an old shop within a second.

Every copy of a row is older: its times are earlier, its sequence numbers negative, its ids derived from the original ones in
the same way everywhere, so that a copied line belongs to the copied order. Stop the services meanwhile.
"""
import psycopg2

COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, null), a.attgenerated <> '',
    exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any(i.indkey)),
    exists (select 1 from pg_index i join pg_attribute k on k.attrelid = c.oid and k.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisunique and format_type(k.atttypid, null) in ('uuid', 'bigint', 'timestamp with time zone'))
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and c.relnamespace = %s::regnamespace order by c.relname, a.attnum
"""
# Columns that hold ids in every table.
NAMES = {"sku", "barcode", "number", "order_number", "channel_ref", "reference", "key", "customer", "customer_ref", "ref",
         "tracking_number", "aggregate_id", "customer_id", "phone", "email"}
NUMBERS = {"seq", "position", "no", "arrived"}
LEFT_ALONE = {"secret", "consumer", "schema_migration", "migration", "channel", "figures", "business_hours", "schedule_slot", "rebuild"}
UUID = "'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'"


def age(shop, service, copies, hours_apart=1):
    """Multiply every table of a service's schema."""
    with psycopg2.connect(shop.postgres.url(database=shop.database)) as connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")        # no foreign keys and no triggers
        cursor.execute(f"set search_path = {service}, extensions")
        cursor.execute(COLUMNS, (service,))
        tables = {}
        for table, *column in cursor.fetchall():
            tables.setdefault(table, []).append(column)
        for table, columns in tables.items():
            if table not in LEFT_ALONE:
                cursor.execute(copy(table, columns, copies, hours_apart))
    connection.close()


def copy(table, columns, copies, hours_apart):
    kept = [column for column in columns if not column[2]]
    names = ", ".join(f'"{column[0]}"' for column in kept)
    values = ", ".join(older(*column, hours_apart) for column in kept)
    return (f'insert into "{table}" ({names}) overriding system value select {values} '
            f'from "{table}" t, generate_series(1, {copies}) n on conflict do nothing')


def older(name, kind, _generated, unique, otherwise_unique, hours_apart):
    column = f't."{name}"'
    made = f"md5({column}::text || n)::uuid"
    if kind == "uuid":
        return made
    if kind == "bigint" and (unique or name in NUMBERS):
        return f"{column} - n * 100000"
    if kind == "timestamp with time zone":
        return f"{column} - n * interval '{hours_apart} hours'"
    if kind == "text" and (name in NAMES or (unique and not otherwise_unique)):
        return f"case when {column} ~ {UUID} then ({made})::text else {column} || '-' || n end"
    return column
