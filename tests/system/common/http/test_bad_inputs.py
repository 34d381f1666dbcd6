"""Invalid inputs generated from each service's OpenAPI description: every route, field, filter and role.

The status is the expected one, the problem names the field, the database is unchanged, and no log has the input.
"""
import functools
import json
import time

import pytest

from inputs import (MARK, NOBODY, ODD_TEXTS, ODD_TIMES, REMOVED, all_of, bad_values, changed, odd_values, operations, places,
                    sample)
from roles import granted
from stack import plan

SERVER_FIELDS = {"id": NOBODY, "status": "shipped", "version": 7, "created_at": "2010-12-01T00:00:00Z", "role": "admin", "customer_id": NOBODY}
IGNORED_TABLES = {"idempotency", "schedule_slot"}           # may change without an error
SHOP = {"env": {"AUTH_FAILURES": "1000000"}}
every_service = pytest.mark.parametrize("service", plan.SERVICES)


@pytest.fixture(scope="module")
def populated(shop):
    """A shop with one item in every collection."""
    shop.workflow.publish({"sku": "BAD-1", "price": 450})
    shop.workflow.book_in("BAD-1", 20)
    for _ in range(2):
        order = shop.workflow.order([("BAD-1", 1)])
        shop.workflow.wait_order(order["id"], status="confirmed")
        shipment = shop.workflow.deliver(order["id"])
    shop.orders.post(f"/v1/orders/{order['id']}/refunds", {"amount": 1, "reason": "x"}).expect(201)
    shop.orders.put("/v1/channels/web", {"kind": "own"}).expect(200)
    shop.support.post("/v1/tickets", {"subject": "x", "body": "y", "order_id": order["id"]}).expect(201)
    shop.catalog.post("/v1/products", {"title": "a draft"}).expect(201)
    shop.settle()
    populated = World(shop, {"sku": "BAD-1", "barcode": shipment["lines"][0]["barcode"], "warehouse": "main", "order_id": order["id"],
                         "shipment_id": shipment["id"], "currency": "GBP", "carrier": shipment["carrier"],
                         "tracking_number": shipment["tracking_number"]})
    yield populated
    reported = [each.name for each in shop.chosen() if MARK in each.log.read_text(errors="replace")]
    assert not reported, f"what clients sent stands in the logs of {reported}"


class World:
    def __init__(self, shop, values):
        self.shop = shop
        self.values = values
        self.operations = {service: operations(shop, service) for service in plan.SERVICES}
        self.known = {service: self.there_is(service) for service in plan.SERVICES}

    def there_is(self, service):
        """A key of each non-empty collection."""
        found = {}
        for each in self.operations[service]:
            collection, variable = each.collection, each.variables[0] if each.variables else None
            if each.method == "GET" and variable and each.path == f"/v1/{collection}/{{{variable}}}":
                page = getattr(self.shop, service).get(f"/v1/{collection}", params={"limit": 1})
                if page.status == 200 and page.json["data"]:
                    found[collection, variable] = str(page.json["data"][0][variable])
                    if variable == "id":
                        found[collection, collection[:-1] + "_id"] = found[collection, variable]
        return found

    def ask(self, each, path=None, **options):
        """Retry a few times while the service is busy, as a client does."""
        for _ in range(4):
            answer = getattr(self.shop, each.service).request(each.method, path or each.at(self.known[each.service]), **options)
            if answer.status != 503:
                break
            time.sleep(0.5)
        return answer

    def state(self, service):
        """A checksum of every table, in one statement."""
        tables = [row["relname"] for row in self.shop.sql(
            service, "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'")]
        one = "select '{0}' as name, count(*) || md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) as sum from {0} t"
        return self.shop.sql(service, " union all ".join(one.format(table) for table in sorted(set(tables) - IGNORED_TABLES)) + " order by 1")


@pytest.fixture(autouse=True)
def nothing_changes(populated, request):
    """Check that the database is unchanged and no event was added."""
    service = request.node.callspec.params["service"] if hasattr(request.node, "callspec") else "orders"
    before = populated.state(service)
    yield
    assert populated.state(service) == before


def none_of(faults):
    if faults:
        pytest.fail(f"{len(faults)}:\n" + "\n".join(str(fault)[:600] for fault in faults[:20]), pytrace=False)


def refuses(populated, each, wanted, code=None, pointer=None, note="", path=None, **options):
    """A job: None when the request is refused as expected, else what happened."""
    def job():
        answer = populated.ask(each, path, **options)
        named = pointer is None or pointer in answer.pointers
        if answer.status != wanted or (code and answer.code != code) or not named:
            return f"{each} {note} wanted {wanted} {code} {pointer}: {answer}"
        if MARK in answer.text and answer.code not in ("body.invalid", "query.invalid"):
            return f"{each} {note} tells what was sent: {answer}"
    return job


# --- bodies ---------------------------------------------------------------------------------------------------------

@every_service
def test_every_field_refuses_invalid_values_and_is_named_in_the_error(populated, service):
    jobs = []
    for each in filter(lambda each: each.takes_json, populated.operations[service]):
        good = sample(each.schema, known=populated.values)
        for pointer, schema, required in places(each.schema):
            wrong = [REMOVED, None] if required else []
            for value in bad_values(schema) + wrong:
                body = changed(good, pointer, value)
                at = pointer if not isinstance(value, list) or len(value) != 1 else None
                jobs.append(refuses(populated, each, 422, "body.invalid", at, f"{pointer} = {str(value)[:40]}", json=body))
    assert jobs or not any(each.takes_json and each.schema.get("properties") for each in populated.operations[service])
    none_of(all_of(jobs))


@every_service
def test_fields_owned_by_the_server_are_refused(populated, service):
    jobs = []
    for each in filter(lambda each: each.takes_json, populated.operations[service]):
        good = sample(each.schema, known=populated.values)
        for name in set(SERVER_FIELDS) - set(each.schema.get("properties", {})):
            jobs.append(refuses(populated, each, 422, "body.invalid", f"/{name}", name, json={**good, name: SERVER_FIELDS[name]}))
        for pointer, schema, _ in places(each.schema):
            if schema.get("properties") and "unheard" not in schema["properties"]:
                jobs.append(refuses(populated, each, 422, "body.invalid", f"{pointer}/unheard", pointer,
                                    json=changed(good, f"{pointer}/unheard", 1)))
    none_of(all_of(jobs))


MALFORMED = [
    b"{", b"[]", b"5", b'"x"', b"null", b"{}{}", b"{} x", b"\xef\xbb\xbf{}", b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b'{"a\\u0000":1}',
    b'{"a":"\xff"}', b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}', b'{"a":"\x00"}', b'{"a":1e400}',
    b'{"a":9223372036854775808}', b'{"a":NaN}', b'{"a":+1}', b'{"a":01}', b"{'a':1}", b'{"a":' + b"[" * 33 + b"]" * 33 + b"}",
    b'{"a":' + b"[" * 100000, b'{"a":[' + b"0," * 10001 + b"0]}",
]


@every_service
def test_a_body_that_is_not_a_json_object_is_refused_everywhere(populated, service):
    jobs = []
    for each in filter(lambda each: each.takes_json, populated.operations[service]):
        jobs += [refuses(populated, each, 400, "body.malformed", note=str(body[:40]), body=body) for body in MALFORMED]
        jobs += [refuses(populated, each, 400, "body.malformed", note="empty", body=b"")] if each.schema["properties"] else []
        jobs.append(refuses(populated, each, 413, "body.too_large", body=b'{"a":"' + b"a" * 262144 + b'"}'))
        for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
                     "application/json; charset=utf-16", "application/jsonx"):
            jobs.append(refuses(populated, each, 415, "body.type", note=kind, json={}, headers={"Content-Type": kind}))
        jobs.append(refuses(populated, each, 415, "body.encoding", json={}, headers={"Content-Encoding": "gzip"}))
    none_of(all_of(jobs))


# --- paths, queries, headers ----------------------------------------------------------------------------------------

@every_service
def test_a_post_without_a_valid_key_has_no_effect(populated, service):
    jobs = []
    for each in populated.operations[service]:
        if each.method != "POST" or not each.scope:
            continue
        good = sample(each.schema, known=populated.values)
        for key in (None, "a b", "x" * 256, "a,b", "a%00", MARK + "'"):
            jobs.append(refuses(populated, each, 400, note=f"key {key}", json=good, key=None, headers={"Idempotency-Key": key}))
        for key in ("\u00e9".encode(), b'""'):
            jobs.append(refuses(populated, each, 400, "idempotency.key_invalid", note=f"key {key}", json=good, key=None,
                                headers={"Idempotency-Key": key}))
    none_of(all_of(jobs))


@every_service
def test_an_invalid_target_is_refused(populated, service):
    jobs = []
    for each in populated.operations[service]:
        here = each.at(populated.known[service])
        body = {"json": sample(each.schema, known=populated.values)} if each.writes else {}
        for query in ("a=%00", "a=%ff", "a=%", "a=%zz", "a=1&a=2", "&".join(f"p{n}=1" for n in range(30))):
            jobs.append(refuses(populated, each, 400, "request.target", note=query, path=f"{here}?{query}", **body))
        jobs.append(refuses(populated, each, 400, "request.target", path=f"{here}?{'x' * 8200}", **body))
        jobs.append(refuses(populated, each, 400, "query.invalid", "?unheard", path=f"{here}?unheard=1", **body))
        for tail, status in (("/", 404), ("//", 404), ("//..", 404), ("/%00", 400), ("/a%2fb", 400), ("/%ff", 400)):
            jobs.append(refuses(populated, each, status, note=tail, path=here + tail, **body))
        for name in filter(lambda name: name == "id" or name.endswith("_id"), each.variables):
            for wrong in ("5", NOBODY + "0", NOBODY.replace("-", ""), f"{NOBODY}%20", MARK, "x" * 4000, "%27%3b--"):
                path = each.path.replace("{" + name + "}", wrong)
                jobs.append(refuses(populated, each, 404, "resource.not_found", note=wrong[:50], path=path, **body))
    none_of(all_of(jobs))


def odd_query(schema):
    if schema.get("format") == "date-time":
        return ODD_TIMES
    if schema.get("type") == "integer":
        return [schema.get("minimum", -10**17), schema.get("maximum", 10**17), 2**31, -2**31 - 1, 2**63 - 1, 0]
    return schema.get("enum", []) + ["true", NOBODY, "2010-12-01", ""] + ODD_TEXTS + ["y" * 2000]


@every_service
def test_every_filter_works_or_is_refused_by_name(populated, service):
    def job(each, name, value):
        needed = {one["name"]: sample(one["schema"]) for one in each.query if one["required"]}
        answer = populated.ask(each, params={**needed, name: value})
        named = {f"?{name}"} | {f"?{other}" for other in needed}
        good = answer.status in (200, 404) or (answer.status == 400 and named & set(answer.pointers))
        return None if good else f"{each} {name}={str(value)[:60]!r}: {answer}"
    jobs = []
    for each in filter(lambda each: not each.writes and each.query, populated.operations[service]):
        for parameter in each.query:
            jobs += [functools.partial(job, each, parameter["name"], value) for value in odd_query(parameter["schema"])]
        jobs += [refuses(populated, each, 400, "query.invalid", "?limit", path=f"{each.at(populated.known[service])}?limit={limit}")
                 for limit in ("0", "-1", "251", "x", "1e2", "", "99999999999999999999") if each.lists]
    none_of(all_of(jobs))


@every_service
def test_a_cursor_works_only_in_its_own_list(populated, service):
    lists = [each for each in populated.operations[service] if each.lists]
    cursors = {}
    for each in lists:
        page = populated.ask(each, params={"limit": 1})
        if page.status == 200 and page.json["next_cursor"]:
            cursors[each] = page.json["next_cursor"]
    assert cursors or service == "analytics"
    jobs = [refuses(populated, other, 400, "query.invalid", "?cursor", f"the cursor of {each}",
                    path=f"{other.at(populated.known[service])}?cursor={cursor}")
            for each, cursor in cursors.items() for other in lists if other is not each]
    jobs += [refuses(populated, each, 400, "query.invalid", "?cursor", path=f"{each.at(populated.known[service])}?cursor={wrong}")
             for each, cursor in cursors.items() for wrong in ("x", cursor[:-1], cursor + "A", cursor.swapcase(), "", "A" * 4000)]
    none_of(all_of(jobs))


@every_service
def test_every_path_accepts_its_methods_and_no_others(populated, service):
    jobs = []
    for path in {each.path for each in populated.operations[service]}:
        here = [each for each in populated.operations[service] if each.path == path]
        for method in {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} - {each.method for each in here}:
            jobs.append(functools.partial(wrong_method, populated, here, method))
    none_of(all_of(jobs))


def wrong_method(populated, here, method):
    answer = getattr(populated.shop, here[0].service).request(method, here[0].at(), headers={"X-HTTP-Method-Override": "GET"})
    if (answer.status, answer.code) != (405, "route.method") or not set(answer.headers["Allow"].split(", ")) >= {each.method for each in here}:
        return f"{method} {here[0].path}: {answer} {answer.headers.get('Allow')}"


# --- unusual valid values -------------------------------------------------------------------------------------

@every_service
def test_unusual_valid_values_break_nothing(populated, service):
    """With dry_run: whatever the response is, it is not an internal error."""
    def job(each, pointer, body):
        answer = populated.ask(each, each.at(populated.known[service]) + "?dry_run=1", json=body)
        return None if answer.status < 500 else f"{each} {pointer} {json.dumps(body)[:300]}: {answer}"
    jobs = []
    for each in filter(lambda each: each.takes_json, populated.operations[service]):
        good = sample(each.schema, known=populated.values)
        jobs.append(functools.partial(job, each, "", good))
        for pointer, schema, _ in places(each.schema):
            jobs += [functools.partial(job, each, pointer, changed(good, pointer, value)) for value in odd_values(schema)]
    none_of(all_of(jobs))


# --- authorization ------------------------------------------------------------------------------------------------------------

def invalid_tokens(keys):
    """Invalid tokens."""
    yield "none", "", 401
    for note, forged in {
        "expired": {"claims": {"exp": 1}}, "not yet": {"claims": {"nbf": 4000000000}}, "elsewhere": {"claims": {"aud": "other"}},
        "other issuer": {"claims": {"iss": "other"}}, "unsigned": {"algorithm": "none", "key": ""},
        "hmac": {"algorithm": "HS256", "key": "secret"}, "unknown key": {"headers": {"kid": "nobody"}},
        "own key": {"headers": {"jku": "http://127.0.0.1:1/x", "kid": "evil"}},
    }.items():
        yield note, keys.forge(**forged), 401
    good = keys.token("admin", "ann")
    yield "other signature", good[:-8] + ("A" * 8 if not good.endswith("A" * 8) else "B" * 8), 401
    yield "no such role", keys.forge(claims={"role": "superadmin"}), 403


@every_service
def test_invalid_tokens_are_refused_on_every_route(populated, service):
    jobs = []
    for each in filter(lambda each: each.scope is not None, populated.operations[service]):
        body = {"json": {"unheard": 1}} if each.writes else {}
        for note, token, status in invalid_tokens(populated.shop.keys):
            headers = {} if token else {"Authorization": None}
            jobs.append(refuses(populated, each, status, note=note, token=token, headers=headers, **body))
        for header in ("Basic YW5uOmFubg==", "Bearer", "Bearer  x", MARK):
            jobs.append(refuses(populated, each, 401, note=header, token="", headers={"Authorization": header}, **body))
    none_of(all_of(jobs))


@every_service
def test_each_role_may_use_exactly_the_routes_of_its_scopes(populated, service):
    """A body that no route accepts shows who is authorized: 422 for those roles, 403 for the others."""
    def job(each, role, may):
        body = {"json": {"unheard": 1}} if each.writes else {}
        answer = populated.ask(each, role=role, sub="somebody", **body)
        ours = {403} if not may else {422} if each.takes_json else {400, 404, 415} if each.writes else {200, 400, 403, 404} if role == "customer" else {200, 400, 404}
        return None if answer.status in ours else f"{role}: {each} wanted {ours}: {answer}"
    table = granted()
    jobs = []
    for each in filter(lambda each: each.scope is not None, populated.operations[service]):
        for role, scopes in table.items():
            may = "*" in scopes or not each.scope or each.scope in scopes
            jobs.append(functools.partial(job, each, role, may))
    none_of(all_of(jobs))


@every_service
def test_a_customer_cannot_detect_the_data_of_another_customer(populated, service):
    def job(each):
        there, not_there = populated.ask(each, role="customer", sub="c-foreign"), populated.ask(each, each.at(), role="customer", sub="c-foreign")
        if there.status not in (403, 404) or strip(there) != strip(not_there):
            return f"{each}: {there}, and where nothing is: {not_there}"
    jobs = [functools.partial(job, each) for each in populated.operations[service]
            if not each.writes and each.scope and each.variables and "products" not in each.path]
    none_of(all_of(jobs))


def strip(answer):
    return {**answer.json, "trace_id": None}


def test_a_customer_s_list_has_only_their_own_items(populated):
    mine = populated.shop.orders.get(f"/v1/orders/{populated.values['order_id']}").json["customer_ref"]
    seen = populated.shop.orders.get("/v1/orders", role="customer", sub=mine).expect(200)["data"]
    assert seen and {each["customer_ref"] for each in seen} == {mine}
    assert populated.shop.orders.get("/v1/orders", role="customer", sub="c-foreign").expect(200)["data"] == []
    assert populated.shop.orders.get("/v1/orders", params={"customer_ref": mine}, role="customer", sub="c-foreign").json["data"] == []
