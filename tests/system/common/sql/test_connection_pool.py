"""The connection pool: what background work leaves to requests, and plans that follow the size of tables."""
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2

from event_publisher import EventPublisher
from stack.client import eventually
from stack.process import may_raise_priorities

ALONE = "select pg_advisory_xact_lock(hashtext('analytics'), hashtext('figures'))"
WALKED = "select seq_tup_read from pg_stat_user_tables where schemaname = 'catalog' and relname = 'product'"
SMALL, LARGE = 4, 5000          # rows
PLANS_KEPT = 11                 # seconds, and a little
FAR = 2000                      # messages


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


def niceness(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])


def threads(shop, service):
    """Name and nice value of each."""
    tasks = Path(f"/proc/{shop.instances[service][0].process.pid}/task").iterdir()
    return {(task / "comm").read_text().strip(): niceness(task.name) for task in tasks}


def test_background_work_runs_at_lower_priority_with_its_thread_and_session(open_shop):
    shop = open_shop(services=("catalog", "analytics"))
    draft = shop.workflow.draft({"sku": "SLOW", "price": 100})
    publisher = EventPublisher(shop)
    with psycopg2.connect(shop.postgres.url("analytics", shop.database)) as held, ThreadPoolExecutor(1) as pool:
        held.cursor().execute(ALONE)
        publisher.place()
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


def test_background_work_commits_at_normal_priority(open_shop):
    shop = open_shop(services=("analytics",))
    publisher = EventPublisher(shop)
    with psycopg2.connect(shop.postgres.url("analytics", shop.database)) as held:
        held.cursor().execute(LONG_COMMIT)
        held.commit()
        held.cursor().execute("select pg_advisory_xact_lock(4711)")
        publisher.place()
        eventually(lambda: waiting(shop, "analytics", "advisory"))
        committing = waiting(shop, "analytics", "advisory")
        assert [niceness(pid) for pid in committing] == [0 if may_raise_priorities() else 10]
        held.rollback()
        publisher.settle()
        eventually(lambda: [niceness(pid) for pid in committing] == [10])
    held.close()


# Whoever learns of the same SKU waits for it.
TAKEN = "insert into price select (jsonb_populate_record(p, jsonb_build_object('sku', %s))).* from price p where sku = 'NEAR'"


def test_a_consumer_far_behind_runs_at_normal_priority_until_it_has_caught_up(open_shop):
    shop = open_shop(services=("orders",))
    publisher = EventPublisher(shop)
    publisher.product(("NEAR", 100))
    shop.stop("orders")
    for n in range(FAR):
        publisher.product((f"FAR-{n}", 100), wait=False)
    for sku, nice in (("FAR-0", 0), ("LAST", 10)):
        with psycopg2.connect(shop.postgres.url("orders", shop.database)) as held:
            held.cursor().execute(TAKEN, (sku,))
            if nice:
                publisher.product((sku, 100), wait=False)
            else:
                shop.start("orders")
            eventually(lambda: waiting(shop, "orders", "transactionid"))
            assert [niceness(pid) for pid in waiting(shop, "orders", "transactionid")] == [nice]
            held.rollback()
        held.close()
        eventually(lambda: shop.value("orders", "select count(*) from price where sku like 'FAR-%%'") == FAR, 30)


def test_without_the_extension_all_work_runs_at_normal_priority(open_shop):
    shop = open_shop(services=("analytics",))
    shop.stop()
    shop.postgres.psql(shop.database, "--command", "drop extension if exists prioritize")
    shop.start("analytics")
    publisher = EventPublisher(shop)
    publisher.place()
    publisher.settle()
    assert not [line for line in shop.log("analytics") if line["level"] == "error"]
