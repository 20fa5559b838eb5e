"""What a CRM told us: stored by its door first, handled by a job afterwards, at least once.

    door ─► verified ─► inbox row + job, one transaction ─► 200
                          │
                          └─► job `inbox.handle` ─► `CrmEvents.handle` ─► every handler of the event

CRMs send once, late, twice and out of order: an event is a hint that something changed over there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from protocol.vocabulary import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmEvent:
    """One message of a CRM, decoded by the connector's `webhooks`."""

    account_id: AccountId
    source: str
    """Who sent it: a CrmKind's value."""
    event: str
    """What happened, in the CRM's own word: `ONCRMCONTACTUPDATE`, `contacts.update`."""
    external_id: str
    """The same for the same event, so that a second delivery is recognised."""
    received_at: datetime
    body: dict[str, Any] = field(repr=False)
    """What it says, without anybody's tokens: rows of the inbox are not sealed."""


Handler = Callable[[CrmEvent], Awaitable[None]]
"""Must leave one effect however often it runs. Raises AppErrors as jobs do: CrmUnavailable has
the event handled again later, a refusal parks it in sight."""


class EventInbox(Protocol):
    """Messages on disk; each method is a transaction."""

    async def receive(self, event: CrmEvent) -> bool:
        """Keep it and queue its handling. False: it had arrived before."""

    async def waiting(self, account_id: AccountId, inbox_id: int) -> CrmEvent | None:
        """The message while it is still to do."""

    async def done(self, account_id: AccountId, inbox_id: int) -> None: ...


class CrmEvents:
    """Who wants to hear what."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, str], list[Handler]] = {}

    def on(self, source: str, event: str, handler: Handler) -> None:
        """Have `handler` called with every `event` of `source`."""
        self._handlers.setdefault((source, event), []).append(handler)

    async def handle(self, event: CrmEvent) -> None:
        """Call everybody, even when one fails, then raise what the first to fail raised: the job
        runs again and calls all of them anew. Nobody's event is done at once."""
        failure: Exception | None = None
        for handler in self._handlers.get((event.source, event.event), ()):
            try:
                await handler(event)
            except Exception as error:
                failure = failure or error
        if failure is not None:
            raise failure
