"""Whom the dialer refuses, with which reason and until when (M12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from backend.domain.dialer.checks import Facts, calendar, judged, next_open, zone_of, zones_of
from backend.domain.dialer.item import Item, Tried
from backend.domain.dialer.rules import ListRules
from backend.domain.dialer.same import doubles, person_of
from backend.errors import BadRequest
from protocol.dialer_words import ItemId, ItemReason, ListPurpose

MOSCOW, VLADIVOSTOK, MOBILE = "+74951234567", "+74232123456", "+79161234567"
HOME = "Europe/Moscow"
NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""Monday; 12:00 in Moscow, 19:00 in Vladivostok."""
RULES = ListRules(min_gap_s=3600, max_attempts=3)
ONE = Item(id=ItemId("i1"), position=1, numbers=(MOSCOW,), person="contact:1")


def judge(one: Item = ONE, at: datetime = NOON, **facts: Any) -> Any:
    purpose = facts.pop("purpose", ListPurpose.SERVICE)
    return judged(one, Facts(**facts), RULES, purpose, at, home_zone=HOME)


def test_whoever_nothing_is_against_is_dialled() -> None:
    assert judge().number == MOSCOW


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"stops": {MOSCOW: "do_not_call"}}, ItemReason.DO_NOT_CALL),
        ({"stops": {MOSCOW: "opted_out"}}, ItemReason.OPTED_OUT),
        ({"purpose": ListPurpose.ADVERTISING}, ItemReason.NO_CONSENT),
    ],
)
def test_what_is_for_good_names_no_hour(facts: dict[str, Any], reason: ItemReason) -> None:
    verdict = judge(**facts)
    assert (verdict.reason, verdict.until, verdict.for_good) == (reason, None, True)


def test_consent_is_asked_for_by_advertising_alone() -> None:
    consent = frozenset({MOSCOW})
    assert judge(purpose=ListPurpose.ADVERTISING, consents=consent).number == MOSCOW
    stopped = judge(purpose=ListPurpose.ADVERTISING, consents=consent, stops={MOSCOW: "opted_out"})
    assert stopped.reason is ItemReason.OPTED_OUT


def test_the_hours_are_of_the_person_not_of_the_office() -> None:
    far = replace(ONE, numbers=(VLADIVOSTOK,))
    assert judge(far).number == VLADIVOSTOK
    evening = NOON + timedelta(hours=2)  # 14:00 in Moscow, 21:00 in Vladivostok
    assert judge(ONE, evening).number == MOSCOW
    verdict = judge(far, evening)
    assert verdict.reason is ItemReason.OUTSIDE_HOURS
    # Nine in the morning over there is eleven at night in UTC, the day before.
    assert verdict.until == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)


def test_where_a_person_is_is_read_off_what_is_known_best() -> None:
    assert zones_of(VLADIVOSTOK) == ("Asia/Vladivostok",)
    assert len(zones_of(MOBILE)) > 5
    assert zone_of(ONE, MOBILE, HOME) == HOME
    assert zone_of(replace(ONE, zone="Asia/Omsk"), MOBILE, HOME) == "Asia/Omsk"
    assert zone_of(replace(ONE, zone="Mars/Base"), VLADIVOSTOK, HOME) == "Asia/Vladivostok"
    assert zone_of(ONE, "+4930123456", HOME) == "Europe/Berlin"
    assert zones_of("nonsense") == ()


def test_nine_is_nine_on_the_day_the_clock_is_put_forward() -> None:
    hours = calendar(ListRules())
    saturday = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)
    assert next_open(hours, saturday, "Europe/Berlin") == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert next_open(calendar(ListRules(hours={})), NOON, HOME) is None
    with pytest.raises(BadRequest):
        calendar(ListRules(hours={"mon": ("late",)}))


def test_a_number_rests_whoever_dialled_it() -> None:
    verdict = judge(dialled={MOSCOW: NOON - timedelta(minutes=10)})
    assert verdict.reason is ItemReason.TOO_SOON
    assert verdict.until == NOON + timedelta(minutes=50)
    assert judge(dialled={MOSCOW: NOON - timedelta(minutes=61)}).number == MOSCOW


def test_a_person_rests_on_another_number_too_but_not_between_his_own() -> None:
    just_now = NOON - timedelta(minutes=1)
    other = {"contact:1": {ItemId("of another list"): just_now}}
    assert judge(called=other).reason is ItemReason.TOO_SOON
    own = {"contact:1": {ONE.id: just_now}}
    two = replace(ONE, numbers=(MOBILE, MOSCOW), tried={MOBILE: Tried(attempts=1)})
    assert judge(two, called=own, dialled={MOBILE: just_now}).number == MOSCOW


def test_who_named_the_hour_is_called_in_it() -> None:
    night = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    asked = replace(ONE, callback=True)
    assert judge(asked, night, dialled={MOSCOW: night}).number == MOSCOW
    assert judge(asked, night, stops={MOSCOW: "opted_out"}).reason is ItemReason.OPTED_OUT


def test_in_other_hands_is_not_now() -> None:
    for word in (MOSCOW, "contact:1"):
        verdict = judge(elsewhere=frozenset({word}))
        assert verdict.reason is ItemReason.IN_OTHER_HANDS
        assert not verdict.for_good


def test_no_more_than_the_list_allows() -> None:
    assert judge(replace(ONE, attempts=3)).reason is ItemReason.ATTEMPTS_SPENT
    assert judge(replace(ONE, numbers=())).reason is ItemReason.NO_NUMBER
    assert judge(replace(ONE, numbers=("abc",))).reason is ItemReason.BAD_NUMBER


def test_one_bad_number_does_not_keep_the_good_one() -> None:
    both = replace(ONE, numbers=("abc", MOSCOW, MOBILE))
    assert judge(both, stops={MOSCOW: "do_not_call"}).number == MOBILE


def test_a_list_has_each_person_once() -> None:
    def row(n: int, person: str, *numbers: str) -> Item:
        return Item(id=ItemId(f"i{n}"), position=n, person=person, numbers=numbers)

    rows = [
        row(1, "contact:1", MOSCOW),
        row(2, "contact:2", MOBILE, MOSCOW),
        row(3, "contact:1", VLADIVOSTOK),
        row(4, "contact:4", VLADIVOSTOK),
    ]
    # The third row is dropped with all its numbers: the fourth is somebody else.
    assert doubles(rows) == {ItemId("i2"): ItemId("i1"), ItemId("i3"): ItemId("i1")}
    assert person_of(None, [MOSCOW]) == f"tel:{MOSCOW}"


def test_no_rule_is_out_of_bounds() -> None:
    wrongs: list[dict[str, Any]] = [
        {"wrap_up_s": 2001},
        {"max_attempts": 0},
        {"repeat": {"reached?": {}}},
    ]
    for wrong in wrongs:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, ListRules)
    assert msgspec.convert({"wrap_up_s": 2000}, ListRules).wrap_up_s == 2000
