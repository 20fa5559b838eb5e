"""A running Asterisk that tests may use, named by the environment; without it they do not exist.

DOZVON_TEST_ARI_URL    http://user:password@127.0.0.1:8088, an Asterisk for nothing but tests
DOZVON_TEST_SIP        where it speaks SIP over UDP, 127.0.0.1:5060
DOZVON_TEST_TRUNK      a trunk of pjsip.conf whose calls it sends to us: trunk-demo@127.0.0.1:5070
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    url: str
    user: str
    password: str
    sip: tuple[str, int]
    trunk: str
    provider_port: int

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 80


def place() -> Place | None:
    url = urlsplit(os.environ.get("DOZVON_TEST_ARI_URL", ""))
    if not url.hostname:
        return None
    sip = urlsplit("//" + os.environ.get("DOZVON_TEST_SIP", "127.0.0.1:5060"))
    trunk = urlsplit("//" + os.environ.get("DOZVON_TEST_TRUNK", "trunk-demo@127.0.0.1:5070"))
    return Place(
        url=f"{url.scheme}://{url.hostname}:{url.port or 80}",
        user=url.username or "",
        password=url.password or "",
        sip=(sip.hostname or "", sip.port or 5060),
        trunk=trunk.username or "",
        provider_port=trunk.port or 5060,
    )
