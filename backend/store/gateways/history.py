"""Past calls as the widget shows them."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from backend.domain.recording_pause import Pause
from backend.kit.secrets_box import SecretsBox
from backend.services.ports import CrmCallRow, FinishedCall, FinishedHandover, RecordingRow
from backend.services.ports import StepNote as KeptNote
from backend.services.ports.crm_calls import TROUBLE
from backend.services.recordings import recording_url
from backend.services.visit_ways import shown
from backend.store.callbacks import CallbackStore
from backend.store.calls import CallStore, HistoryRow
from backend.store.crm_calls import CrmCallStore
from backend.store.database import Database
from backend.store.employees import EmployeeStore
from backend.store.recordings import RecordingStore
from protocol.pushes import HistoryEntry, HistoryPage, RecordRef, StepNote, Who
from protocol.recording import RecordingPause
from protocol.transfers import PastTransfer
from protocol.vocabulary import (
    AccountId,
    CallId,
    CrmTrouble,
    Direction,
    EmployeeId,
    Outcome,
    RecordKind,
    TransferTrouble,
)


class SqlHistory:
    """`realtime.services.History`."""

    def __init__(
        self, database: Database, secrets: SecretsBox | None = None, base_url: str = ""
    ) -> None:
        """Without `secrets` nothing is said of recordings: their addresses are sealed."""
        self._database = database
        self._secrets = secrets
        self._base_url = base_url

    async def page(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        *,
        before: str | None,
        limit: int,
    ) -> HistoryPage:
        async with self._database.begin(account_id) as tx:
            rows, following = await CallStore(tx).history(
                account_id, employee_id, before=before, limit=limit
            )
            ids = [row.call.call_id for row in rows]
            crm = await CrmCallStore(tx).of_calls(account_id, ids)
            waiting = await CallbackStore(tx).states(account_id, ids)
            audio = {}
            if self._secrets is not None:
                audio = await RecordingStore(tx, self._secrets).of_calls(account_id, ids)
            names: dict[EmployeeId, str] = {}
            if any(row.call.notes or row.call.pauses or row.call.handovers for row in rows):
                # People who have left since are named, too.
                people = await EmployeeStore(tx).all(account_id, inactive=True)
                names = {person.id: person.name for person in people}
        entries = [
            structs.replace(
                _entry(row),
                notes=[_note(note, names) for note in row.call.notes],
                pauses=[_pause(pause, names) for pause in row.call.pauses],
                transfers=[_transfer(one, names) for one in row.call.handovers],
                **_crm(_written(row.call, crm)),
                **self._recording(audio.get(row.call.call_id)),
                callback=waiting.get(row.call.call_id, "none"),
            )
            for row in rows
        ]
        return HistoryPage(entries=entries, next=following)

    def _recording(self, row: RecordingRow | None) -> dict[str, Any]:
        if row is None:
            return {}
        if row.state == "stored":
            url = recording_url(self._base_url, row) if row.secret else None
            return {"recording": "ready", "recording_url": url}
        return {"recording": "waiting" if row.state == "expected" else "gone"}


def _pause(pause: Pause, names: dict[EmployeeId, str]) -> RecordingPause:
    return RecordingPause(
        began_at=pause.began_at,
        ended_at=pause.ended_at or pause.until,
        by=names.get(pause.by, ""),
    )


def _note(note: KeptNote, names: dict[EmployeeId, str]) -> StepNote:
    who = note.employee_id
    return StepNote(
        step=note.step + 1,
        manager=None if who is None else Who(employee_id=who, name=names.get(who, "")),
        reason=note.reason,
    )


def _transfer(handover: FinishedHandover, names: dict[EmployeeId, str]) -> PastTransfer:
    return PastTransfer(
        at=handover.at,
        by=names.get(handover.by, ""),
        target=handover.target,
        reason=None if handover.reason is None else TransferTrouble(handover.reason),
        note=handover.note,
    )


def _written(call: FinishedCall, crm: dict[CallId, CrmCallRow]) -> CrmCallRow | None:
    """What the CRM has of it. Calls between employees have a card there and are never written."""
    return None if call.direction == Direction.INTERNAL.value else crm.get(call.call_id)


def _crm(row: CrmCallRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    if row.state in ("written", "finished"):
        return {"crm": "written"}
    refused = row.state == "refused" or "refused" in row.data
    trouble = row.data.get(TROUBLE)
    return {
        "crm": "refused" if refused else "waiting",
        "crm_reason": trouble,
        "crm_said": row.reason if trouble == CrmTrouble.REJECTED else None,
    }


def _entry(row: HistoryRow) -> HistoryEntry:
    call = row.call
    record = (
        RecordRef(kind=RecordKind(call.record_kind), id=call.record_id)
        if call.record_kind and call.record_id
        else None
    )
    by = (
        Who(employee_id=call.answered_by, name=row.answered_by_name or "")
        if call.answered_by is not None
        else None
    )
    return HistoryEntry(
        call_id=call.call_id,
        direction=Direction(call.direction),
        number=call.number,
        name=call.name,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_s=call.talk_s,
        outcome=Outcome(call.outcome),
        cause=call.cause,
        mine=row.mine,
        answered_by=by,
        virtual_number=call.virtual_number,
        record=record,
        record_url=call.record_url,
        message=call.message,
        visit=shown(call.visit),
    )
