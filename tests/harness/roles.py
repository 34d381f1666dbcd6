"""The scopes of each role, as the services have them."""
import re

from stack.plan import ROOT


def granted():
    """{role: its scopes}, read from services/roles.c."""
    rows = re.findall(r'\{\s*"(\w+)",\s*((?:"[^"]*"\s*)+)\}', (ROOT / "services" / "roles.c").read_text())
    table = {name: set(" ".join(re.findall(r'"([^"]*)"', scopes)).split()) for name, scopes in rows}
    assert table["admin"] == {"*"} and "orders:read" in table["customer"] and len(table) > 10
    return table
