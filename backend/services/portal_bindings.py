"""What of ours stands in a portal, looked at every few minutes, bound again when it is gone.

A background page that was slow too often is unregistered silently, an updated application loses
its event handlers: the phone would be deaf and nobody told. So a loss is counted, logged as an
error and mended.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import structlog
from prometheus_client import Counter

from backend.errors import CrmAuthExpired
from backend.kit.clock import Clock
from protocol.vocabulary import AccountId

log = structlog.get_logger(__name__)

LOST = Counter("dozvon_crm_bindings_lost_total", "Widgets, events and lines found gone in a portal")
REMOVED = Counter(
    "dozvon_bitrix24_worker_removed_total",
    "Reports of portals that they dropped our background page",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be there, by full address."""

    page_url: str
    worker_url: str
    removed_url: str
    """Where the portal reports that it dropped the background page."""
    events_url: str
    lines: Mapping[str, str] | None
    """Number → name; None leaves lines alone."""
    our_lines: frozenset[str] = frozenset()
    """Numbers of lines we added earlier."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One binding: `ok` it was there; `bound` it is there now; `missing`; `refused` with what the
    portal said; `removed` it is not wanted any more. Names: `placement:`, `event:`, `offline:`,
    `line:` and the thing."""

    name: str
    state: Literal["ok", "bound", "missing", "refused", "removed"]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBinding:
    """As it is on record."""

    name: str
    state: str
    detail: str
    lost: int
    checked_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What an account's settings ask for."""

    door: str = field(repr=False)
    """The unguessable part of the address where the portal reports trouble."""
    lines: Mapping[str, str] = field(default_factory=dict)
    our_lines: frozenset[str] = frozenset()


Still = Callable[[], Awaitable[bool]]


class PortalBinder(Protocol):
    """One portal. Raises CrmError."""

    async def look(self, wanted: Wanted) -> list[Standing]: ...
    async def keep(self, wanted: Wanted, still: Still) -> list[Standing]:
        """Nothing is touched, and nothing returned, when it is not `still` wanted after a look."""


class BindingStore(Protocol):
    """Each method is a transaction."""

    async def configured(self, account_id: AccountId) -> Configured | None:
        """None: no portal is connected."""

    async def record(
        self, account_id: AccountId, standings: Sequence[Standing], at: datetime
    ) -> list[str]:
        """Write down how things stand; returns the names of those that were there and got lost."""

    async def kept(self, account_id: AccountId) -> list[KeptBinding]: ...


class PortalBindings:
    """Keeps one account's portal as it should be."""

    def __init__(
        self,
        *,
        binders: Callable[[AccountId], Awaitable[PortalBinder | None]],
        store: BindingStore,
        base_url: str,
        clock: Clock,
    ) -> None:
        self._binders = binders
        self._store = store
        self._base_url = base_url
        self._clock = clock

    async def keep(self, account_id: AccountId) -> list[Standing]:
        """Bind what is missing and write down how things stand; nothing for an account without a
        portal. Doing it again changes nothing. Raises CrmError."""
        binder, wanted = await self._for(account_id)
        if binder is None or wanted is None:
            return []

        async def still() -> bool:
            # A look may have waited long for the portal's budget, and the account was connected
            # anew meanwhile: what stands there is that connection's, which has its own job.
            configured = await self._store.configured(account_id)
            if configured is None:
                return False
            now = self.wanted(account_id, configured)
            return (now.removed_url, now.lines) == (wanted.removed_url, wanted.lines)

        standings = await binder.keep(wanted, still)
        for name in await self._store.record(account_id, standings, self._clock.now()):
            LOST.inc()
            log.error("bitrix24.binding_lost", account=account_id, binding=name)
        return standings

    async def look(self, account_id: AccountId) -> list[Standing]:
        """How things stand, without touching them. Raises CrmError."""
        binder, wanted = await self._for(account_id)
        if binder is None or wanted is None:
            raise CrmAuthExpired("no portal is connected")
        return await binder.look(wanted)

    async def _for(self, account_id: AccountId) -> tuple[PortalBinder | None, Wanted | None]:
        binder = await self._binders(account_id)
        configured = await self._store.configured(account_id)
        if configured is None:
            return binder, None
        return binder, self.wanted(account_id, configured)

    def wanted(self, account_id: AccountId, configured: Configured) -> Wanted:
        base = f"{self._base_url}/bitrix24"
        return Wanted(
            page_url=f"{base}/app",
            worker_url=f"{base}/worker",
            removed_url=f"{base}/worker/removed/{account_id}/{configured.door}",
            events_url=f"{base}/events",
            lines=configured.lines,
            our_lines=configured.our_lines,
        )
