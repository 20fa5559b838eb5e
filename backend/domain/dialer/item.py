"""One person of a list, and every step they may take (`protocol.dialer_words.ItemPhase`).

Steps are pure: they give the item as it is afterwards or raise. Whoever holds an item proves it by
its fence, which grows with every hand, so that a second hand's step is refused and never undoes
the first one's (R5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from backend.domain.dialer.rules import NOT_COUNTED, TYPING_S, Disposition, ListRules
from backend.errors import WrongState
from protocol.dialer import MAX_WRAP_UP_S
from protocol.dialer_words import AttemptOutcome, DispositionEffect, ItemId, ItemPhase, ItemReason
from protocol.vocabulary import CallId, EmployeeId

WAITING: Final = frozenset({ItemPhase.WAITING, ItemPhase.LATER})
IN_HAND: Final = frozenset(
    {ItemPhase.SHOWN, ItemPhase.DIALLING, ItemPhase.TALKING, ItemPhase.WRAP_UP}
)
ON_THE_LINE: Final = frozenset({ItemPhase.DIALLING, ItemPhase.TALKING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How one of the numbers did so far."""

    attempts: int
    last: AttemptOutcome | None = None
    """None while it is being dialled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    id: ItemId
    position: int
    """Place in the list; grows, need not be without holes."""
    name: str = ""
    numbers: tuple[str, ...] = ()
    """E.164 in the order they are tried; what is no number stays as it was written."""
    person: str = ""
    """Who it is: the same words are the same person, across lists."""
    record_kind: str | None = None
    record_id: str | None = None
    record_url: str | None = None
    zone: str | None = None
    """IANA, where somebody said where the person is."""
    phase: ItemPhase = ItemPhase.WAITING
    fence: int = 0
    held_by: EmployeeId | None = None
    since: datetime | None = None
    """When the phase began."""
    until: datetime | None = None
    """When the time to look, or the wrap-up, is over."""
    ended_at: datetime | None = None
    """When the talk that is wrapped up was over."""
    call_id: CallId | None = None
    number: str | None = None
    """The one dialled now or last."""
    attempts: int = 0
    tried: Mapping[str, Tried] = field(default_factory=dict)
    due_at: datetime | None = None
    due_for: EmployeeId | None = None
    not_before: datetime | None = None
    """Until then `reason` keeps it from being dialled."""
    callback: bool = False
    """The person named the hour."""
    outcome: AttemptOutcome | None = None
    disposition: str | None = None
    note: str = ""
    callback_at: datetime | None = None
    """Said in the talk; counts when it is over."""
    callback_for: EmployeeId | None = None
    reason: ItemReason | None = None
    same_as: ItemId | None = None

    def held(self, by: EmployeeId, fence: int) -> Item:
        """Itself. Raises WrongState (`why`: stale) when it is in another hand, or in none."""
        if self.phase not in IN_HAND or self.held_by != by or self.fence != fence:
            raise WrongState(f"item {self.id} is in another hand", why="stale")
        return self


def part_of(phase: ItemPhase) -> str:
    """waiting, in_hand, done or excluded: the four that add up to what was loaded."""
    if phase in WAITING:
        return "waiting"
    return "in_hand" if phase in IN_HAND else phase.value


def taken(item: Item, by: EmployeeId, at: datetime, *, looks_s: int) -> Item:
    """Put before an operator. Raises WrongState unless it waits."""
    _must(item, WAITING)
    return replace(
        item,
        phase=ItemPhase.SHOWN,
        fence=item.fence + 1,
        held_by=by,
        since=at,
        until=at + timedelta(seconds=looks_s),
        disposition=None,
        callback_at=None,
        callback_for=None,
        reason=None,
        not_before=None,
    )


def kept_back(item: Item, reason: ItemReason, until: datetime) -> Item:
    """Not now: it keeps its place and is looked at again then."""
    _must(item, WAITING)
    return replace(item, reason=reason, not_before=until)


def released(item: Item, at: datetime) -> Item:
    """Back to its place: nobody was dialled."""
    _must(item, {ItemPhase.SHOWN})
    return _free(item, at, ItemPhase.LATER if item.due_at is not None else ItemPhase.WAITING)


def skipped(item: Item, at: datetime, *, last: int) -> Item:
    """Back to the list, behind position `last`."""
    _must(item, {ItemPhase.SHOWN})
    return replace(
        _free(item, at, ItemPhase.WAITING),
        position=last + 1,
        due_at=None,
        due_for=None,
        callback=False,
    )


def dialling(item: Item, number: str, call_id: CallId, at: datetime) -> Item:
    """About to be dialled; kept before the order is given."""
    _must(item, {ItemPhase.SHOWN})
    tried = {**item.tried, number: Tried(attempts=_tries(item, number) + 1)}
    return replace(
        item,
        phase=ItemPhase.DIALLING,
        since=at,
        until=None,
        number=number,
        call_id=call_id,
        attempts=item.attempts + 1,
        tried=tried,
        due_at=None,
        due_for=None,
        callback=False,
    )


def answered(item: Item, call_id: CallId, at: datetime) -> Item:
    """Itself where the talk is known, or is another one's."""
    if item.phase is not ItemPhase.DIALLING or item.call_id != call_id:
        return item
    return replace(item, phase=ItemPhase.TALKING, since=at)


def ended(
    item: Item, call_id: CallId, outcome: AttemptOutcome, at: datetime, rules: ListRules
) -> Item:
    """The call is over; what came of it is to be said. Itself where that is known."""
    late = (
        item.phase is ItemPhase.WRAP_UP
        and outcome is AttemptOutcome.REACHED
        and item.outcome is not AttemptOutcome.REACHED
    )
    """The switch's next owner saw it answered after the last one gave it up."""
    if (item.phase not in ON_THE_LINE and not late) or item.call_id != call_id:
        return item
    number = item.number or ""
    counted = outcome not in NOT_COUNTED
    tries = _tries(item, number) - (0 if counted else 1)
    reached = outcome is AttemptOutcome.REACHED
    lasts = rules.wrap_up_s if reached else rules.missed_s
    return replace(
        item,
        phase=ItemPhase.WRAP_UP,
        since=at,
        ended_at=at,
        until=at + timedelta(seconds=lasts),
        outcome=outcome,
        attempts=item.attempts if counted else item.attempts - 1,
        tried={**item.tried, number: Tried(attempts=tries, last=outcome)},
    )


def not_begun(item: Item, call_id: CallId, at: datetime) -> Item:
    """The call was refused before anything rang: back to its place, and nothing counts."""
    if item.phase is not ItemPhase.DIALLING or item.call_id != call_id:
        return item
    number = item.number or ""
    tries = _tries(item, number) - 1
    tried = {key: value for key, value in item.tried.items() if key != number}
    if tries > 0:
        tried[number] = Tried(attempts=tries, last=item.outcome)
    return replace(
        _free(item, at, ItemPhase.WAITING), attempts=item.attempts - 1, tried=tried, number=None
    )


def typing(item: Item, at: datetime) -> Item:
    """The operator writes: the wrap-up lasts a little longer, never past L667's 2,000 s."""
    if item.phase is not ItemPhase.WRAP_UP or item.ended_at is None or item.until is None:
        return item
    most = item.ended_at + timedelta(seconds=MAX_WRAP_UP_S)
    return replace(item, until=min(most, max(item.until, at + timedelta(seconds=TYPING_S))))


def disposed(
    item: Item,
    disposition: Disposition,
    *,
    note: str,
    callback_at: datetime | None,
    callback_for: EmployeeId | None,
) -> Item:
    """What came of it, said in the talk or after it; the last word counts."""
    _must(item, ON_THE_LINE | {ItemPhase.WRAP_UP})
    back = disposition.effect is DispositionEffect.CALLBACK
    return replace(
        item,
        disposition=disposition.id,
        note=note,
        callback_at=callback_at if back else None,
        callback_for=callback_for if back else None,
    )


def wrapped_up(
    item: Item, at: datetime, rules: ListRules, effect: DispositionEffect | None
) -> Item:
    """The wrap-up is over: done, or back to the list by what was said, else by the outcome."""
    _must(item, {ItemPhase.WRAP_UP})
    spent = item.attempts >= rules.max_attempts
    if effect is DispositionEffect.CALLBACK and item.callback_at is not None:
        return replace(
            _free(item, at, ItemPhase.LATER),
            due_at=item.callback_at,
            due_for=item.callback_for,
            callback=True,
        )
    if effect is DispositionEffect.DO_NOT_CALL:
        return _free(item, at, ItemPhase.DONE)
    if effect is DispositionEffect.REPEAT and not spent:
        gap = rules.repeat.get(AttemptOutcome.NO_ANSWER)
        after = max(rules.min_gap_s, gap.after_s if gap else 0)
        return replace(_free(item, at, ItemPhase.LATER), due_at=at + timedelta(seconds=after))
    if effect is None and item.outcome is AttemptOutcome.OPERATOR_AWAY:
        return _free(item, at, ItemPhase.WAITING)
    if effect is None and item.outcome is not AttemptOutcome.REACHED and not spent:
        return _by_the_outcome(item, at, rules)
    return _free(item, at, ItemPhase.DONE)


def repeated(item: Item, at: datetime) -> Item:
    """Among those who wait again, because somebody asked for it."""
    _must(item, {ItemPhase.DONE})
    return replace(
        _free(item, at, ItemPhase.WAITING), due_at=None, due_for=None, callback=False, reason=None
    )


def excluded(
    item: Item, reason: ItemReason, at: datetime, *, same_as: ItemId | None = None
) -> Item:
    """Never dialled, or not any more. Raises WrongState while it is on the line."""
    _must(item, WAITING | {ItemPhase.SHOWN})
    return replace(
        _free(item, at, ItemPhase.EXCLUDED), reason=reason, same_as=same_as, callback=False
    )


def restored(item: Item, at: datetime) -> Item:
    """What excluded it is repaired."""
    _must(item, {ItemPhase.EXCLUDED})
    return replace(_free(item, at, ItemPhase.WAITING), reason=None, same_as=None)


def _by_the_outcome(item: Item, at: datetime, rules: ListRules) -> Item:
    """Another number of the same person at once; else later, as the list says; else done."""
    current = _tries(item, item.number or "")
    if any(_tries(item, number) < current for number in item.numbers):
        return _free(item, at, ItemPhase.WAITING)
    rule = None if item.outcome is None else rules.repeat.get(item.outcome)
    if rule is None or current > rule.most:
        return _free(item, at, ItemPhase.DONE)
    return replace(_free(item, at, ItemPhase.LATER), due_at=at + timedelta(seconds=rule.after_s))


def _free(item: Item, at: datetime, phase: ItemPhase) -> Item:
    return replace(
        item, phase=phase, held_by=None, since=at, until=None, ended_at=None, call_id=None
    )


def _tries(item: Item, number: str) -> int:
    known = item.tried.get(number)
    return 0 if known is None else known.attempts


def _must(item: Item, phases: frozenset[ItemPhase] | set[ItemPhase]) -> None:
    if item.phase not in phases:
        raise WrongState(f"item {item.id} is {item.phase}", why="stale")
