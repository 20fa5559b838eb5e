"""STUN and TURN servers for a browser, with a TURN password of its own that soon ends.

The scheme is draft-uberti-behave-turn-rest-00 as coturn implements it (`use-auth-secret`): the
user name is the end of its validity and who it is for, the password an HMAC of it with the secret
both servers know. Nothing is kept and nothing has to be taken back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

VALID: Final = timedelta(hours=12)
"""A shift: TURN asks again at each new allocation, so what is under way outlives it anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServer:
    """An entry of `RTCConfiguration.iceServers`."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IceConfig:
    """What the settings say (DOZVON_STUN_URLS, DOZVON_TURN_URLS, DOZVON_TURN_SECRET)."""

    stun_urls: Sequence[str] = ()
    turn_urls: Sequence[str] = ()
    turn_secret: str = ""

    def servers(self, who: str, now: datetime) -> tuple[IceServer, ...]:
        """For the browser of `who` (letters, digits, dashes), from `now` (aware) on."""
        found = []
        if self.stun_urls:
            found.append(IceServer(urls=tuple(self.stun_urls)))
        if self.turn_urls and self.turn_secret:
            username = f"{int((now + VALID).timestamp())}:{who}"
            digest = hmac.new(self.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
            found.append(
                IceServer(
                    urls=tuple(self.turn_urls),
                    username=username,
                    credential=base64.b64encode(digest).decode(),
                )
            )
        return tuple(found)
