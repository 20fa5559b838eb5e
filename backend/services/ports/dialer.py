"""What the dialer keeps: lists, their people, who works on them, every attempt.

Everything happens in transactions of one account. A step reads the rows it decides by with a lock
on them, and writes what it decided before anything is dialled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from backend.domain.dialer.checks import Facts
from backend.domain.dialer.item import Item
from backend.domain.dialer.rules import Disposition, ListRules
from protocol.dialer_words import (
    AttemptOutcome,
    ItemId,
    ItemReason,
    ListId,
    ListMode,
    ListPurpose,
    ListState,
    RunState,
    WaitReason,
)
from protocol.vocabulary import AccountId, CallId, EmployeeId, RefusalReason

Part = Literal["all", "waiting", "in_hand", "done", "excluded"]
Known = Literal["kept", "live", "rung"]
"""How much is known of a call: it is over and kept; its journal is open; something of it was
about to ring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkList:
    """`owner_id` works on it alone, or the people of `group_id` together."""

    id: ListId
    name: str
    purpose: ListPurpose
    mode: ListMode
    state: ListState = ListState.OPEN
    owner_id: EmployeeId | None = None
    group_id: str | None = None
    rules: ListRules = field(default_factory=ListRules)
    source: str = "api"
    offered: int | None = None
    """How many the source had, where that is more than it gave."""
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """By part; what was loaded is their sum, and `loaded` is counted apart."""

    loaded: int = 0
    waiting: int = 0
    in_hand: int = 0
    done: int = 0
    excluded: int = 0

    @property
    def holds(self) -> bool:
        """The law of the dialer (R5)."""
        return self.loaded == self.waiting + self.in_hand + self.done + self.excluded


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How far one employee is with his list; `seen_at` is when he was there last."""

    employee_id: EmployeeId
    list_id: ListId
    state: RunState
    since: datetime
    seen_at: datetime
    blend: bool = False
    waits: WaitReason | None = None
    refusal: RefusalReason | None = None
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One dialling of one number, written down before it is asked for."""

    call_id: CallId
    list_id: ListId
    item_id: ItemId
    employee_id: EmployeeId
    number: str
    person: str
    n: int
    shown_at: datetime | None
    at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    wrapped_at: datetime | None = None
    outcome: AttemptOutcome | None = None
    talk_s: int = 0
    disposition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What keeps those who wait, when nobody can be taken."""

    waiting: int = 0
    in_hand: int = 0
    next_at: datetime | None = None
    reason: ItemReason | None = None
    """Of whoever comes first; None: the person named the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A number nobody of the account dials."""

    number: str
    kind: Literal["do_not_call", "opted_out"]
    note: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A proof that a person agreed to be called. `digest` is of the evidence as it was given."""

    number: str
    evidence: str
    given_at: datetime
    digest: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where the account is."""

    region: str = "RU"
    timezone: str = "Europe/Moscow"


Role = Literal["operator", "supervisor", "administrator"]


class DialerTx(Protocol):
    """One transaction of one account."""

    async def home(self) -> Home: ...
    async def role(self, employee_id: EmployeeId) -> Role | None:
        """None: nobody who works here."""

    async def once(self, command: str) -> bool:
        """False: this command was carried out before."""

    async def alone(self) -> None:
        """From here to the end no other transaction of the account takes anybody in hand."""

    # ── lists ──
    async def work_list(self, list_id: ListId, *, lock: bool = False) -> WorkList | None: ...
    async def lists_of(self, employee_id: EmployeeId) -> list[WorkList]:
        """Those he may work on, newest first, without closed ones."""

    async def all_lists(self) -> list[WorkList]: ...
    async def put_list(self, work: WorkList) -> None: ...
    async def members(self, work: WorkList) -> set[EmployeeId]: ...
    async def counts(self, list_id: ListId) -> Counts: ...

    # ── their people ──
    async def add_items(self, list_id: ListId, items: Sequence[Item]) -> None: ...
    async def item(self, item_id: ItemId) -> tuple[ListId, Item] | None:
        """With a lock."""

    async def in_hand(self, employee_id: EmployeeId) -> tuple[ListId, Item] | None:
        """Whoever is before him, with a lock."""

    async def items(
        self, list_id: ListId, part: Part = "all", *, after: int | None = None, limit: int = 50
    ) -> list[Item]:
        """By position, those behind `after`."""

    async def candidates(
        self, list_id: ListId, employee_id: EmployeeId, at: datetime, *, limit: int
    ) -> list[Item]:
        """Those who wait and may come now, in the order they do: call-backs whose hour has come,
        then by position. With locks; rows another transaction holds are left out."""

    async def save(self, list_id: ListId, before: Item, after: Item) -> None:
        """Raises WrongState (`why`: stale) when the row is not `before` any more."""

    async def left(self, list_id: ListId, employee_id: EmployeeId) -> Left: ...
    async def last_position(self, list_id: ListId) -> int: ...
    async def look_again(self, list_id: ListId) -> None:
        """Forget why and until when anybody was kept back: the rules are others now."""

    async def close_waiting(self, list_id: ListId, reason: ItemReason, at: datetime) -> None:
        """Exclude everybody who waits."""

    async def repeat(
        self, list_id: ListId, outcomes: Sequence[AttemptOutcome], at: datetime, *, most: int
    ) -> int:
        """Put those who are done with one of these outcomes, after less than `most` attempts,
        among those who wait; how many."""

    async def move(self, list_id: ListId, item_id: ItemId, before: ItemId | None) -> bool:
        """Give the item the place before another one, or the last. False: there is no such one."""

    async def facts(self, items: Sequence[Item]) -> Facts: ...

    # ── who works ──
    async def run(self, employee_id: EmployeeId, *, lock: bool = False) -> Run | None: ...
    async def runs(self, list_id: ListId | None = None) -> list[Run]: ...
    async def put_run(self, run: Run) -> None: ...

    # ── attempts ──
    async def add_attempt(self, attempt: Attempt) -> None: ...
    async def attempt(self, call_id: CallId) -> Attempt | None:
        """Without a lock: that of its item counts."""

    async def put_attempt(self, attempt: Attempt) -> None: ...
    async def attempts(self, list_id: ListId) -> list[Attempt]:
        """All of them, oldest first."""

    async def names(self, items: Sequence[ItemId]) -> Mapping[ItemId, str]:
        """What these people are called."""

    async def call_known(self, call_id: CallId) -> Known | None: ...
    async def tell_crm(self, call_id: CallId) -> None:
        """Have the record of this attempt moved to its disposition's stage, once the transaction
        is on disk."""

    # ── what the account says ──
    async def dispositions(self) -> tuple[Disposition, ...]:
        """None chosen: empty."""

    async def put_dispositions(self, dispositions: Sequence[Disposition]) -> None: ...
    async def stops(self) -> list[Stop]: ...
    async def put_stop(self, stop: Stop) -> None:
        """The person's own word is never weakened to the account's."""

    async def drop_stop(self, number: str) -> bool: ...
    async def consents(self) -> list[Consent]: ...
    async def put_consents(self, consents: Sequence[Consent]) -> None: ...
    async def revoke_consent(self, number: str, at: datetime) -> bool: ...


class DialerBook(Protocol):
    def begin(self, account_id: AccountId) -> AbstractAsyncContextManager[DialerTx]: ...

    async def working(self, accounts: Iterable[AccountId]) -> Mapping[AccountId, list[Run]]:
        """Who of these accounts is running or stopping."""
