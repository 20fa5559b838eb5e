"""The CRM's cards as a dialer's list needs them: of a deal, the person it is dialled through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from backend.services.dialer.reviewing import CardRecord, RecordKey
from protocol.vocabulary import AccountId

DEAL: Final = "deal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """One record as the CRM has it. `through`: whom a deal is dialled through, its main contact
    or else its company."""

    name: str
    numbers: tuple[str, ...] = ()
    url: str | None = None
    through: RecordKey | None = None


class ListedCards(Protocol):
    """One account's records by id."""

    kinds: frozenset[str]
    """Those this CRM has, of `contact`, `company`, `lead` and `deal`."""

    async def rows(self, kind: str, ids: Sequence[str]) -> Mapping[str, CardRow]:
        """By id; whoever is gone or hidden is missing. Raises CrmErrors."""


class CrmRecords:
    """`Records` of every account, by its CRM."""

    def __init__(self, cards_of: Callable[[AccountId], ListedCards | None]) -> None:
        self._cards_of = cards_of

    async def read(
        self, account_id: AccountId, keys: Sequence[RecordKey]
    ) -> Mapping[RecordKey, CardRecord | None]:
        cards = self._cards_of(account_id)
        if cards is None:
            return {}
        known = [key for key in dict.fromkeys(keys) if key[0] in cards.kinds]
        deals = await _rows(cards, DEAL, [one for kind, one in known if kind == DEAL])
        through = [row.through for row in deals.values() if row.through is not None]
        found: dict[str, Mapping[str, CardRow]] = {DEAL: deals}
        for kind in sorted(cards.kinds - {DEAL}):
            wanted = dict.fromkeys(one for of, one in (*known, *through) if of == kind)
            found[kind] = await _rows(cards, kind, list(wanted))
        return {key: _card(key, found) for key in known}


async def _rows(cards: ListedCards, kind: str, ids: Sequence[str]) -> Mapping[str, CardRow]:
    # Ids of every CRM are numbers; what is none was never there.
    numbers = [one for one in ids if one.isascii() and one.isdigit()]
    return await cards.rows(kind, numbers) if numbers else {}


def _card(key: RecordKey, found: Mapping[str, Mapping[str, CardRow]]) -> CardRecord | None:
    kind, record_id = key
    row = found[kind].get(record_id)
    if row is None:
        return None
    whose = row.through if kind == DEAL else key
    person = found.get(whose[0], {}).get(whose[1]) if whose is not None else None
    if whose is None or person is None:
        # A deal of nobody: it is on the list, without a number.
        return CardRecord(name=row.name, numbers=(), url=row.url)
    return CardRecord(
        name=person.name, numbers=person.numbers, person=f"{whose[0]}:{whose[1]}", url=row.url
    )
