"""The connection pool: what background work leaves to requests, and plans that follow the size of tables."""
import time

import psycopg2

from event_publisher import EventPublisher
from stack.client import eventually

ALONE = "select pg_advisory_xact_lock(hashtext('analytics'), hashtext('figures'))"
WALKED = "select seq_tup_read from pg_stat_user_tables where schemaname = 'catalog' and relname = 'product'"
SMALL, LARGE = 4, 5000          # rows
PLANS_KEPT = 11                 # seconds, and a little


def walked(shop):
    """Rows of the table read by sequential scans; backends report their counts once a second."""
    time.sleep(1.5)
    return shop.value("postgres", WALKED)


def waiting(shop, service, event):
    """The backends that wait for this kind of lock."""
    return [row["pid"] for row in shop.sql("postgres", "select pid from pg_stat_activity where usename = %s and wait_event = %s "
                                           "and datname = current_database()", service, event)]


def test_consumers_that_all_wait_leave_half_of_the_pool_to_requests(open_shop):
    shop = open_shop(services=("analytics",), env={"POOL_SIZE": "4"})
    publisher = EventPublisher(shop)
    with psycopg2.connect(shop.postgres.url("analytics", shop.database)) as held:
        held.cursor().execute(ALONE)
        order = publisher.place()                                                        # three consumers that wait
        publisher.refund(order, 450)
        publisher.stock_moved("MUG", 5, publisher.last)
        eventually(lambda: len(waiting(shop, "analytics", "advisory")) == 2)
        for _ in range(20):
            began = time.monotonic()
            shop.analytics.get("/v1/mends").expect(200)
            assert time.monotonic() - began < 1
            assert len(waiting(shop, "analytics", "advisory")) == 2
            time.sleep(0.1)
    held.close()
    publisher.settle()
    assert shop.value("analytics", "select count(*) from fact_refund") == 1


def test_a_request_does_not_inherit_the_timeouts_of_background_work(open_shop):
    """With a pool of one connection, which relay and deadlines use every second with ten times the lock timeout."""
    shop = open_shop(services=("catalog",), env={"POOL_SIZE": "1"})
    product = shop.workflow.draft({"sku": "LOCKED", "price": 100})
    with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as held:
        held.cursor().execute("select from product where id = %s for update", (product["id"],))
        for _ in range(3):
            began = time.monotonic()
            shop.catalog.post(f"/v1/products/{product['id']}/submit", {}).expect(503)
            assert time.monotonic() - began < 2.5           # lock_timeout is 1 s
    held.close()


def test_a_plan_for_an_empty_table_is_replaced_when_the_table_has_grown(open_shop):
    """Without ANALYZE: PostgreSQL reads the size of a table when it plans, but keeps a prepared plan."""
    shop = open_shop(services=("catalog",), env={"POOL_SIZE": "1"})
    shop.sql("postgres", "alter table catalog.product set (autovacuum_enabled = false)")
    drafts = [shop.workflow.draft({"sku": f"PLAN-{n}", "price": 100}) for n in range(SMALL)]
    shop.postgres.psql(shop.database, "--command", "analyze catalog.product")
    read = lambda: [shop.catalog.get(f"/v1/products/{draft['id']}").expect(200) for draft in drafts]
    read()
    columns = [row["name"] for row in shop.sql("catalog", "select attname as name from pg_attribute where attrelid = 'product'::regclass "
                                               "and attnum > 0 and not attisdropped and attname <> 'id'")]
    shop.sql("catalog", f"insert into product (id, {', '.join(columns)}) select gen_random_uuid(), {', '.join(columns)} "
                        f"from product, generate_series(1, {LARGE // SMALL}) where id = '{drafts[0]['id']}'")
    time.sleep(PLANS_KEPT)
    read()                                              # every session plans with the present sizes

    began = walked(shop)
    for _ in range(5):
        read()
    assert walked(shop) - began < LARGE
