"""Who may register and call: digest authentication (RFC 3261, section 22) by MD5, as browsers do.

A nonce carries its own time and seal, so that nothing has to be remembered of those given out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Literal

from sipmessage import AuthChallenge, AuthParameters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sipmessage import AuthCredentials

    from backend.kit.clock import Clock

REALM = "asterisk"
"""What Asterisk calls itself unless told otherwise."""
Verdict = Literal["good", "bad", "stale"]


class Digest:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(16)

    def challenge(self, auth: Mapping[str, str], *, stale: bool = False) -> AuthChallenge:
        parameters = {
            "realm": auth.get("realm") or REALM,
            "nonce": self._nonce(int(self._clock.monotonic())),
            "algorithm": "MD5",
            "qop": "auth",
        }
        if stale:
            parameters["stale"] = "true"
        return AuthChallenge("Digest", AuthParameters(**parameters))

    def check(
        self, auth: Mapping[str, str], method: str, credentials: AuthCredentials | None
    ) -> Verdict:
        """Against one `auth` object. `stale`: the password is right, the nonce is old."""
        given = credentials.parameters if credentials is not None else None
        if given is None or credentials is None or credentials.scheme.lower() != "digest":
            return "bad"
        realm = auth.get("realm") or REALM
        if given.get("username") != auth["username"] or given.get("realm") != realm:
            return "bad"
        nonce = given.get("nonce", "")
        issued = nonce.partition("/")[0]
        if not issued.isdigit() or not hmac.compare_digest(nonce, self._nonce(int(issued))):
            return "bad"
        first = auth.get("md5_cred") or _md5(f"{auth['username']}:{realm}:{auth['password']}")
        second = _md5(f"{method}:{given.get('uri', '')}")
        middle = nonce
        if given.get("qop"):
            middle = f"{nonce}:{given.get('nc', '')}:{given.get('cnonce', '')}:{given['qop']}"
        expected = _md5(f"{first}:{middle}:{second}")
        if not hmac.compare_digest(expected, given.get("response", "").lower()):
            return "bad"
        life_s = int(auth.get("nonce_lifetime") or 32)
        return "stale" if self._clock.monotonic() - int(issued) > life_s else "good"

    def _nonce(self, issued: int) -> str:
        seal = hmac.new(self._secret, str(issued).encode(), hashlib.sha256).hexdigest()[:32]
        return f"{issued}/{seal}"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
