"""Contacts, companies and leads that changed in a portal, brought into the phone index.

The offline queue is the truth between two full readings: nothing in it is lost while we are away,
and fifty changes cost two requests. Online events only say that it is worth a look; where a plan
has no offline queue, the record an event names is read by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from backend.services.contacts.changes import PhoneChanges, Record
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.portal_bindings import BindingStore
from backend.services.portal_events import SOURCE
from backend.services.ports import IndexedPhone
from protocol.vocabulary import AccountId, CrmKind, RecordKind

_KINDS = {
    "ONCRMCONTACT": RecordKind.CONTACT,
    "ONCRMCOMPANY": RecordKind.COMPANY,
    "ONCRMLEAD": RecordKind.LEAD,
}
HINTS = tuple(f"{start}{verb}" for start in _KINDS for verb in ("ADD", "UPDATE", "DELETE"))
MOST_PAGES = 40
"""Pages of the queue read in one go: an import of thousands must not keep others from theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A page of the offline queue, held under a process id until it is cleared."""

    process_id: str
    message_ids: Sequence[str]
    records: Sequence[Record]
    more: bool


class ChangingPortal(Protocol):
    """One portal. Raises CrmError."""

    async def waiting(self) -> Waiting | None: ...
    async def clear(self, page: Waiting) -> None: ...
    async def phones_of(self, records: Sequence[Record]) -> dict[Record, list[IndexedPhone]]:
        """The records as they are now: every one asked for, those that are gone with nothing."""


class PortalChanges:
    def __init__(
        self,
        *,
        portals: Callable[[AccountId], ChangingPortal | None],
        phones: PhoneChanges,
        bindings: BindingStore,
        queue: Callable[[AccountId], Awaitable[None]],
    ) -> None:
        """`queue` has `pull` called soon, once however often it is asked."""
        self._portals = portals
        self._phones = phones
        self._bindings = bindings
        self._queue = queue

    def listen(self, events: CrmEvents) -> None:
        for name in (*HINTS, "ONOFFLINEEVENT"):
            events.on(SOURCE, name, self.heard)

    async def pull(self, account_id: AccountId) -> int:
        """Take what waits in the portal's queue; returns how many records that was.

        What is held when we die stays held over there; the next full reading has it.
        """
        portal = self._portals(account_id) if await self._queued(account_id) else None
        taken = 0
        for _ in range(MOST_PAGES):
            page = None if portal is None else await portal.waiting()
            if portal is None or page is None:
                break
            await self._take(account_id, portal, page.records)
            await portal.clear(page)
            taken += len(page.records)
            if not page.more:
                break
        return taken

    async def heard(self, event: CrmEvent) -> None:
        """An online event: look into the queue soon, or read the one record."""
        if await self._queued(event.account_id):
            await self._queue(event.account_id)
            return
        record = record_of(event.event, event.body.get("data"))
        portal = self._portals(event.account_id)
        if record is not None and portal is not None:
            await self._take(event.account_id, portal, [record])

    async def _queued(self, account_id: AccountId) -> bool:
        """Whether the portal keeps an offline queue for us: not every plan has one."""
        kept = await self._bindings.kept(account_id)
        return any(row.name.startswith("offline:") and row.state == "ok" for row in kept)

    async def _take(
        self, account_id: AccountId, portal: ChangingPortal, records: Sequence[Record]
    ) -> None:
        if records:
            found = await portal.phones_of(records)
            await self._phones.take(account_id, CrmKind.BITRIX24, found)


def record_of(event: str, data: Any) -> Record | None:
    """Which record an event is about: `data[FIELDS][ID]` (section 5.7 of the reference)."""
    kind = next((kind for start, kind in _KINDS.items() if event.startswith(start)), None)
    fields = data.get("FIELDS") if isinstance(data, Mapping) else None
    record_id = str(fields.get("ID") or "") if isinstance(fields, Mapping) else ""
    return (kind, record_id) if kind is not None and record_id.isdigit() else None
