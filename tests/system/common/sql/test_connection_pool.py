"""The connections to PostgreSQL: what work in the background leaves for requests, and plans that grow up with the tables."""
import time

import psycopg2

from analytics_news import News
from stack.client import eventually

ALONE = "select pg_advisory_xact_lock(hashtext('analytics'), hashtext('figures'))"
WALKED = "select seq_tup_read from pg_stat_user_tables where schemaname = 'catalog' and relname = 'product'"
SMALL, LARGE = 4, 5000          # rows
PLANS_KEPT = 11                 # seconds, and a little


def walked(shop):
    """Rows of the table that were read by walking through it; a backend tells its counts once a second."""
    time.sleep(1.5)
    return shop.value("postgres", WALKED)


def waiting(shop, service, event):
    """The server's processes that wait for this lock."""
    return [row["pid"] for row in shop.sql("postgres", "select pid from pg_stat_activity where usename = %s and wait_event = %s "
                                           "and datname = current_database()", service, event)]


def test_consumers_that_all_wait_leave_half_of_the_pool_to_requests(open_shop):
    shop = open_shop(services=("analytics",), env={"POOL_SIZE": "4"})
    news = News(shop)
    with psycopg2.connect(shop.postgres.url("analytics", shop.database)) as held:
        held.cursor().execute(ALONE)
        order = news.order()                                                        # orders, refunds, stock: three that wait
        news.refund(order, 450)
        news.move("MUG", 5, news.last)
        eventually(lambda: len(waiting(shop, "analytics", "advisory")) == 2)
        for _ in range(20):
            began = time.monotonic()
            shop.analytics.get("/v1/mends").expect(200)
            assert time.monotonic() - began < 1
            assert len(waiting(shop, "analytics", "advisory")) == 2
            time.sleep(0.1)
    held.close()
    news.heard()
    assert shop.value("analytics", "select count(*) from fact_refund") == 1


def test_a_request_is_not_as_patient_as_the_work_in_the_background_that_had_its_connection(open_shop):
    """With one connection for all: the relay and the deadlines use it every second, and wait for locks ten times as long."""
    shop = open_shop(services=("catalog",), env={"POOL_SIZE": "1"})
    product = shop.workflow.draft({"sku": "LOCKED", "price": 100})
    with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as held:
        held.cursor().execute("select from product where id = %s for update", (product["id"],))
        for _ in range(3):
            began = time.monotonic()
            shop.catalog.post(f"/v1/products/{product['id']}/submit", {}).expect(503)
            assert time.monotonic() - began < 2.5           # lock_timeout is 1 s
    held.close()


def test_a_plan_made_for_an_empty_table_is_not_kept_when_it_has_grown(open_shop):
    """Without anybody's analyze: PostgreSQL reads the size of a table whenever it plans, but keeps a prepared plan."""
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
    read()                                              # every connection now plans for what is there

    began = walked(shop)
    for _ in range(5):
        read()
    assert walked(shop) - began < LARGE
