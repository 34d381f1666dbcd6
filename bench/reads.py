"""GET of one product and of a list of twenty, against pgbench with the same statement and a bare ulfius."""
import json
import subprocess
import time
import urllib.request
import uuid

from load import Row, compiled, wrk
from stack.process import free_ports

PRODUCTS = 1000
ACTIONS = '{"draft":["submit"],"submitted":["approve","reject"],"approved":["publish"],"published":["delist"]}'
COLUMNS = (f"""concat(left(doc::text, -1), ',"version":', version, ',"allowed_actions":', """
           f"coalesce('{ACTIONS}'::json -> status, '[]'), '}}'), null::text, null::text, version, id::text, false")
# All products in turn on one side, at random on the other: no side may profit from requests for the same product.
ONE = f"\\set n random(1, {PRODUCTS})\nselect {COLUMNS} from product_json where id = lpad(to_hex(:n::int), 32, '0')::uuid;"
LIST = f"select {COLUMNS}, created_at::text from product_json v where true order by v.created_at desc, v.id desc limit 21;"

FILL = """
insert into product (id, title, description, category, status, channels, drafted_by, images, created_at)
select lpad(to_hex(n), 32, '0')::uuid, 'Product ' || n, 'A product as our staff describes it, in a sentence or two.', 'general', 'published',
    '{web}', 'ann', '[{"url":"https://images.example.org/x.jpg","width":1200,"height":1200,"alt":"Front"}]',
    now() - n * interval '1 second'
from generate_series(1, %s) n;
insert into variant (sku, product_id, place, barcode, title, price, cost, currency, weight_g)
select 'SKU-' || row_number() over (order by created_at desc, id), id, 1, 'B' || row_number() over (order by created_at desc, id),
    title, 450, 200, 'GBP', 250
from product;
"""


def fill(environment, products=PRODUCTS):
    environment.shop.sql("catalog", FILL.replace("%s", str(products)))
    environment.postgres.psql(environment.shop.database, "--command", "vacuum analyze")


class Bare:
    """bench/bare.c answering the same bytes."""

    def __init__(self, environment, body):
        self.port, = free_ports(1)
        file = environment.folder / "body"
        file.write_bytes(body)
        binary = compiled(environment, "bare", "-lulfius")
        self.process = subprocess.Popen([str(binary), str(self.port), str(file)])
        time.sleep(0.3)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def body_of(environment, path):
    request = urllib.request.Request(environment.base("catalog") + path, headers={"Authorization": f"Bearer {environment.token()}"})
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def measure(environment, rounds, seconds):
    works = [("GET one product", [f"/v1/products/{uuid.UUID(int=n)}" for n in range(1, PRODUCTS + 1)], ONE, "≥ 0.45 of pgbench at 16"),
             ("GET list of 20", ["/v1/products?limit=20"], LIST, "")]
    rows = []
    for name, paths, sql, wanted in works:
        body = body_of(environment, paths[-1])
        assert json.loads(body)
        for connections in (16, 256):
            rows.append(measure_one(environment, rounds, seconds, Row(f"{name}, {connections} connections", wanted=wanted),
                                    paths, sql, body, connections))
    return rows


def ask(environment, base, connections, seconds):
    return wrk(base, connections, seconds, script="read.lua", env={"PATHS": str(environment.folder / "paths"), "TOKEN": environment.token()})


def measure_one(environment, rounds, seconds, row, paths, sql, body, connections):
    bare = Bare(environment, body)
    (environment.folder / "paths").write_text("".join(f"{path}\n" for path in paths))
    try:
        ask(environment, environment.base("catalog"), connections, 1)
        for _ in range(rounds):
            row.measure(lambda: environment.cpu("catalog"), seconds, lambda: ask(environment, environment.base("catalog"), connections, seconds))
            row.measure_pgbench("pgbench", environment, "catalog", seconds, sql)
            row.ceiling("bare ulfius", ask(environment, f"http://127.0.0.1:{bare.port}", connections, seconds))
    finally:
        bare.stop()
    return row
