"""Where the browsers of each account speak SIP, for the security headers of our pages: kept in
memory, because a portal gives up on a page that is slow.

Only of the account whose page is around: headers are read by anybody, and one account's switch is
no business of another's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog

from backend.bootstrap.foundation import Foundation
from backend.bootstrap.lines import sip_ws_url
from backend.services.sign_on import Directory, origin_of
from backend.store.switches import SwitchStore
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

FRESH_S = 30.0
"""How soon a new switch is let in; a tab that came before it is loaded anew anyway."""


class SipOrigins:
    def __init__(self, base: Foundation, directory: Directory) -> None:
        self._base = base
        self._directory = directory
        self._known: dict[AccountId, frozenset[str]] = {}
        self._until = 0.0
        """Monotonic second when it is looked up again."""

    async def of_page(self, origin: str) -> frozenset[str]:
        """`wss://host[:port]` of the switches with lines for browsers of the account whose CRM
        pages are at `origin`; nothing for an origin nobody has. What was known last where the
        database does not answer."""
        pages = await self._directory.pages()
        owners = [who for who, urls in pages.items() if origin in map(origin_of, urls)]
        if not owners:
            return frozenset()
        await self._refresh()
        return frozenset[str]().union(*(self._known.get(who, ()) for who in owners))

    async def _refresh(self) -> None:
        clock = self._base.clock
        if clock.monotonic() < self._until:
            return
        self._until = clock.monotonic() + FRESH_S
        try:
            async with self._base.database.begin_resolving() as tx:
                switches = SwitchStore(tx, self._base.secrets)
                connections = {one.id: one for one in await switches.all()}
                served = await switches.served()
        except Exception as error:
            # Never a reason to give no page: only the voice would miss it.
            log.warning("sip_origins_unknown", error=repr(error))
            return
        known: dict[AccountId, frozenset[str]] = {}
        for connection_id, account_id in served:
            connection = connections[connection_id]
            if connection.kind != "asterisk":
                continue
            url = urlsplit(sip_ws_url(connection))
            if url.netloc:
                origin = f"{url.scheme}://{url.netloc}"
                known[account_id] = known.get(account_id, frozenset()) | {origin}
        self._known = known
