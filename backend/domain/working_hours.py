"""When people work: a week, days that differ from it, and the zone its clock shows.

A day's hours are written as a person says them, `09:00-18:00`; one that ends before it begins goes
on past midnight and belongs to the day it began. A day without hours is closed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from backend.errors import BadRequest

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_INTERVALS: Final = 8
MAX_DAYS: Final = 400
"""A year of exceptions and some; more is a file pasted into the wrong field."""

_INTERVAL = re.compile(r"([01]\d|2[0-4]):([0-5]\d)\s*[-–]\s*([01]\d|2[0-4]):([0-5]\d)")
_YEARLY = re.compile(r"(\d{2})-(\d{2})")
_MIDNIGHT = 24 * 60

Interval = tuple[int, int]
"""Minutes of the day from and to; `to` is past 1440 when it ends on the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """`week` begins with Monday. `days` are single dates; `yearly` come back each year by month
    and day and give way to `days`. Without `timezone` the account's counts."""

    week: tuple[tuple[Interval, ...], ...]
    days: Mapping[date, tuple[Interval, ...]]
    yearly: Mapping[tuple[int, int], tuple[Interval, ...]]
    timezone: str | None = None

    def open_at(self, at: datetime, timezone: str) -> bool:
        """Whether somebody works at `at`, which is aware."""
        there = at.astimezone(ZoneInfo(self.timezone or timezone))
        minute = there.hour * 60 + there.minute
        today, yesterday = there.date(), there.date() - timedelta(days=1)
        if any(begins <= minute < ends for begins, ends in self.of(today)):
            return True
        return any(minute < ends - _MIDNIGHT for _, ends in self.of(yesterday))

    def of(self, day: date) -> tuple[Interval, ...]:
        """The hours of one day; none when it is closed."""
        if day in self.days:
            return self.days[day]
        return self.yearly.get((day.month, day.day), self.week[day.weekday()])


def parse_hours(week: Any, days: Any = None, timezone: Any = None) -> WorkingHours:
    """The calendar kept as data. Raises BadRequest whose `why` is a code people get a sentence of
    (`services.settings_texts`)."""
    if not isinstance(week, Mapping):
        raise _wrong("hours_week", "week is a table of weekdays")
    if unknown := [str(name) for name in week if name not in WEEKDAYS]:
        raise _wrong("hours_weekday", f"no weekday {unknown[0]}", day=unknown[0])
    single: dict[date, tuple[Interval, ...]] = {}
    yearly: dict[tuple[int, int], tuple[Interval, ...]] = {}
    given = {} if days is None else days
    if not isinstance(given, Mapping) or len(given) > MAX_DAYS:
        raise _wrong("hours_days", f"days is a table of at most {MAX_DAYS} dates", most=MAX_DAYS)
    for name, hours in given.items():
        when, read = _day(str(name)), _intervals(str(name), hours)
        if isinstance(when, date):
            single[when] = read
        else:
            yearly[when] = read
    if timezone is not None and not known_zone(timezone):
        raise _wrong("bad_timezone", f"no time zone {timezone}")
    return WorkingHours(
        week=tuple(_intervals(name, week.get(name, ())) for name in WEEKDAYS),
        days=single,
        yearly=yearly,
        timezone=timezone,
    )


def known_zone(name: Any) -> bool:
    if not isinstance(name, str):
        return False
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _day(name: str) -> date | tuple[int, int]:
    yearly = _YEARLY.fullmatch(name)
    try:
        if yearly is None:
            return date.fromisoformat(name)
        # A leap year, so that the 29th of February is a day.
        day = date(2024, int(yearly[1]), int(yearly[2]))
    except ValueError:
        raise _wrong("hours_day", f"no date {name}", day=name) from None
    return day.month, day.day


def _intervals(day: str, given: Any) -> tuple[Interval, ...]:
    if (
        not isinstance(given, Sequence)
        or isinstance(given, str)
        or len(given) > MAX_INTERVALS
        or not all(isinstance(one, str) for one in given)
    ):
        raise _wrong("hours_list", f"{day} is a list like 09:00-18:00", day=day)
    found = sorted(_interval(day, one) for one in given)
    for (_, ends), (begins, _) in pairwise(found):
        if begins < ends:
            raise _wrong("hours_overlap", f"hours of {day} overlap", day=day)
    return tuple(found)


def _interval(day: str, text: str) -> Interval:
    matched = _INTERVAL.fullmatch(text.strip())
    if matched is None:
        raise _wrong("hours_interval", f"{text} is no 09:00-18:00", day=day, text=text)
    begins, ends = (int(matched[n]) * 60 + int(matched[n + 1]) for n in (1, 3))
    if begins >= _MIDNIGHT or ends > _MIDNIGHT or begins == ends:
        raise _wrong("hours_interval", f"{text} is no 09:00-18:00", day=day, text=text)
    return begins, ends if ends > begins else ends + _MIDNIGHT


def _wrong(why: str, said: str, **data: Any) -> BadRequest:
    return BadRequest(said, why=why, **data)
