"""Valid and invalid inputs generated from a service's /openapi.json.

Every new route, field and filter is covered by its description.
"""
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

MARK = "zqmarkzq"           # part of every text sent: it may appear in no log
NOBODY = "01900000-0000-7000-8000-000000000000"
ODD_TEXTS = [
    f"{MARK}'; drop table event;--", f"{MARK} 100% %n %s \\ \"", f"{MARK}<script>\r\nX: y", f"{MARK}\u4e0a\u67b6\U0001f600",
    f"{MARK}\u202e\u0301\ufeff", f"{{{MARK}}}", "{}", "[]", "null", "%", "_", "\\", "'", "\x7f", "\u0001", "$1", "-1", "0",
]
ODD_CODES = ["'", "\\", "%", "{}", "NULL", "null", ",", "\"", "$1", "../..", "-1", "\u4e0a", "%00", "\u202e"]
ODD_TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2016-12-31T23:59:60Z", "2012-02-29T23:59:59.999999999Z",
             "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2010-12-01t08:26:00z"]


class Operation:
    def __init__(self, service, path, method, described):
        self.service = service
        self.path = path
        self.method = method.upper()
        self.scope = described.get("x-scope")
        content = described.get("requestBody", {}).get("content", {})
        self.schema = content.get("application/json", {}).get("schema")
        self.query = [each for each in described["parameters"] if each["in"] == "query"]
        self.variables = re.findall(r"{(\w+)}", path)
        self.lists = {"cursor", "sort"} <= {each["name"] for each in self.query}

    @property
    def writes(self):
        return self.method != "GET"

    @property
    def takes_json(self):
        """Whether the body is JSON; a part of an import is any bytes."""
        return self.writes and self.schema is not None

    def at(self, known=None):
        """The path with its variables replaced: by known values, or by values that do not exist."""
        return re.sub(r"{(\w+)}", lambda name: (known or {}).get((self.collection, name[1])) or
                      (NOBODY if name[1] == "id" or name[1].endswith("_id") else "NONE"), self.path)

    @property
    def collection(self):
        return self.path.split("/")[2] if self.path.count("/") > 1 else ""

    def __repr__(self):
        return f"{self.service} {self.method} {self.path}"


def operations(shop, service):
    described = getattr(shop, service).get("/openapi.json", token="").expect(200)
    return [Operation(service, path, method, operation) for path, methods in described["paths"].items()
            for method, operation in methods.items()]


# --- valid ----------------------------------------------------------------------------------------------------

def sample(schema, name="", known=None):
    """A valid value; known: existing values by the field's name."""
    if schema is None:
        return {}
    if name in (known or {}):
        return known[name]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {each: sample(part, each, known) for each, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [sample(schema["items"], name, known) for _ in range(max(1, schema.get("minItems", 0)))]
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return True
    if "format" in schema:
        return {"uuid": str(uuid.uuid4()), "date-time": "2010-12-01T08:26:00Z", "date": "2010-12-01"}[schema["format"]]
    if "A-Z" in schema.get("pattern", ""):
        return "GBP"
    return "x" * max(1, schema.get("minLength", 1))


# --- invalid -----------------------------------------------------------------------------------------------------

def bad_values(schema):
    """Values that a field of this schema must refuse."""
    kind = schema.get("type")
    wrong = {"string": [5, True, [], {}, 1.5], "integer": ["5", 1.5, 1e2, True, [], {}, -0.0], "boolean": ["true", 1, 0, [], {}],
             "object": [MARK, 5, [], True], "array": [MARK, 5, {}, True]}[kind]
    if kind == "integer":
        wrong += [schema[side] + step for side, step in (("minimum", -1), ("maximum", 1))
                  if side in schema and abs(schema[side]) < 2**62]
    if "enum" in schema:
        return wrong + [MARK, schema["enum"][0].upper(), schema["enum"][0] + "|", "|".join(schema["enum"])]
    if kind == "string":
        wrong += bad_texts(schema)
    if kind == "array":
        wrong += [[sample(schema["items"])] * (schema["maxItems"] + 1)] if schema["maxItems"] <= 1000 else []
        wrong += [[]] if schema.get("minItems") else []
    return wrong


def bad_texts(schema):
    form = schema.get("format")
    if form == "uuid":
        return [MARK, "", NOBODY + "0", NOBODY.replace("-", ""), "{" + NOBODY + "}"]
    if form == "date-time":
        return [MARK, "", "2010-12-01", "2010-12-01T08:26:00", "2010-02-30T08:26:00Z", "2010-12-01T24:00:00Z",
                "2010-12-01T-1:00:00Z", "2010-12-01T08:26:00+24:00", "0000-01-01T00:00:00Z", "now", "infinity"]
    if form == "date":
        return [MARK, "", "2010-02-29", "2010-13-01", "2010-1-1", "today"]
    if "A-Z" in schema.get("pattern", ""):
        return [MARK, "", "gbp", "GB", "GBPP"]
    wrong = ["y" * (schema["maxLength"] + 1), "\u4e0a" * (schema["maxLength"] + 1)] if schema["maxLength"] < 50000 else []
    wrong += [""] if schema["minLength"] else []
    return wrong + ([f"a {MARK}", "a\tb", "a\nb"] if "pattern" in schema else [])


def odd_values(schema):
    """Unusual values that fit the schema: nothing may break, whatever the response is."""
    kind = schema.get("type")
    if "enum" in schema or kind == "boolean":
        return schema.get("enum", [True, False, None])
    if kind == "integer":
        return [schema.get("minimum", -2**63), schema.get("maximum", 2**63 - 1), 0 if schema.get("minimum", 0) <= 0 else 1, None]
    if kind == "object" and not schema.get("properties"):
        return [{}, {MARK: {"a": [1, None, 1.5, "x" * 300]}, "": "", "\u4e0a": 2**63 - 1}]
    if kind != "string" or schema.get("format") in ("uuid",):
        return [None]
    if schema.get("format") == "date-time":
        return ODD_TIMES
    if "format" in schema or "A-Z" in schema.get("pattern", ""):
        return ["0001-01-01", "9999-12-31"] if "format" in schema else ["XXX", "ZZZ"]
    some = ODD_CODES if "pattern" in schema else ODD_TEXTS
    return [each for each in some if schema["minLength"] <= len(each) <= schema["maxLength"]] + ["y" * min(schema["maxLength"], 20000)]


def places(schema, pointer=""):
    """(pointer, schema, required) of every field, including nested ones."""
    for name, part in schema.get("properties", {}).items():
        here = f"{pointer}/{name}"
        yield here, part, name in schema.get("required", [])
        yield from places(part, here)
        if part.get("type") == "array" and part["items"].get("type") == "object":
            yield from places(part["items"], f"{here}/0")


REMOVED = object()


def changed(body, pointer, value):
    """A copy of the body with a value replaced at the pointer."""
    name, _, rest = pointer[1:].partition("/")
    key = int(name) if isinstance(body, list) else name
    copy = list(body) if isinstance(body, list) else dict(body)
    if rest:
        copy[key] = changed(copy[key], "/" + rest, value)
    elif value is REMOVED:
        del copy[key]
    else:
        copy[key] = value
    return copy


# --- concurrency -------------------------------------------------------------------------------------------------

def all_of(jobs, threads=8):
    """Run jobs concurrently; all faults they return."""
    with ThreadPoolExecutor(threads) as pool:
        return [fault for fault in pool.map(lambda job: job(), jobs) if fault]
