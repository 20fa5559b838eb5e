"""Whether somebody works at an instant, by a calendar people wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from backend.domain.working_hours import parse_hours
from backend.errors import BadRequest

OFFICE = {"mon": ["09:00-13:00", "14:00-18:00"], "fri": ["09:00-17:00"], "sat": ["22:00-02:00"]}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.feature("T")
@pytest.mark.parametrize(
    ("moscow", "is_open"),
    [
        ("2026-03-02T08:59", False),
        ("2026-03-02T09:00", True),  # a Monday
        ("2026-03-02T12:59", True),
        ("2026-03-02T13:00", False),
        ("2026-03-02T14:00", True),
        ("2026-03-02T18:00", False),
        ("2026-03-03T10:00", False),  # no hours on Tuesdays
        ("2026-03-07T23:00", True),
        ("2026-03-08T01:59", True),  # Saturday's, past midnight
        ("2026-03-08T02:00", False),
    ],
)
def test_hours_are_those_of_the_zone_s_clock(moscow: str, is_open: bool) -> None:
    hours = parse_hours(OFFICE)
    at = datetime.fromisoformat(f"{moscow}:00+03:00")
    assert hours.open_at(at, "Europe/Moscow") is is_open
    assert hours.open_at(at.astimezone(UTC), "Europe/Moscow") is is_open


def test_a_calendar_s_own_zone_beats_the_account_s() -> None:
    hours = parse_hours({"mon": ["09:00-18:00"]}, timezone="Asia/Vladivostok")
    assert hours.open_at(utc("2026-03-01T23:30"), "Europe/Moscow")
    assert not hours.open_at(utc("2026-03-02T14:00"), "Europe/Moscow")


def test_single_days_beat_yearly_ones_and_those_the_week() -> None:
    days = {"01-05": [], "2027-01-05": ["10:00-12:00"], "02-29": ["00:00-24:00"]}
    hours = parse_hours({"mon": ["09:00-18:00"], "tue": ["09:00-18:00"]}, days)
    assert not hours.open_at(utc("2026-01-05T10:00"), "UTC")  # a Monday, closed each year
    assert hours.open_at(utc("2027-01-05T11:00"), "UTC")
    assert not hours.open_at(utc("2027-01-05T13:00"), "UTC")
    assert hours.open_at(utc("2028-02-29T23:59"), "UTC")


def test_the_hour_that_comes_twice_is_open_both_times() -> None:
    hours = parse_hours({"sun": ["02:00-03:00"]})
    # 2026-10-25: clocks in Berlin go from 03:00 summer time back to 02:00.
    assert hours.open_at(utc("2026-10-25T00:30"), "Europe/Berlin")
    assert hours.open_at(utc("2026-10-25T01:30"), "Europe/Berlin")
    assert not hours.open_at(utc("2026-10-25T02:30"), "Europe/Berlin")


@pytest.mark.parametrize(
    ("week", "days", "zone", "why"),
    [
        (None, None, None, "hours_week"),
        ({"monday": []}, None, None, "hours_weekday"),
        ({"mon": "09:00-18:00"}, None, None, "hours_list"),
        ({"mon": [9]}, None, None, "hours_list"),
        ({"mon": ["9-18"]}, None, None, "hours_interval"),
        ({"mon": ["25:00-26:00"]}, None, None, "hours_interval"),
        ({"mon": ["09:00-09:00"]}, None, None, "hours_interval"),
        ({"mon": ["24:00-01:00"]}, None, None, "hours_interval"),
        ({"mon": ["09:00-13:00", "12:00-18:00"]}, None, None, "hours_overlap"),
        ({}, {"2026-02-30": []}, None, "hours_day"),
        ({}, {"13-01": []}, None, "hours_day"),
        ({}, ["2026-01-01"], None, "hours_days"),
        ({}, None, "Europe/Atlantis", "bad_timezone"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(week: Any, days: Any, zone: Any, why: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_hours(week, days, zone)
    assert caught.value.data["why"] == why
