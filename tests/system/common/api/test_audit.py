"""The audit chain: changes to the event log by SQL are found and located, on every service."""
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
    """A shop with at least four events in every service's log."""
    shop.workflow.publish({"sku": "AUDIT", "price": 450})
    shop.workflow.book_in("AUDIT", 50)
    for number in range(2):
        order = shop.workflow.order([("AUDIT", 1)], paid=True)
        shop.workflow.wait_order(order["id"], status="confirmed")
        shop.workflow.deliver(order["id"])
        shop.support.post("/v1/tickets", {"subject": f"Help {number}", "body": "please", "channel": "mail"}).expect(201)
    shop.settle()
    return shop


def tamper(shop, service, statement):
    """Run SQL as the superuser, without triggers."""
    shop.sql("postgres", f"set session_replication_role = replica; set search_path = {service}; {statement}")


def verify(shop, service, **params):
    return getattr(shop, service).get("/v1/audit/verify", params=params).expect(200)


def head(shop, service):
    return getattr(shop, service).get("/v1/audit/head").expect(200)["head"]


@pytest.fixture
def restored(log):
    """The shop; afterwards its logs are restored."""
    for service in plan.SERVICES:
        log.sql("postgres", f"create table {service}.kept as table {service}.event")
    yield log
    for service in plan.SERVICES:
        tamper(log, service, "delete from event; insert into event overriding system value select * from kept; "
                             "drop table kept")


def services_with_events(shop):
    return [service for service in plan.SERVICES if shop.value(service, "select count(*) from event") >= 4]


@pytest.mark.parametrize("harm", HARM)
def test_changes_of_a_superuser_to_the_log_are_found_and_located(restored, harm):
    statement, place = HARM[harm]
    tried = services_with_events(restored)
    assert len(tried) >= 4
    for service in tried:
        assert verify(restored, service)["intact"]
        tamper(restored, service, statement)
        reported = verify(restored, service)
        assert (reported["intact"], reported["broken_at"]) == (False, place), (service, reported)


def test_a_truncated_log_is_found_with_a_stored_head(restored):
    for service in services_with_events(restored):
        kept = head(restored, service)
        assert verify(restored, service, head=kept)["intact"]
        tamper(restored, service, CUT)
        assert verify(restored, service)["intact"], "the chain alone cannot know"
        reported = verify(restored, service, head=kept)
        assert (reported["intact"], reported["broken_at"]) == (False, 3), (service, reported)


def test_a_truncated_log_that_grew_again_is_found_with_a_stored_head(restored):
    kept = head(restored, "support")
    place = int(kept.split(":")[0])
    tamper(restored, "support", f"delete from event where position = {place}")
    restored.support.post("/v1/tickets", {"subject": "Later", "body": "please", "channel": "mail"}).expect(201)
    eventually(lambda: int(head(restored, "support").split(":")[0]) >= place)
    reported = verify(restored, "support", head=kept)
    assert (reported["intact"], reported["broken_at"]) == (False, place), reported


def test_an_older_head_verifies_and_a_wrong_one_does_not(log):
    service = log.orders
    first = log.sql("orders", "select position, encode(hash, 'hex') as hash from event where position = 2")[0]
    assert verify(log, "orders", head=f"2:{first['hash']}")["intact"]
    reported = verify(log, "orders", head=f"2:{'0' * 64}")
    assert (reported["intact"], reported["broken_at"]) == (False, 2)
    for wrong in ("2", "2:", "x:" + "0" * 64, "2:" + "0" * 63, "2:" + "G" * 64, "-2:" + "0" * 64, "2" * 19 + ":" + "0" * 64):
        assert service.get("/v1/audit/verify", params={"head": wrong}).status == 400, wrong


def test_an_empty_log_has_a_head_too(open_shop):
    shop = open_shop(services=("analytics",))
    assert head(shop, "analytics") == "0:" + "0" * 64
    assert verify(shop, "analytics", head=head(shop, "analytics"))["intact"]
