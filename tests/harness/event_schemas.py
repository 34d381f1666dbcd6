"""Validates events against their schemas (services/SERVICE/AREA/events/AGGREGATE.json).

Consumers must accept fields that a schema does not have; here they are faults, so that every published field is documented.
"""
import json
from functools import cache
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]
OF_EACH_TYPE = 40
OF_THE_LAST = 20_000
CHOSEN = """
    select type, data, private from (
        select type, data, private, row_number() over (partition by type order by random()) as place
        from (select type, data, private from event order by no desc limit %s) late) shuffled
    where place <= %s"""


def strict(schema):
    """The same schema without additional properties."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(one) for name, one in schema.items()}
    return {**closed, "additionalProperties": False} if "properties" in schema else closed


@cache
def schemas(service):
    """{event type: (validator of its data, validator of its personal data or None)}"""
    found = {}
    for file in [*(ROOT / "services" / service).glob("*/events/*.json"), *(ROOT / "common/import/events").glob("*.json")]:
        schema = json.loads(file.read_text())
        both = [schema.get(part) and jsonschema.Draft202012Validator(
            strict(schema[part]), format_checker=jsonschema.FormatChecker()) for part in ("data", "private")]
        for verb in schema["events"]:
            found[f"{service}.{schema.get('subject', file.stem)}.{verb}"] = both
    return found


def as_json(value):
    return json.loads(value) if isinstance(value, str) else value


def faults_of(service, event):
    if event["type"] not in schemas(service):
        return [f"{event['type']} is in no schema of {service}"]
    found = []
    for part, validator in zip(("data", "private"), schemas(service)[event["type"]]):
        value = as_json(event[part])
        if validator is None or value is None:
            if value is not None:
                found.append(f"{event['type']} has personal data and its schema does not")
            continue
        found += [f"{event['type']}: {part}/{'/'.join(map(str, fault.absolute_path))}: {fault.message[:300]}"
                  for fault in validator.iter_errors(value)]
    return found


def faults(shop):
    """The events of a shop that violate their schemas; each kind of fault once."""
    found = {}
    for service in shop.instances:
        for event in shop.sql(service, CHOSEN, OF_THE_LAST, OF_EACH_TYPE):
            for fault in faults_of(service, event):
                found.setdefault(fault.split(":")[0] + fault.split(":", 2)[-1][:80], fault)
    return list(found.values())
