"""SIP over WebSocket (RFC 7118): registrar and calls of the lines that live in browsers.

What it stands on is optional: `missing` says what to install, and nothing else of this package may
be imported while it says so.
"""

from __future__ import annotations

from importlib.util import find_spec

_NEEDED = {
    "aioice": "aioice",
    "OpenSSL": "pyopenssl",
    "pylibsrtp": "pylibsrtp",
    "sipmessage": "sipmessage",
}


def absent() -> list[str]:
    """The distributions voice lacks here; none when it works."""
    return [name for module, name in _NEEDED.items() if find_spec(module) is None]


def missing() -> str | None:
    """A sentence about what voice lacks here; None when it works."""
    lacking = absent()
    if not lacking:
        return None
    return f"browsers have no voice here: install dozvon[voice] ({', '.join(lacking)} missing)"
