"""The restore drill: a backup is taken under traffic, everything is deleted, the backup is restored (make drill)."""
import os
import shutil
import time

import pytest

from invariants import Check
from run import FaultShop, settle
from stack import backup
from stack.client import eventually
from stack.plan import SERVICES
from stack.postgres import Postgres, home_below, new_passwords
from stack.process import Failed, free_ports
from traffic import Traffic


@pytest.fixture
def own_shop(run_folder, keyring):
    """A shop with its own PostgreSQL, which the test deletes."""
    folder = run_folder / f"drill-{time.time_ns()}"
    folder.mkdir()
    home = home_below(folder)
    server = Postgres(home, free_ports(1)[0], new_passwords(), run_folder / "postgres-drill.log", dies_with_us=True)
    server.start()
    server.template = "shop_template"
    server.create_database(server.template)
    shop = FaultShop(server, keyring, folder / "shop", build=os.environ.get("BUILD") or "build").begin()
    yield shop
    shop.abandon()
    server.kill9()
    shutil.rmtree(home, ignore_errors=True)


def delete_everything(shop):
    shop.kill()
    shop.nats.kill9()
    shop.nats.wipe()
    shop.postgres.kill9()
    shutil.rmtree(shop.postgres.data)


def test_a_backup_taken_under_traffic_is_restored_and_the_services_continue(own_shop, chance):
    shop, folder = own_shop, own_shop.folder / "backup"
    with Traffic(shop, chance).open_shop() as traffic:
        time.sleep(3)
        eventually(lambda: traffic.counts()["ok"] > 60, 60)
        before = [step for step in traffic.steps if step.outcome == "ok"]
        began = time.monotonic()
        manifest = backup.take(shop.postgres, folder, [shop.keys.jwks_file], shop.database)
        took = time.monotonic() - began
        seen = len(before)
        eventually(lambda: traffic.counts()["ok"] > seen + 20, 60)
    after = [step for step in traffic.steps if step.outcome == "ok"]
    assert len(before) > 50 and len(after) > len(before), "there was no traffic"
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir() if path.name != backup.MANIFEST} == {0}

    delete_everything(shop)
    began = time.monotonic()
    shop.postgres.start()
    backup.put_back(shop.postgres, folder, shop.database)
    shop.nats.start()
    shop.start()
    assert not any(shop.metric(service, "backroom_stream_ahead") for service in SERVICES)
    assert settle(shop) is None
    print(f"backup {took:.1f} s of {len(before)} steps, restored and settled after {time.monotonic() - began:.1f} s")

    traffic.steps = before                          # later steps are lost, as expected
    verdicts = Check(shop, traffic).verdicts()
    responses = verdicts.pop("I7")
    assert responses is None or "is there" not in responses, responses
    wrong = {which: what for which, what in verdicts.items() if what}
    assert not wrong, wrong
    for service in SERVICES:
        count = shop.value(service, "select count(*) from event")
        stream = shop.nats.request(f"$JS.API.STREAM.INFO.{service.upper()}")["state"]
        assert count == stream["messages"] > 0 or (count == 0 and service == "analytics"), (service, count, stream)
        if manifest["heads"][service]:
            verdict = shop.clients[service].get("/v1/audit/verify", params={"head": manifest["heads"][service]}).expect(200)
            assert verdict["intact"], verdict
    order = shop.workflow.order([("MUG", 1)])           # the services continue
    shop.workflow.wait_order(order["id"], 30, status="confirmed")
    eventually(lambda: shop.analytics.get("/v1/dead-letters").json["data"] == [])
    shop.settle(60)
    shop.end()


def test_a_database_restored_beside_a_newer_stream_raises_an_alarm(own_shop, chance):
    shop, folder = own_shop, own_shop.folder / "older"
    backup.take(shop.postgres, folder, database=shop.database)
    shop.workflow.publish({"sku": "LATER", "price": 450})
    shop.settle()
    shop.stop()
    backup.put_back(shop.postgres, folder, shop.database)
    shop.start()
    eventually(lambda: shop.metric("catalog", "backroom_relay_leader") == 1, 30)
    eventually(lambda: shop.metric("catalog", "backroom_stream_ahead") == 1, 30)
    shop.stop()                                     # as in the runbook
    shop.nats.stop()
    shop.nats.wipe()
    shop.nats.start()
    shop.start()
    shop.workflow.publish({"sku": "AGAIN", "price": 450})
    shop.settle(30)
    assert shop.orders.get("/v1/prices/AGAIN").status == 200
    assert shop.metric("catalog", "backroom_stream_ahead") == 0
    shop.end()


def test_an_incomplete_backup_is_refused_before_anything_is_deleted(own_shop):
    folder = own_shop.folder / "broken"
    backup.take(own_shop.postgres, folder, database=own_shop.database)
    with open(folder / backup.DUMP, "r+b") as file:
        file.seek(1000)
        file.write(b"broken")
    with pytest.raises(Failed, match="not what was written"):
        backup.put_back(own_shop.postgres, folder, own_shop.database)
    assert own_shop.catalog.get("/v1/products").status == 200
    (folder / backup.MANIFEST).unlink()
    with pytest.raises(Failed, match="not a backup"):
        backup.read(folder)
