"""The key pair of a test run, and the tokens made with it."""
import json
from pathlib import Path

import jwt

from stack import keys


class Keyring:
    def __init__(self, folder, build):
        self.folder = Path(folder)
        self.build = build
        self.issued = {}
        keys.make(self.folder, build)

    @property
    def jwks_file(self):
        return self.folder / "jwks.json"

    def token(self, role, sub):
        """A token as backroom-token makes it, one for each role and subject."""
        if (role, sub) not in self.issued:
            self.issued[role, sub] = keys.issue(self.folder, role, sub, 86400, self.build)
        return self.issued[role, sub]

    def forge(self, claims=None, headers=None, key=None, algorithm="ES256", drop=(), role="admin", sub="ann"):
        """A token that differs from an issued one in what is given, for tests of what must be refused."""
        good = self.token(role, sub)
        body = {**jwt.decode(good, options={"verify_signature": False}), **(claims or {})}
        head = {**jwt.get_unverified_header(good), **(headers or {})}
        head.pop("alg", None)
        if key is None and algorithm == "ES256":
            private = json.loads((self.folder / "private.json").read_text())
            private = private["keys"][0] if "keys" in private else private
            key = jwt.algorithms.ECAlgorithm.from_jwk(json.dumps(private))
        return jwt.encode({name: value for name, value in body.items() if name not in drop}, key, algorithm, head)
