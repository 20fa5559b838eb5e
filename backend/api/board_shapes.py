"""What the board's HTTP door says, as types: `widget/src/board/api.ts` is written from these
(`make protocol`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from protocol.vocabulary import CallId, EmployeeId


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What all answers are."""


class HourAnswer(Answer, frozen=True, kw_only=True):
    inbound: int
    answered: int
    lost: int
    outbound: int


class TotalsAnswer(Answer, frozen=True, kw_only=True):
    inbound: int
    answered: int
    lost: int
    failed: int
    in_time: int
    wait_s: int
    longest_wait_s: int
    outbound: int
    reached: int
    internal: int
    talk_s: int
    hours: tuple[HourAnswer, ...]
    """Of the day, from its first hour."""


class DayAnswer(Answer, frozen=True, kw_only=True):
    day: str
    totals: TotalsAnswer


class PersonAnswer(Answer, frozen=True, kw_only=True):
    employee_id: EmployeeId
    name: str
    answered: int
    missed: int
    placed: int
    reached: int
    talk_s: int


class FiguresAnswer(Answer, frozen=True, kw_only=True):
    totals: TotalsAnswer
    days: tuple[DayAnswer, ...]
    people: tuple[PersonAnswer, ...]


class PastEvent(Answer, frozen=True, kw_only=True):
    at: datetime
    push: dict[str, Any]


class PastAnswer(Answer, frozen=True, kw_only=True):
    began_at: datetime
    ended_at: datetime
    start: tuple[dict[str, Any], ...]
    """The view at the beginning: the newest push of each entity."""
    events: tuple[PastEvent, ...]
    digest: str
    """Of the view at the end (`domain.board.view.digest`)."""


class DeedAnswer(Answer, frozen=True, kw_only=True):
    at: datetime
    by: EmployeeId
    what: str
    employee_id: EmployeeId | None
    call_id: CallId | None
    detail: dict[str, Any]


class DeedsAnswer(Answer, frozen=True, kw_only=True):
    """Newest first."""

    items: tuple[DeedAnswer, ...]


ANSWERS = (FiguresAnswer, PastAnswer, DeedsAnswer)
