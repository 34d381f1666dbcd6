"""Requests sent at a given rate whether responses come or not: bench/open_loop.c with the requests of a mix."""
import json
import subprocess

from load import compiled

NAMES = ("second", "sent", "good", "late", "refused", "no_retry_after", "other", "unsent", "good_p50", "good_p99", "refused_p50",
         "refused_p99")
MIXES = {"mixed": ("read", "read", "list", "order"), "reads": ("read",), "orders": ("order",)}


class OpenLoop:
    """bench/open_loop.c with the requests of a mix."""

    def __init__(self, environment, mix):
        self.environment = environment
        self.port = environment.instance("orders").port
        self.binary = compiled(environment, "open_loop", "-D_GNU_SOURCE")
        one = environment.shop.orders.post("/v1/orders", order(environment.shop, "first")).expect(200, 201)["id"]
        self.files = [self.write(f"{n}-{name}", getattr(self, name)(one)) for n, name in enumerate(mix)]

    def write(self, name, text):
        path = self.environment.folder / name
        path.write_bytes(text.encode())
        return str(path)

    def head(self, line):
        return f"{line} HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer {self.environment.token()}\r\n"

    def read(self, one):
        return self.head(f"GET /v1/orders/{one}") + "\r\n"

    def list(self, one):
        return self.head("GET /v1/orders?limit=5") + "\r\n"

    def order(self, one):
        body = json.dumps(order(self.environment.shop, "@" * 16))
        return (self.head("POST /v1/orders") + "Content-Type: application/json\r\nIdempotency-Key: " + "@" * 16 +
                f"\r\nContent-Length: {len(body)}\r\n\r\n{body}")

    def run(self, how, much, seconds):
        done = subprocess.run([str(self.binary), str(self.port), how, str(much), str(seconds), *self.files], check=True,
                              capture_output=True, text=True, timeout=seconds + 60)
        if done.stderr:
            print(done.stderr[:500])
        return [dict(zip(NAMES, map(float, line.split()))) for line in done.stdout.splitlines()]


def order(shop, ref):
    person = {"name": "Robin Ash", "phone": "+441134960000"}
    return {"channel": "web", "channel_ref": ref, "currency": "GBP",
            "customer": {"ref": f"c-{ref}", **person, "email": "robin@example.org"},
            "ship_to": {**person, "country": "GB", "region": "", "city": "Leeds", "street": "1 High Street", "postcode": "LS1 4DY"},
            "lines": [{"sku": f"BENCH-{n}", "quantity": 1} for n in (1, 2)]}
