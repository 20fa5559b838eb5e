"""Where the portal's own requests go when an address is a `*.localhost` name."""

from __future__ import annotations

import httpx

_LOOPBACK = "127.0.0.1"


def reachable(address: str) -> tuple[httpx.URL, dict[str, str]]:
    """The URL to connect to and the headers that keep the name that was meant.

    Browsers send every `*.localhost` name to the loopback (RFC 6761, 6.3); the system's resolver
    often knows only `localhost` itself. Raises httpx.InvalidURL.
    """
    url = httpx.URL(address)
    if not url.host.endswith(".localhost"):
        return url, {}
    return url.copy_with(host=_LOOPBACK), {"Host": url.netloc.decode("ascii")}
