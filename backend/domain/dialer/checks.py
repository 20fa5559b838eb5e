"""Whether a person may be dialled, which of their numbers, and if not, why and until when (M12).

Asked when a list is loaded, when it is refreshed and in the moment of dialling. The rules are of
the law where there is one (reference/telephony §8.2), and of the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as number_zones

from backend.domain.dialer.item import Item
from backend.domain.dialer.rules import ListRules, wants_press
from backend.domain.phone_number import parse
from backend.domain.working_hours import WorkingHours, known_zone, parse_hours
from protocol.dialer_words import ItemId, ItemReason, ListPurpose

_UNKNOWN_ZONE: Final = "Etc/Unknown"
_LOOK_AHEAD_DAYS: Final = 15
_MIDNIGHT: Final = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of numbers and people, of the whole account."""

    stops: Mapping[str, Literal["do_not_call", "opted_out"]] = field(default_factory=dict)
    consents: frozenset[str] = frozenset()
    dialled: Mapping[str, datetime] = field(default_factory=dict)
    """When each number was dialled last, from any list."""
    called: Mapping[str, Mapping[ItemId, datetime]] = field(default_factory=dict)
    """When each person was, by the item it was for."""
    elsewhere: frozenset[str] = frozenset()
    """Numbers and people that are in somebody's hand now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """`number` is the one to dial; without it `reason` says why, and `until` how long where
    time will mend it."""

    number: str | None = None
    reason: ItemReason | None = None
    until: datetime | None = None

    @property
    def for_good(self) -> bool:
        """No waiting helps."""
        return self.number is None and self.reason not in NOT_NOW


NOT_NOW: Final = frozenset(
    {ItemReason.OUTSIDE_HOURS, ItemReason.TOO_SOON, ItemReason.IN_OTHER_HANDS}
)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PATIENCE: Final = timedelta(seconds=30)
"""How soon somebody is looked at again who is in another hand."""


def judged(
    item: Item,
    facts: Facts,
    rules: ListRules,
    purpose: ListPurpose,
    at: datetime,
    *,
    home_zone: str,
) -> Judged:
    """`home_zone` is the account's: taken where a number does not tell its region."""
    if not item.numbers:
        return Judged(reason=ItemReason.NO_NUMBER)
    if item.attempts >= rules.max_attempts:
        return Judged(reason=ItemReason.ATTEMPTS_SPENT)
    found = [(n, _number(item, n, facts, rules, purpose, at, home_zone)) for n in in_turn(item)]
    free = next((number for number, (reason, _) in found if reason is None), None)
    if free is not None:
        if item.person in facts.elsewhere:
            return Judged(reason=ItemReason.IN_OTHER_HANDS, until=at + _PATIENCE)
        return Judged(number=free)
    waits = [(until, reason) for _, (reason, until) in found if until is not None]
    if waits:
        until, reason = min(waits, key=lambda one: one[0])
        return Judged(reason=reason, until=until)
    return Judged(reason=found[0][1][0])


def refusal_of(item: Item, number: str, facts: Facts, purpose: ListPurpose) -> ItemReason | None:
    """Why this number is never dialled, whatever the hour."""
    if parse(number) is None:
        return ItemReason.BAD_NUMBER
    stop = facts.stops.get(number)
    if stop is not None:
        return ItemReason(stop)
    if wants_press(purpose) and number not in facts.consents:
        return ItemReason.NO_CONSENT
    return None


def in_turn(item: Item) -> list[str]:
    """The numbers, those tried least first, otherwise as they stand on the card."""

    def tries(number: str) -> int:
        known = item.tried.get(number)
        return 0 if known is None else known.attempts

    return sorted(item.numbers, key=tries)


def zone_of(item: Item, number: str, home_zone: str) -> str:
    """Where the person is: as somebody said, else where the number is from. A mobile may be
    anywhere in its country: then the account's own zone if it is one of those, else the first."""
    if item.zone is not None and known_zone(item.zone):
        return item.zone
    zones = zones_of(number)
    if not zones or home_zone in zones:
        return home_zone
    return zones[0]


@lru_cache(maxsize=50_000)
def zones_of(number: str) -> tuple[str, ...]:
    """The time zones a number's digits allow; none when they tell nothing."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ()
    zones = number_zones.time_zones_for_number(parsed)
    return tuple(zone for zone in zones if zone != _UNKNOWN_ZONE and known_zone(zone))


def next_open(hours: WorkingHours, at: datetime, zone: str) -> datetime | None:
    """`at` itself when it is open, else when it opens next; None when it never does."""
    if hours.open_at(at, zone):
        return at
    there = at.astimezone(ZoneInfo(zone))
    for days in range(_LOOK_AHEAD_DAYS):
        day = there.date() + timedelta(days=days)
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
        for begins, _ in hours.of(day):
            # By the wall clock: a day of 23 or 25 hours begins at nine all the same.
            opens = midnight + timedelta(minutes=min(begins, _MIDNIGHT - 1))
            if opens.astimezone(UTC) > at:
                return opens.astimezone(UTC)
    return None


def calendar(rules: ListRules) -> WorkingHours:
    """Raises BadRequest with the code of what is wrong (`domain.working_hours`)."""
    return parse_hours(rules.hours)


def _last(item: Item, number: str, facts: Facts) -> datetime:
    """When the number was dialled last, or its person for another item. Another number of this
    item is its next turn, no hurry."""
    others = facts.called.get(item.person, {}) if item.person else {}
    times = [at for item_id, at in others.items() if item_id != item.id]
    return max([*times, facts.dialled.get(number, _LONG_AGO)], default=_LONG_AGO)


def _number(
    item: Item,
    number: str,
    facts: Facts,
    rules: ListRules,
    purpose: ListPurpose,
    at: datetime,
    home_zone: str,
) -> tuple[ItemReason | None, datetime | None]:
    refusal = refusal_of(item, number, facts, purpose)
    if refusal is not None:
        return refusal, None
    if number in facts.elsewhere:
        return ItemReason.IN_OTHER_HANDS, at + _PATIENCE
    if item.callback:
        # The person named the hour: neither the list's hours nor its gap are against it.
        return None, None
    free_at = _last(item, number, facts) + timedelta(seconds=rules.min_gap_s)
    if at < free_at:
        return ItemReason.TOO_SOON, free_at
    opens = next_open(calendar(rules), at, zone_of(item, number, home_zone))
    if opens is None:
        return ItemReason.OUTSIDE_HOURS, at + timedelta(days=_LOOK_AHEAD_DAYS)
    if opens > at:
        return ItemReason.OUTSIDE_HOURS, opens
    return None, None
