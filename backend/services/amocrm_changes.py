"""What amoCRM's webhooks lead to: the numbers of a changed record are read anew.

A webhook is a hint and is not believed: the record itself says whose numbers it has. One that
never comes is made good by the half-hourly reading of the whole account.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from backend.services.contacts.changes import PhoneChanges
from backend.services.crm_events import CrmEvent, CrmEvents
from backend.services.ports import IndexedPhone
from protocol.vocabulary import AccountId, CrmKind, RecordKind

KIND = CrmKind.AMOCRM
_ENTITIES: Final = {"contacts": RecordKind.CONTACT, "companies": RecordKind.COMPANY}
_ACTIONS: Final = ("add", "update", "delete", "restore", "responsible")


class Reader(Protocol):
    async def read_phones(self, kind: RecordKind, record_id: str) -> list[IndexedPhone]:
        """What the record has now; nothing when it is gone. Raises CrmError."""


class AmoCrmChanges:
    def __init__(
        self,
        phones: PhoneChanges,
        readers: Callable[[AccountId], Reader | None],
        changed: Callable[[AccountId], Awaitable[None]],
        settled: Callable[[AccountId, str], Awaitable[None]],
    ) -> None:
        """`changed` hears when an account may know numbers it did not, `settled` which unsorted
        request, by its uid, is waiting no longer."""
        self._phones = phones
        self._readers = readers
        self._changed = changed
        self._settled = settled

    def listen(self, events: CrmEvents) -> None:
        for entity in _ENTITIES:
            for action in _ACTIONS:
                events.on(KIND.value, f"{entity}.{action}", self.changed)
        # It comes with the leads' (§7); where it does not, requests are looked at each hour.
        events.on(KIND.value, "unsorted.delete", self.unsorted)

    async def unsorted(self, event: CrmEvent) -> None:
        uid = str(event.body.get("uid") or "")
        if uid:
            await self._settled(event.account_id, uid)

    async def changed(self, event: CrmEvent) -> None:
        """Raises CrmUnavailable: heard again later."""
        entity, _, action = event.event.partition(".")
        record_id = str(event.body.get("id") or "")
        reader = self._readers(event.account_id)
        if reader is None or not record_id.isdigit():
            return
        # What is deleted does not always say whether it was a company.
        kinds = tuple(_ENTITIES.values()) if action == "delete" else (_ENTITIES[entity],)
        for kind in kinds:
            phones = await reader.read_phones(kind, record_id)
            await self._phones.take(event.account_id, KIND, {(kind, record_id): phones})
        await self._changed(event.account_id)
