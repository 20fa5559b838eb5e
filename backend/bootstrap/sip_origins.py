"""Where browsers speak SIP, for the security headers of our pages: kept in memory, because a portal
gives up on a page that is slow."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog

from backend.bootstrap.foundation import Foundation
from backend.bootstrap.lines import sip_ws_url
from backend.store.switches import SwitchStore

log = structlog.get_logger(__name__)

FRESH_S = 30.0
"""How soon a new switch is let in; a tab that came before it is loaded anew anyway."""


class SipOrigins:
    def __init__(self, base: Foundation) -> None:
        self._base = base
        self._known: frozenset[str] = frozenset()
        self._until = 0.0
        """Monotonic second when it is looked up again."""

    async def now(self) -> frozenset[str]:
        """`wss://host[:port]` of every switch with lines for browsers. What was known last where
        the database does not answer."""
        clock = self._base.clock
        if clock.monotonic() < self._until:
            return self._known
        self._until = clock.monotonic() + FRESH_S
        try:
            async with self._base.database.begin_resolving() as tx:
                connections = await SwitchStore(tx, self._base.secrets).all()
        except Exception as error:
            # Never a reason to give no page: only the voice would miss it.
            log.warning("sip_origins_unknown", error=repr(error))
            return self._known
        urls = [sip_ws_url(c) for c in connections if c.kind == "asterisk"]
        self._known = frozenset(f"{u.scheme}://{u.netloc}" for u in map(urlsplit, urls) if u.netloc)
        return self._known
