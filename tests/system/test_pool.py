"""The connections to PostgreSQL: what work in the background leaves for requests, and plans that grow up with the tables."""
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2

import order_news
from analytics_news import News
from stack.client import eventually
from stack.process import may_raise_priorities

ALONE = "select pg_advisory_xact_lock(hashtext('analytics'), hashtext('figures'))"
WALKED = "select seq_tup_read from pg_stat_user_tables where schemaname = 'catalog' and relname = 'product'"
SMALL, LARGE = 4, 5000          # rows
PLANS_KEPT = 11                 # seconds, and a little
FAR = 2000                      # messages


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
            shop.analytics.get("/v1/corrections").expect(200)
            assert time.monotonic() - began < 1
            assert len(waiting(shop, "analytics", "advisory")) == 2
            time.sleep(0.1)
    held.close()
    news.heard()
    assert shop.value("analytics", "select count(*) from fact_refund") == 1


def test_a_request_is_not_as_patient_as_the_work_in_the_background_that_had_its_connection(open_shop):
    """With one connection for all: the relay and the deadlines use it every second, and wait for locks ten times as long."""
    shop = open_shop(services=("catalog",), env={"POOL_SIZE": "1"})
    product = shop.road.draft({"sku": "LOCKED", "price": 100})
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
    drafts = [shop.road.draft({"sku": f"PLAN-{n}", "price": 100}) for n in range(SMALL)]
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


def niceness(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])


def threads(shop, service):
    """Name and nice value of each."""
    tasks = Path(f"/proc/{shop.instances[service][0].process.pid}/task").iterdir()
    return {(task / "comm").read_text().strip(): niceness(task.name) for task in tasks}


def test_who_does_not_hurry_gives_way_with_his_thread_and_his_session_and_others_do_not(open_shop):
    shop = open_shop(services=("catalog", "analytics"))
    draft = shop.road.draft({"sku": "SLOW", "price": 100})
    news = News(shop)
    with psycopg2.connect(shop.postgres.url("analytics", shop.database)) as held, ThreadPoolExecutor(1) as pool:
        held.cursor().execute(ALONE)
        news.order()
        eventually(lambda: waiting(shop, "analytics", "advisory"))
        assert [niceness(pid) for pid in waiting(shop, "analytics", "advisory")] == [10]
        with psycopg2.connect(shop.postgres.url("catalog", shop.database)) as locked:
            locked.cursor().execute("select from product where id = %s for update", (draft["id"],))
            refused = pool.submit(shop.catalog.post, f"/v1/products/{draft['id']}/submit", {})
            eventually(lambda: waiting(shop, "catalog", "transactionid"))
            assert [niceness(pid) for pid in waiting(shop, "catalog", "transactionid")] == [0]
            refused.result().expect(503)
        locked.close()
    held.close()
    eventually(lambda: shop.value("analytics", "select count(*) from fact_order"))
    names = threads(shop, "analytics")
    assert names["deadlines"] == names["schedules"] == 10
    assert names["loop"] == names["relay"] == threads(shop, "catalog")["catalog-orders"] == 0


# A commit that takes as long as somebody holds the lock.
LONG_COMMIT = """
    create function analytics.linger() returns trigger language plpgsql as
        'begin perform pg_advisory_xact_lock(4711); return null; end';
    create constraint trigger linger after insert on analytics.inbox deferrable initially deferred
        for each row execute function analytics.linger()"""


def test_who_gives_way_does_not_while_he_commits(open_shop):
    shop = open_shop(services=("analytics",))
    news = News(shop)
    with psycopg2.connect(shop.postgres.url("analytics", shop.database)) as held:
        held.cursor().execute(LONG_COMMIT)
        held.commit()
        held.cursor().execute("select pg_advisory_xact_lock(4711)")
        news.order()
        eventually(lambda: waiting(shop, "analytics", "advisory"))
        committing = waiting(shop, "analytics", "advisory")
        assert [niceness(pid) for pid in committing] == [0 if may_raise_priorities() else 10]
        held.rollback()
        news.heard()
        eventually(lambda: [niceness(pid) for pid in committing] == [10])
    held.close()


# Whoever learns of the same SKU waits for it.
TAKEN = "insert into price select (jsonb_populate_record(p, jsonb_build_object('sku', %s))).* from price p where sku = 'NEAR'"


def test_who_is_far_behind_gives_way_no_longer_until_he_has_caught_up(open_shop):
    shop = open_shop(services=("orders",))
    news = order_news.News(shop)
    news.product(("NEAR", 100))
    shop.stop("orders")
    for n in range(FAR):
        news.product((f"FAR-{n}", 100), wait=False)
    for sku, nice in (("FAR-0", 0), ("LAST", 10)):
        with psycopg2.connect(shop.postgres.url("orders", shop.database)) as held:
            held.cursor().execute(TAKEN, (sku,))
            if nice:
                news.product((sku, 100), wait=False)
            else:
                shop.start("orders")
            eventually(lambda: waiting(shop, "orders", "transactionid"))
            assert [niceness(pid) for pid in waiting(shop, "orders", "transactionid")] == [nice]
            held.rollback()
        held.close()
        eventually(lambda: shop.value("orders", "select count(*) from price where sku like 'FAR-%%'") == FAR, 30)


def test_without_the_extension_nobody_gives_way_and_all_goes_on(open_shop):
    shop = open_shop(services=("analytics",))
    shop.stop()
    shop.postgres.psql(shop.database, "--command", "drop extension if exists prioritize")
    shop.start("analytics")
    news = News(shop)
    news.order()
    news.heard()
    assert not [line for line in shop.log("analytics") if line["level"] == "error"]
