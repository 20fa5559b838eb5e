"""The recording of a call in the portal that keeps calls by itself (Bitrix24): a copy of its own.

The portal fetches it by its link, inside the request; one that cannot reach us is sent the file.
Whatever it answers, another try is worth it: its disk may be full, its proxy asleep (B9).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import structlog

from backend.errors import CrmAuthExpired, CrmError, CrmRejected
from backend.services.ports import AudioStorage, CallFacts, RecordingRow
from backend.services.recordings import RecordingLinks
from protocol.vocabulary import AccountId, CallId, CrmKind

log = structlog.get_logger(__name__)

ATTACHED: Final = "attached"
TRIED: Final = "tried"
FINISHED: Final = "finished"


class PortalRecorder(Protocol):
    """One portal. Raises CrmError."""

    async def attach_link(self, portal_call_id: str, url: str, file_name: str) -> None: ...
    async def attach_file(self, portal_call_id: str, file_name: str, content: bytes) -> None: ...
    async def has_record(self, portal_call_id: str) -> bool:
        """Whether an earlier try got through. False as well when the portal does not say."""


class PortalRows(Protocol):
    async def facts(
        self, account_id: AccountId, call_id: CallId, kind: str
    ) -> CallFacts | None: ...
    async def note(
        self,
        account_id: AccountId,
        call_id: CallId,
        kind: str,
        *,
        recording: str,
        reason: str | None,
    ) -> None:
        """How the recording stands in a call that is there."""


class PortalRecordings:
    def __init__(
        self,
        *,
        rows: PortalRows,
        portals: Callable[[AccountId], PortalRecorder | None],
        links: RecordingLinks,
        storage: AudioStorage,
    ) -> None:
        self._rows = rows
        self._portals = portals
        self._links = links
        self._storage = storage

    async def attach(self, account_id: AccountId, call_id: CallId) -> None:
        """Attach what is stored to what is finished, once; may run again, and too early.

        It is asked for twice, when the audio is stored and when the portal's call is finished:
        whichever comes last does it. Raises CrmError.
        """
        kind = CrmKind.BITRIX24.value
        facts = await self._rows.facts(account_id, call_id, kind)
        if facts is None or facts.row is None or not facts.row.ref:
            return
        row, recording = facts.row, facts.recording
        if recording is None or recording.state != "stored":
            return
        if not facts.crm_on or not facts.recording_to_crm:
            return
        if row.state != FINISHED or row.recording == ATTACHED:
            return
        portal, portal_id = self._portals(account_id), row.ref
        if portal is None or portal_id is None:
            raise CrmAuthExpired("no portal is connected")
        try:
            if row.recording == TRIED and await portal.has_record(portal_id):
                log.info("portal.record_was_there", account=account_id, call=call_id)
            else:
                # Before the request: after a lost answer the next try asks first.
                await self._rows.note(account_id, call_id, kind, recording=TRIED, reason=None)
                await self._send(portal, portal_id, recording)
        except CrmError as error:
            reason = str(error)[:300]
            await self._rows.note(account_id, call_id, kind, recording=TRIED, reason=reason)
            raise
        await self._rows.note(account_id, call_id, kind, recording=ATTACHED, reason=None)

    async def _send(self, portal: PortalRecorder, portal_id: str, row: RecordingRow) -> None:
        name = f"{row.began_at:%Y-%m-%d-%H%M%S}-{row.call_id}.mp3"
        try:
            await portal.attach_link(portal_id, self._links.of(row), name)
        except CrmAuthExpired:
            raise
        except CrmRejected as unreachable:
            # "Server returns HTTP error code", SERVER_NOT_AVAILABLE: it does not get through to us.
            log.info("portal.record_uploaded", call=row.call_id, why=str(unreachable))
            content = b"".join([chunk async for chunk in self._storage.read(row.key, 0, row.size)])
            await portal.attach_file(portal_id, name, content)
