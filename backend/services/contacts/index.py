"""Names by number, in memory, so that a known caller has a name on the first paint (P08)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, RecordKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backend.services.ports import IndexedPhone
    from protocol.pushes import ContactMatch

_RANK = {RecordKind.CONTACT: 0, RecordKind.COMPANY: 1, RecordKind.LEAD: 2}


@dataclass(frozen=True, slots=True)
class KnownCaller:
    record: RecordRef
    name: str


class PhoneIndex:
    """E.164 → who it is, per account. Replaced whole by a synchronisation, patched by look-ups."""

    def __init__(self) -> None:
        self._accounts: dict[AccountId, dict[str, tuple[KnownCaller, ...]]] = {}

    def replace(self, account_id: AccountId, rows: Iterable[IndexedPhone]) -> int:
        """Take a full reading of the CRM; returns how many numbers are known now."""
        found: dict[str, list[KnownCaller]] = {}
        for row in rows:
            record = RecordRef(kind=RecordKind(row.kind), id=row.record_id)
            callers = found.setdefault(row.e164, [])
            if all(known.record != record for known in callers):
                callers.append(KnownCaller(record, row.name))
        self._accounts[account_id] = {
            e164: tuple(sorted(callers, key=_order)) for e164, callers in found.items()
        }
        return len(found)

    def patch(self, account_id: AccountId, e164: str, matches: Iterable[ContactMatch]) -> None:
        """Take a fresh answer for one number; an empty one forgets it."""
        callers = tuple(KnownCaller(match.record, match.name) for match in matches)
        numbers = self._accounts.setdefault(account_id, {})
        if callers:
            numbers[e164] = callers
        else:
            numbers.pop(e164, None)

    def put(self, account_id: AccountId, e164: str, rows: Iterable[IndexedPhone]) -> None:
        """Take what the index on disk has for one number; nothing forgets it."""
        found = [
            KnownCaller(RecordRef(kind=RecordKind(r.kind), id=r.record_id), r.name) for r in rows
        ]
        numbers = self._accounts.setdefault(account_id, {})
        if found:
            numbers[e164] = tuple(sorted(found, key=_order))
        else:
            numbers.pop(e164, None)

    def sole(self, account_id: AccountId, e164: str) -> RecordRef | None:
        """The contact with the number, else the company, else the lead; None when it is nobody's,
        or several of that kind have it."""
        found = self.find(account_id, e164)
        best = min((_RANK[known.record.kind] for known in found), default=None)
        records = [known.record for known in found if _RANK[known.record.kind] == best]
        return records[0] if len(records) == 1 else None

    def find(self, account_id: AccountId, e164: str) -> tuple[KnownCaller, ...]:
        return self._accounts.get(account_id, {}).get(e164, ())


def _order(known: KnownCaller) -> tuple[int, str]:
    return (_RANK[known.record.kind], known.record.id)
