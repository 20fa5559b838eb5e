"""Making lists, from whatever source, and changing their rules (D1).

A list is made once per key of its maker, however often it is sent, so that an answer that got lost
costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from backend.domain.dialer.checks import calendar
from backend.domain.dialer.item import Item
from backend.domain.dialer.review import reviewed
from backend.domain.dialer.rules import MAX_ITEMS, MAX_NUMBERS, ListRules, possible
from backend.domain.dialer.same import person_of
from backend.domain.phone_number import canonical
from backend.domain.working_hours import known_zone
from backend.errors import BadRequest, NotAllowed, NotFound
from backend.kit.clock import Clock
from backend.kit.ids import new_id
from backend.services.dialer import reviewing
from backend.services.dialer.editing import close
from backend.services.dialer.engine import TOPIC
from backend.services.dialer.reviewing import CardRecord, RecordKey, Records
from backend.services.ports import Bus
from backend.services.ports.dialer import Consent, DialerBook, DialerTx, Home, Role, WorkList
from protocol.dialer import DialerCheck
from protocol.dialer_words import (
    ItemId,
    ItemPhase,
    ItemReason,
    ListId,
    ListMode,
    ListPurpose,
    ListState,
)
from protocol.vocabulary import AccountId, EmployeeId

STEP = 1024
"""Between neighbours' places, so that a row can be put between them."""
MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That a person agreed to be called, as the source has it."""

    evidence: str
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person of a source, as written there."""

    name: str = ""
    numbers: tuple[str, ...] = ()
    record: RecordKey | None = None
    url: str | None = None
    zone: str | None = None
    consent: Proof | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewList:
    """`owner_id` or `group_id`: one of both. `offered`: how many rows the source has in all."""

    name: str
    purpose: ListPurpose
    mode: ListMode = ListMode.PREVIEW
    owner_id: EmployeeId | None = None
    group_id: str | None = None
    rules: ListRules = field(default_factory=ListRules)
    rows: tuple[Row, ...] = ()
    source: str = "api"
    offered: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is None stays."""

    name: str | None = None
    state: ListState | None = None
    mode: ListMode | None = None
    rules: ListRules | None = None
    owner_id: EmployeeId | None = None
    group_id: str | None = None


class Lists:
    def __init__(self, *, book: DialerBook, bus: Bus, clock: Clock, records: Records) -> None:
        self._book = book
        self._bus = bus
        self._clock = clock
        self._records = records

    async def make(
        self, account_id: AccountId, wanted: NewList, *, who: str, role: Role, key: str
    ) -> tuple[WorkList, DialerCheck]:
        """The list with what was found in it. Raises BadRequest whose `why` names the fault,
        NotAllowed where the maker's role may not choose this, CrmErrors."""
        _must_make_sense(wanted)
        _must_be_allowed(wanted.purpose, wanted.group_id, wanted.owner_id, who=who, role=role)
        list_id = ListId(hashlib.sha256(f"{account_id}/{who}/{key}".encode()).hexdigest()[:32])
        async with self._book.begin(account_id) as tx:
            if (made := await tx.work_list(list_id)) is not None:
                return made, await reviewing.check(tx, made)
        keys = [row.record for row in wanted.rows if row.record is not None and not row.numbers]
        cards = await self._records.read(account_id, keys) if keys else {}
        async with self._book.begin(account_id) as tx:
            home, now = await tx.home(), self._clock.now()
            work = WorkList(
                id=list_id,
                name=wanted.name.strip()[:MAX_NAME],
                purpose=wanted.purpose,
                mode=wanted.mode,
                owner_id=wanted.owner_id,
                group_id=wanted.group_id,
                rules=wanted.rules,
                source=wanted.source,
                offered=wanted.offered,
                created_at=now,
                created_by=who,
            )
            await self._must_exist(tx, work)
            await tx.alone()
            if (made := await tx.work_list(list_id)) is not None:
                return made, await reviewing.check(tx, made)
            await tx.put_list(work)
            await tx.put_consents(_consents(wanted.rows, home, who=who, at=now))
            items = [
                _item(row, cards, home, position=(place + 1) * STEP)
                for place, row in enumerate(wanted.rows)
            ]
            facts = replace(await tx.facts(items), elsewhere=frozenset())
            fresh = reviewed(items, facts, work.rules, work.purpose, now, home_zone=home.timezone)
            await tx.add_items(work.id, fresh)
            return work, await reviewing.check(tx, work)

    async def change(
        self, account_id: AccountId, list_id: ListId, changes: Changes, *, who: str, role: Role
    ) -> WorkList:
        """Raises NotFound, BadRequest, NotAllowed, WrongState (`why`: in_hand)."""
        async with self._book.begin(account_id) as tx:
            before = await self.readable(tx, list_id, who=who, role=role)
            after = replace(
                before,
                name=before.name if changes.name is None else changes.name.strip()[:MAX_NAME],
                mode=changes.mode or before.mode,
                rules=changes.rules or before.rules,
            )
            if changes.owner_id is not None or changes.group_id is not None:
                after = replace(after, owner_id=changes.owner_id, group_id=changes.group_id)
            if changes.state in (ListState.OPEN, ListState.PAUSED):
                after = replace(after, state=changes.state)
            _must_fit(after.purpose, after.mode, after.rules)
            _must_be_allowed(
                after.purpose, after.group_id, after.owner_id, who=who, role=role, change=True
            )
            await self._must_exist(tx, after)
            if changes.state is ListState.CLOSED:
                await close(tx, after, self._clock.now())
                after = replace(after, state=ListState.CLOSED)
            else:
                await tx.put_list(after)
            if changes.rules is not None:
                await tx.look_again(list_id)
        await self._bus.wake(TOPIC, account_id.encode())
        return after

    async def readable(self, tx: DialerTx, list_id: ListId, *, who: str, role: Role) -> WorkList:
        """Raises NotFound, for a list that is none of the asker's business alike."""
        work = await tx.work_list(list_id)
        if work is None:
            raise NotFound(why="not_found")
        if role == "operator" and f"employee:{work.owner_id}" != who:
            raise NotFound(why="not_found")
        return work

    async def _must_exist(self, tx: DialerTx, work: WorkList) -> None:
        """Somebody has to work on it."""
        if work.owner_id is not None and await tx.role(work.owner_id) is None:
            raise BadRequest("nobody has this id", why="owner")
        if work.group_id is not None and not await tx.members(work):
            raise BadRequest("nobody is in this group", why="group")


def _must_make_sense(wanted: NewList) -> None:
    if not wanted.name.strip():
        raise BadRequest("a list needs a name", why="name")
    if not wanted.rows:
        raise BadRequest("a list needs people", why="empty")
    if len(wanted.rows) > MAX_ITEMS:
        raise BadRequest("too many rows", why="too_many_rows", most=MAX_ITEMS)
    if (wanted.owner_id is None) == (wanted.group_id is None):
        raise BadRequest("one employee or one group", why="owner_or_group")
    if any(len(row.numbers) > MAX_NUMBERS for row in wanted.rows):
        raise BadRequest("too many numbers in a row", why="row_numbers", most=MAX_NUMBERS)
    for row in wanted.rows:
        if row.zone is not None and not known_zone(row.zone):
            raise BadRequest(f"no time zone {row.zone}", why="zone", zone=row.zone)
    if len({_sort_of(row) for row in wanted.rows if row.record is not None}) > 1:
        raise BadRequest("people or deals, not both", why="mixed")
    _must_fit(wanted.purpose, wanted.mode, wanted.rules)


def _sort_of(row: Row) -> str:
    """Deals are never mixed with people (L655)."""
    return "deal" if row.record is not None and row.record[0] == "deal" else "person"


def _must_fit(purpose: ListPurpose, mode: ListMode, rules: ListRules) -> None:
    if not possible(purpose, mode):
        raise BadRequest("advertising is dialled by a person", why="advertising_progressive")
    calendar(rules)


def _must_be_allowed(
    purpose: ListPurpose,
    group_id: str | None,
    owner_id: EmployeeId | None,
    *,
    who: str,
    role: Role,
    change: bool = False,
) -> None:
    """Operators make service lists for themselves; whoever leads, any for anybody. What a list is
    for decides what the law asks, so it is not everybody's to say."""
    if role != "operator":
        return
    if group_id is not None or f"employee:{owner_id}" != who:
        raise NotAllowed("lists of others are made by whoever leads", why="list_supervisors_only")
    if purpose is ListPurpose.ADVERTISING and not change:
        raise NotAllowed("advertising is begun by whoever leads", why="list_supervisors_only")


def _item(
    row: Row,
    cards: Mapping[RecordKey, CardRecord | None],
    home: Home,
    *,
    position: int,
) -> Item:
    card: CardRecord | None = None
    gone = False
    if row.record is not None and row.record in cards:
        card = cards[row.record]
        gone = card is None
    written = row.numbers or (() if card is None else card.numbers)
    numbers = tuple(dict.fromkeys(canonical(n, region=home.region) for n in written if n.strip()))
    record = row.record
    own = None if record is None or record[0] == "deal" else f"{record[0]}:{record[1]}"
    item = Item(
        id=ItemId(new_id()),
        position=position,
        # A deal's row is called by the deal, its person by the card.
        name=(("" if card is None else card.name) or row.name).strip()[:MAX_NAME],
        numbers=numbers,
        person=person_of((card.person if card is not None else None) or own, numbers),
        record_kind=None if record is None else record[0],
        record_id=None if record is None else record[1],
        record_url=row.url or (None if card is None else card.url),
        zone=row.zone,
    )
    if gone:
        return replace(item, phase=ItemPhase.EXCLUDED, reason=ItemReason.RECORD_GONE)
    return item


def _consents(rows: Sequence[Row], home: Home, *, who: str, at: datetime) -> list[Consent]:
    return [
        consent(canonical(number, region=home.region), row.consent, who=who, at=at)
        for row in rows
        if row.consent is not None
        for number in row.numbers
        if number.strip()
    ]


def consent(number: str, proof: Proof, *, who: str, at: datetime) -> Consent:
    """The digest is of number, hour and words together: a changed word is another proof."""
    body = "\n".join((number, proof.given_at.isoformat(), proof.evidence))
    return Consent(
        number=number,
        evidence=proof.evidence,
        given_at=proof.given_at,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        created_at=at,
        created_by=who,
    )
