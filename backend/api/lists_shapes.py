"""What the lists' HTTP door hears and says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backend.domain.dialer.rules import MAX_ITEMS, MAX_NUMBERS, Disposition, ListRules
from protocol.dialer import DialerCheck, DialerList
from protocol.dialer_words import AttemptOutcome, ListMode, ListPurpose, ListState

_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_Text = Annotated[str, Meta(max_length=200)]


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all requests are."""


class RecordIn(Asked, frozen=True, kw_only=True):
    kind: Literal["contact", "company", "lead", "deal"]
    id: _Id
    url: Annotated[str, Meta(max_length=500, pattern=r"^https?://")] | None = None


class ConsentIn(Asked, frozen=True, kw_only=True):
    evidence: Annotated[str, Meta(min_length=1, max_length=2_000)]
    given_at: datetime


class RowIn(Asked, frozen=True, kw_only=True):
    name: _Text = ""
    numbers: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...], Meta(max_length=MAX_NUMBERS)
    ] = ()
    record: RecordIn | None = None
    time_zone: _Text | None = None
    consent: ConsentIn | None = None


class ColumnsIn(Asked, frozen=True, kw_only=True):
    """Headings of the file's columns."""

    numbers: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=MAX_NUMBERS)]
    name: _Text | None = None
    time_zone: _Text | None = None
    consent: _Text | None = None


class FileIn(Asked, frozen=True, kw_only=True):
    file: str
    """The file in base64."""


class ListIn(Asked, frozen=True, kw_only=True):
    """`items`, or `file` with `columns`, or a `call_list` of the portal's own.
    Without `owner` and `group` it is the asker's own."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    purpose: ListPurpose
    mode: ListMode = ListMode.PREVIEW
    owner: _Id | None = None
    group: _Id | None = None
    rules: ListRules = msgspec.field(default_factory=ListRules)
    items: Annotated[tuple[RowIn, ...], Meta(max_length=MAX_ITEMS)] = ()
    file: str | None = None
    columns: ColumnsIn | None = None
    call_list: _Id | None = None
    source: Literal["api", "file", "amocrm", "bitrix24"] = "api"
    offered: Annotated[int, Meta(ge=0)] | None = None


class ListPatch(Asked, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    state: ListState | None = None
    mode: ListMode | None = None
    owner: _Id | None = None
    group: _Id | None = None
    rules: ListRules | None = None


class StopIn(Asked, frozen=True, kw_only=True):
    number: Annotated[str, Meta(min_length=3, max_length=64)]
    kind: Literal["do_not_call", "opted_out"] = "do_not_call"
    note: Annotated[str, Meta(max_length=500)] = ""


class ConsentOf(ConsentIn, frozen=True, kw_only=True):
    number: Annotated[str, Meta(min_length=3, max_length=64)]


class DispositionsIn(Asked, frozen=True, kw_only=True):
    items: Annotated[tuple[Disposition, ...], Meta(max_length=40)]
    """None: the standard ones again."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What all answers are."""


class ColumnsAnswer(Answer, frozen=True, kw_only=True):
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first five."""
    guess: ColumnsIn | None
    """None: no heading looks like one of numbers."""
    total: int


class ListAnswer(Answer, frozen=True, kw_only=True):
    """`list` under its own name would hide the type."""

    entry: DialerList = msgspec.field(name="list")
    rules: ListRules
    owner: str | None
    group: str | None
    check: DialerCheck


class ListsAnswer(Answer, frozen=True, kw_only=True):
    lists: tuple[DialerList, ...]


class Share(Answer, frozen=True, kw_only=True):
    """One row of a figure; `key` goes into the filter that lists its calls."""

    key: str
    attempts: int
    reached: int = 0
    name: str = ""


class StatisticsAnswer(Answer, frozen=True, kw_only=True):
    """Seconds are whole, of everybody together. The answer rate is of 1."""

    attempts: int
    reached: int
    people: int
    people_reached: int
    answer_rate: float | None
    talk_s: int
    wrap_up_s: int
    preview_s: int
    idle_s: int
    outcomes: tuple[Share, ...]
    dispositions: tuple[Share, ...]
    by_hour: tuple[Share, ...]
    by_employee: tuple[Share, ...]


class AttemptAnswer(Answer, frozen=True, kw_only=True):
    """`call_id` is the history's."""

    call_id: str
    item_id: str
    employee_id: str
    number: str
    name: str
    at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: AttemptOutcome | None
    talk_s: int
    disposition: str | None


class AttemptsAnswer(Answer, frozen=True, kw_only=True):
    attempts: tuple[AttemptAnswer, ...]
    next: str | None


class StopAnswer(Answer, frozen=True, kw_only=True):
    number: str
    kind: str
    note: str
    created_at: datetime
    created_by: str


class StopsAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[StopAnswer, ...]


class ConsentAnswer(Answer, frozen=True, kw_only=True):
    """`digest`: SHA-256 of number, hour and evidence, each on its line."""

    number: str
    evidence: str
    given_at: datetime
    digest: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class ConsentsAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[ConsentAnswer, ...]


class DispositionsAnswer(Answer, frozen=True, kw_only=True):
    items: tuple[Disposition, ...]
