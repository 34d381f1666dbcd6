"""The audit chain: what a superuser did to the event log with SQL is found and located, on every service."""
import pytest

from stack import plan
from stack.client import eventually

HARM = {
    "an edited row": ("update event set data = '{\"id\": \"forged\"}' where position = 2", 2),
    "an edited actor": ("update event set actor = 'nobody' where position = 3", 3),
    "a deleted row": ("delete from event where position = 2", 2),
    "a deleted first row": ("delete from event where position = 1", 1),
    "two swapped rows": ("update event set position = -position where position in (2, 3);"
                         "update event set position = case position when -2 then 3 else 2 end where position < 0", 2),
    "a forged hash": ("update event set hash = sha256('forged') where position = 3", 3),
}
CUT = "delete from event where position > 2"


@pytest.fixture(scope="module")
def log(shop):
    """At least four events in every service's log."""
    shop.road.publish({"sku": "AUDIT", "price": 450})
    shop.road.book_in("AUDIT", 50)
    for number in range(2):
        order = shop.road.order([("AUDIT", 1)], paid=True)
        shop.road.wait_order(order["id"], status="confirmed")
        shop.road.deliver(order["id"])
        shop.support.post("/v1/tickets", {"subject": f"Help {number}", "body": "please", "channel": "email"}).expect(201)
    shop.settle()
    return shop


def tamper(shop, service, statement):
    """As the superuser, who no trigger stops."""
    shop.sql("postgres", f"set session_replication_role = replica; set search_path = {service}; {statement}")


def verify(shop, service, **params):
    return getattr(shop, service).get("/v1/audit/verify", params=params).expect(200)


def head(shop, service):
    return getattr(shop, service).get("/v1/audit/head").expect(200)["head"]


@pytest.fixture
def restored(log):
    """The logs as they were, after the test did something to them."""
    for service in plan.SERVICES:
        log.sql("postgres", f"create table {service}.kept as table {service}.event")
    yield log
    for service in plan.SERVICES:
        tamper(log, service, "delete from event; insert into event overriding system value select * from kept; "
                             "drop table kept")


def services_with_events(shop):
    return [service for service in plan.SERVICES if shop.value(service, "select count(*) from event") >= 4]


@pytest.mark.parametrize("harm", HARM)
def test_what_a_superuser_does_to_the_log_is_found_and_located(restored, harm):
    statement, place = HARM[harm]
    tried = services_with_events(restored)
    assert len(tried) >= 4
    for service in tried:
        assert verify(restored, service)["intact"]
        tamper(restored, service, statement)
        told = verify(restored, service)
        assert (told["intact"], told["broken_at"]) == (False, place), (service, told)


def test_a_cut_tail_shows_against_a_head_that_was_kept(restored):
    for service in services_with_events(restored):
        kept = head(restored, service)
        assert verify(restored, service, head=kept)["intact"]
        tamper(restored, service, CUT)
        assert verify(restored, service)["intact"], "the chain alone cannot know"
        told = verify(restored, service, head=kept)
        assert (told["intact"], told["broken_at"]) == (False, 3), (service, told)


def test_a_tail_that_was_cut_and_grew_again_shows_against_a_head_that_was_kept(restored):
    kept = head(restored, "support")
    place = int(kept.split(":")[0])
    tamper(restored, "support", f"delete from event where position = {place}")
    restored.support.post("/v1/tickets", {"subject": "Later", "body": "please", "channel": "email"}).expect(201)
    eventually(lambda: int(head(restored, "support").split(":")[0]) >= place)
    told = verify(restored, "support", head=kept)
    assert (told["intact"], told["broken_at"]) == (False, place), told


def test_an_older_head_still_verifies_and_a_wrong_one_does_not(log):
    service = log.orders
    first = log.sql("orders", "select position, encode(hash, 'hex') as hash from event where position = 2")[0]
    assert verify(log, "orders", head=f"2:{first['hash']}")["intact"]
    told = verify(log, "orders", head=f"2:{'0' * 64}")
    assert (told["intact"], told["broken_at"]) == (False, 2)
    for wrong in ("2", "2:", "x:" + "0" * 64, "2:" + "0" * 63, "2:" + "G" * 64, "-2:" + "0" * 64, "2" * 19 + ":" + "0" * 64):
        assert service.get("/v1/audit/verify", params={"head": wrong}).status == 400, wrong


def test_an_empty_log_has_a_head_too(open_shop):
    shop = open_shop(services=("analytics",))
    assert head(shop, "analytics") == "0:" + "0" * 64
    assert verify(shop, "analytics", head=head(shop, "analytics"))["intact"]
