"""Published events, their schemas, /asyncapi.json and the reference agree."""
import os
import subprocess

import event_schemas
from stack import plan
from stack.client import eventually

ROOT = plan.ROOT


def consumers(shop, service):
    names = {consumer["name"] for other in plan.SERVICES for consumer in shop.consumers(other)}
    return {name for name in names if name.startswith(f"{service}-")}


def test_each_service_describes_the_events_it_publishes_and_consumes(shop):
    for service in plan.SERVICES:
        described = getattr(shop, service).get("/asyncapi.json", token="").expect(200)
        types = {type_ for message in described["components"]["messages"].values()
                 for type_ in message["payload"]["properties"]["type"]["enum"]}
        published = {type_ for type_ in event_schemas.schemas(service) if ".import." not in type_}
        assert published <= types, f"{service} does not describe {published - types}"
        described_consumers = {name.removeprefix("receive.") for name, one in described["operations"].items()
                               if one["action"] == "receive"}
        eventually(lambda: described_consumers == consumers(shop, service), 20)     # they are created after the start


def test_the_reference_equals_the_descriptions_of_the_services():
    checked = subprocess.run([ROOT / "tools" / "reference.py", "--check"], env={**os.environ, "BUILD": os.environ.get("BUILD") or "build"},
                             capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr


def test_an_event_with_more_or_fewer_fields_than_its_schema_is_found(shop):
    shop.workflow.publish({"sku": "SAID", "price": 450})
    shop.workflow.book_in("SAID", 1)
    moved, = shop.sql("catalog", "select type, data, private from event where type = 'catalog.stock.moved'")
    assert event_schemas.faults_of("catalog", moved) == []
    data = event_schemas.as_json(moved["data"])
    assert "more" in event_schemas.faults_of("catalog", {**moved, "data": {**data, "more": 1}})[0]
    assert "quantity" in event_schemas.faults_of("catalog", {**moved, "data": {**data, "quantity": "1"}})[0]
    less = {name: value for name, value in data.items() if name != "sku"}
    assert "sku" in event_schemas.faults_of("catalog", {**moved, "data": less})[0]
    assert event_schemas.faults_of("catalog", {**moved, "type": "catalog.stock.lost"})
