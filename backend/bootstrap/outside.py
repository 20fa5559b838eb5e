"""Whether browsers reach us: the way from the public address, through the proxy, and back.

For `dozvon doctor`. Each finding names the one thing that is to be changed.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx
import websockets

from backend.bootstrap.findings import Finding
from backend.settings import Settings

ASK_TIMEOUT_S = 5.0
SKEW_S = 60
"""A CRM's tokens carry times; a clock further off refuses good ones."""


async def outside(
    http: httpx.AsyncClient, settings: Settings, answer: Callable[[str], str]
) -> list[Finding]:
    """The public address as a browser meets it. `answer` is what our key says to a nonce."""
    url, nonce = settings.base_url, secrets.token_hex(16)
    try:
        reply = await http.get(f"{url}/health/live", params={"nonce": nonce}, timeout=ASK_TIMEOUT_S)
    except httpx.HTTPError as error:
        return [_unreachable(url, error)]
    if reply.headers.get("Dozvon-Answer") != answer(nonce):
        return [
            Finding(
                False,
                f"{url} is answered ({reply.status_code}), but not by this installation. Does the "
                "proxy pass requests to DOZVON_HOST and DOZVON_PORT, and have all processes the "
                "same DOZVON_SECRET_KEYS?",
            )
        ]
    findings = [Finding(True, f"{url} leads to this installation.")]
    if urlsplit(url).scheme == "https" and reply.headers.get("Dozvon-Scheme") != "https":
        findings.append(
            Finding(
                False,
                f"The proxy at {url} is not believed: requests seem to come from "
                f"{reply.headers.get('Dozvon-Seen') or 'nowhere'}. Name that address in "
                "DOZVON_TRUSTED_PROXIES, and let the proxy set X-Forwarded-For and "
                "X-Forwarded-Proto.",
            )
        )
    findings.append(await _socket(url, settings.origin))
    return findings


def _unreachable(url: str, error: httpx.HTTPError) -> Finding:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Finding(
                False,
                f"{url} shows a certificate browsers refuse ({cause.verify_message}). "
                "Renew it, or serve the whole chain (fullchain.pem).",
            )
        cause = cause.__cause__ or cause.__context__
    return Finding(
        False,
        f"{url} cannot be reached from here ({type(error).__name__}: {error}). Check the name's "
        "DNS record, the firewall and the proxy. Where a network does not let itself be reached "
        "from inside by its outer address, look from another one.",
    )


async def _socket(url: str, origin: str) -> Finding:
    """A handshake as a widget makes it; nothing is said, so nobody is let in."""
    address = f"{url.replace('http', 'ws', 1)}/ws"
    try:
        async with websockets.connect(
            address,
            origin=websockets.Origin(origin),
            open_timeout=ASK_TIMEOUT_S,
            close_timeout=1,
            compression=None,
        ):
            return Finding(True, f"Sockets open at {address}.")
    except (OSError, TimeoutError, websockets.WebSocketException) as error:
        return Finding(
            False,
            f"No socket opens at {address} ({error}). The proxy has to speak HTTP/1.1 to us and "
            "pass the headers Upgrade, Connection and Origin on.",
        )


async def clock(http: httpx.AsyncClient, name: str, url: str) -> Finding | None:
    """Our clock beside a CRM's; None when it does not say."""
    try:
        reply = await http.head(url, timeout=ASK_TIMEOUT_S)
        told = parsedate_to_datetime(reply.headers["Date"])
    except (httpx.HTTPError, KeyError, ValueError):
        return None
    off = round((datetime.now(UTC) - told).total_seconds())
    if abs(off) <= SKEW_S:
        return None
    return Finding(
        False,
        f"This machine's clock and that of {name} are {abs(off)} s apart: tokens and proofs would "
        "be refused. Is the time kept by NTP (`timedatectl`)?",
    )
