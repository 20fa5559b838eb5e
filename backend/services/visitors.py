"""What a page that signs on tells besides: who is here today, and who is new (A2, A11).

amoCRM says nothing of a new user; the first page they open does. The CRM is read at once then, so
that somebody whose e-mail an employee with a line already has gets the phone on that very page.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from backend.services.ports import Bus
from backend.services.routing import ROUTING_TOPIC
from backend.services.seen_today import SeenToday
from protocol.vocabulary import AccountId, CrmKind

log = structlog.get_logger(__name__)

WAIT_S = 2.0
"""How long a page waits for its user to become an employee; a reading takes a few requests."""
PAGE_EVERY_S = 300.0
"""However many pages are opened, users are read this often at most because of them."""
ASK_EVERY_S = 600.0
"""A user who stays no employee (left out for a reason) opens pages all day long."""


Known = Callable[[], Awaitable[bool]]
"""Whether the user is somebody here by now."""


class Visits(Protocol):
    """Whom `SignOn` tells."""

    async def proven(self, account_id: AccountId, kind: CrmKind, crm_user_id: str) -> None:
        """The CRM vouched for this user just now. Never raises."""

    async def unknown(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, known: Known
    ) -> None:
        """Nobody here is that user. Returns when somebody is, or nobody will be for now; never
        raises."""

    async def expected(self, account_id: AccountId, kind: CrmKind) -> bool:
        """Whether the CRM was connected just now and its people are still to be read: who is
        unknown may be known in a moment. Never raises."""


class Visitors:
    """`Visits`: notes who was seen, and asks for a synchronisation on behalf of the unknown."""

    def __init__(
        self,
        *,
        seen: SeenToday,
        ask: Callable[[AccountId], Awaitable[bool]],
        unread: Callable[[AccountId, CrmKind], Awaitable[bool]],
        bus: Bus,
    ) -> None:
        """`ask` queues a synchronisation; False when the account wants none. `unread`: nobody was
        read since the CRM was connected, a moment ago."""
        self._seen = seen
        self._ask = ask
        self._unread = unread
        self._bus = bus

    async def proven(self, account_id: AccountId, kind: CrmKind, crm_user_id: str) -> None:
        await self._seen.note(account_id, kind, crm_user_id)
        if kind is not CrmKind.AMOCRM:
            return
        # A page that opens is amoCRM's occasion to compare its users with ours (A2, L1211).
        try:
            if await self._bus.count(f"page:{account_id}", ttl_s=PAGE_EVERY_S) == 1:
                await self._ask(account_id)
        except Exception as error:
            log.warning("page.not_asked_for", account=account_id, error=str(error))

    async def unknown(
        self, account_id: AccountId, kind: CrmKind, crm_user_id: str, known: Known
    ) -> None:
        changed = asyncio.Event()

        def on_routing(payload: bytes) -> None:
            if payload.decode() == account_id:
                changed.set()

        key = f"newcomer:{account_id}:{kind.value}:{crm_user_id}"
        try:
            if await self._bus.count(key, ttl_s=ASK_EVERY_S) > 1:
                return
            async with self._bus.on_wake(ROUTING_TOPIC, on_routing):
                if await self._ask(account_id):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(WAIT_S):
                            # Other things of the account change as well.
                            while not await known():
                                await changed.wait()
                                changed.clear()
        except Exception as error:
            # Whoever signs on is refused in words then; the schedule finds them all the same.
            log.warning("newcomer.not_asked_for", account=account_id, error=str(error))

    async def expected(self, account_id: AccountId, kind: CrmKind) -> bool:
        try:
            return await self._unread(account_id, kind)
        except Exception as error:
            log.warning("newcomer.not_asked_for", account=account_id, error=str(error))
            return False
