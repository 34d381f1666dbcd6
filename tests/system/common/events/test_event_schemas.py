"""What the services say is written down: schemas, /asyncapi.json and the reference agree."""
import os
import subprocess

import event_schemas as said
from stack import plan
from stack.client import eventually

ROOT = plan.ROOT


def listening(shop, service):
    names = {consumer["name"] for other in plan.SERVICES for consumer in shop.consumers(other)}
    return {name for name in names if name.startswith(f"{service}-")}


def test_each_service_says_which_events_it_says_and_hears(shop):
    for service in plan.SERVICES:
        described = getattr(shop, service).get("/asyncapi.json", token="").expect(200)
        types = {type_ for message in described["components"]["messages"].values()
                 for type_ in message["payload"]["properties"]["type"]["enum"]}
        written = {type_ for type_ in said.schemas(service) if ".import." not in type_}
        assert written <= types, f"{service} does not tell of {written - types}"
        hears = {name.removeprefix("hear.") for name, one in described["operations"].items() if one["action"] == "receive"}
        eventually(lambda: hears == listening(shop, service), 20)       # it may have begun a moment ago


def test_the_reference_is_as_the_services_describe_themselves():
    checked = subprocess.run([ROOT / "tools" / "reference.py", "--check"], env={**os.environ, "BUILD": os.environ.get("BUILD") or "build"},
                             capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stderr


def test_an_event_that_says_more_or_less_than_its_schema_is_found(shop):
    shop.workflow.publish({"sku": "SAID", "price": 450})
    shop.workflow.book_in("SAID", 1)
    moved, = shop.sql("catalog", "select type, data, private from event where type = 'catalog.stock.moved'")
    assert said.faults_of("catalog", moved) == []
    data = said.as_json(moved["data"])
    assert "more" in said.faults_of("catalog", {**moved, "data": {**data, "more": 1}})[0]
    assert "quantity" in said.faults_of("catalog", {**moved, "data": {**data, "quantity": "1"}})[0]
    less = {name: value for name, value in data.items() if name != "sku"}
    assert "sku" in said.faults_of("catalog", {**moved, "data": less})[0]
    assert said.faults_of("catalog", {**moved, "type": "catalog.stock.lost"})
