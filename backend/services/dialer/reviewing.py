"""Looking through a list: its rows as they are shown, and reading them anew (D2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from backend.domain.dialer.item import WAITING, Item
from backend.domain.dialer.review import reviewed
from backend.domain.dialer.rules import MAX_ITEMS
from backend.domain.phone_number import canonical
from backend.errors import NotFound
from backend.kit.clock import Clock
from backend.services.dialer import moves, views
from backend.services.ports.dialer import DialerBook, DialerTx, Part, WorkList
from protocol.dialer import DialerCheck, DialerItem, DialerItems
from protocol.dialer_words import ItemId, ItemPhase, ItemReason, ListId
from protocol.vocabulary import AccountId, EmployeeId

SHOWN: Final = 200
"""Rows with a reason that are told at once."""
RecordKey = tuple[str, str]
"""Kind and id: `contact`, `company`, `lead` or `deal`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRecord:
    """A record of the CRM as far as it can be dialled. Of a deal the person is its main
    contact, the card the deal's own."""

    name: str
    numbers: tuple[str, ...]
    person: str | None = None
    """`contact:4021`; None: nobody is named."""
    url: str | None = None


class Records(Protocol):
    """The CRM's cards."""

    async def read(
        self, account_id: AccountId, keys: Sequence[RecordKey]
    ) -> Mapping[RecordKey, CardRecord | None]:
        """None: it is not there any more. A kind nobody can read is missing from the answer.
        Raises CrmErrors."""


class NoRecords:
    """Where no CRM is connected."""

    async def read(
        self, account_id: AccountId, keys: Sequence[RecordKey]
    ) -> Mapping[RecordKey, CardRecord | None]:
        return {}


async def page(
    tx: DialerTx,
    work: WorkList,
    *,
    part: Part = "all",
    after: str | None = None,
    limit: int = 50,
    who: EmployeeId | None = None,
    language: str | None = None,
) -> DialerItems:
    """The rows behind `after`, a cursor of an earlier page; a strange one begins anew."""
    place = int(after) if after is not None and after.lstrip("-").isdigit() else None
    found = await tx.items(work.id, part, after=place, limit=limit)
    home = await tx.home()
    facts = await tx.facts(found)
    return DialerItems(
        items=[
            views.item_view(
                one,
                language=language or moves.language_of(home),
                home_zone=home.timezone,
                who=who,
                facts=facts,
                purpose=work.purpose,
            )
            for one in found
        ],
        next=str(found[-1].position) if len(found) == limit else None,
    )


async def check(tx: DialerTx, work: WorkList, *, language: str | None = None) -> DialerCheck:
    """What stands between a list and its start, as it was found last."""
    home = await tx.home()
    words = language or moves.language_of(home)
    refused = await tx.items(work.id, "excluded", limit=SHOWN)
    waits = [one for one in await tx.items(work.id, "waiting", limit=SHOWN) if one.not_before]

    def view(found: Sequence[Item]) -> list[DialerItem]:
        return [views.item_view(o, language=words, home_zone=home.timezone) for o in found]

    counts = views.counts_view(await tx.counts(work.id))
    return DialerCheck(counts=counts, refused=view(refused), waits=view(waits))


async def refresh(
    book: DialerBook,
    records: Records,
    account_id: AccountId,
    list_id: ListId,
    clock: Clock,
    *,
    only: ItemId | None = None,
) -> DialerCheck:
    """Read the cards of one row, or of all that may still be dialled, and judge them anew.

    The CRM is asked between two transactions: a row that changed meanwhile is left as it is.
    """
    async with book.begin(account_id) as tx:
        before = await _rows(tx, list_id)
        region = (await tx.home()).region
    asked = [one for one in before if only is None or one.id == only]
    if only is not None and not asked:
        raise NotFound("no such row")
    keys = [key for one in asked if (key := _key(one)) is not None and _changeable(one)]
    cards = await records.read(account_id, keys) if keys else {}
    async with book.begin(account_id) as tx:
        work = await moves.must_have(tx, list_id)
        home, now = await tx.home(), clock.now()
        rows = await _rows(tx, list_id)
        fresh = [_as_the_card(one, cards, region) if _changeable(one) else one for one in rows]
        facts = await tx.facts(fresh)
        facts = replace(facts, elsewhere=frozenset())
        after = reviewed(fresh, facts, work.rules, work.purpose, now, home_zone=home.timezone)
        for old, new in zip(rows, after, strict=True):
            if old != new:
                await tx.save(list_id, old, new)
        return await check(tx, work)


async def _rows(tx: DialerTx, list_id: ListId) -> list[Item]:
    return await tx.items(list_id, "all", limit=MAX_ITEMS)


def _key(one: Item) -> RecordKey | None:
    if one.record_kind is None or one.record_id is None:
        return None
    return one.record_kind, one.record_id


def _changeable(one: Item) -> bool:
    if one.phase is ItemPhase.EXCLUDED:
        return one.reason not in (ItemReason.REMOVED, ItemReason.LIST_CLOSED)
    return one.phase in WAITING


def _as_the_card(one: Item, cards: Mapping[RecordKey, CardRecord | None], region: str) -> Item:
    key = _key(one)
    if key is None or key not in cards:
        return one
    card = cards[key]
    if card is None:
        return replace(one, phase=ItemPhase.EXCLUDED, reason=ItemReason.RECORD_GONE)
    if one.reason is ItemReason.RECORD_GONE:
        one = replace(one, phase=ItemPhase.WAITING, reason=None)
    numbers = tuple(dict.fromkeys(canonical(n, region=region) for n in card.numbers))
    return replace(
        one,
        name=card.name or one.name,
        numbers=numbers,
        person=card.person or one.person,
        record_url=card.url or one.record_url,
    )
