"""What tabs are shown of lists and their people."""

from __future__ import annotations

from collections.abc import Iterable

from backend.domain.dialer.checks import Facts, refusal_of, zone_of
from backend.domain.dialer.item import Item
from backend.domain.dialer.rules import Disposition, wants_press
from backend.services.dialer.texts import told
from backend.services.ports.dialer import Counts, WorkList
from protocol.dialer import (
    DialerCounts,
    DialerDisposition,
    DialerInHand,
    DialerItem,
    DialerList,
    DialerNumber,
    DialerRecord,
)
from protocol.dialer_words import ItemPhase, ListPurpose
from protocol.vocabulary import EmployeeId

_KINDS = ("contact", "company", "lead", "deal")


def counts_view(counts: Counts) -> DialerCounts:
    return DialerCounts(
        loaded=counts.loaded,
        waiting=counts.waiting,
        in_hand=counts.in_hand,
        done=counts.done,
        excluded=counts.excluded,
    )


def list_view(work: WorkList, counts: Counts, *, may_edit: bool) -> DialerList:
    offered = work.offered
    return DialerList(
        id=work.id,
        name=work.name,
        purpose=work.purpose,
        mode=work.mode,
        state=work.state,
        team=work.group_id is not None,
        preview_s=work.rules.looks_s(work.mode),
        wrap_up_s=work.rules.wrap_up_s,
        counts=counts_view(counts),
        may_edit=may_edit,
        source=work.source,
        taken=None if offered is None else counts.loaded,
        offered=offered,
    )


def item_view(
    one: Item,
    *,
    language: str,
    home_zone: str,
    who: EmployeeId | None = None,
    facts: Facts | None = None,
    purpose: ListPurpose = ListPurpose.SERVICE,
) -> DialerItem:
    """With `facts` each number says whether it may be dialled."""
    record = None
    if one.record_id is not None and one.record_kind in _KINDS:
        record = DialerRecord(
            kind=one.record_kind,  # type: ignore[arg-type]
            id=one.record_id,
            url=one.record_url,
        )
    numbers = []
    for number in one.numbers:
        known = one.tried.get(number)
        numbers.append(
            DialerNumber(
                number=number,
                refusal=None if facts is None else refusal_of(one, number, facts, purpose),
                last=None if known is None else known.last,
                attempts=0 if known is None else known.attempts,
            )
        )
    shown = one.reason is not None
    return DialerItem(
        id=one.id,
        fence=one.fence,
        phase=one.phase,
        name=one.name,
        numbers=numbers,
        record=record,
        reason=one.reason,
        reason_text=told(one.reason, language) if shown and one.reason else None,
        same_as=one.same_as,
        due_at=one.not_before or one.due_at,
        mine=who is not None and one.due_for == who,
        disposition=one.disposition,
        note=one.note,
        outcome=one.outcome,
        attempts=one.attempts,
        zone=zone_of(one, one.numbers[0], home_zone) if one.numbers else one.zone,
    )


def in_hand_view(one: Item, work: WorkList, item: DialerItem) -> DialerInHand | None:
    if one.since is None:
        return None
    return DialerInHand(
        item=item,
        since=one.since,
        until=one.until,
        press=one.phase is ItemPhase.SHOWN and wants_press(work.purpose),
        call_id=one.call_id,
        number=one.number if one.phase is not ItemPhase.SHOWN else None,
        callback=one.callback,
    )


def dispositions_view(dispositions: Iterable[Disposition]) -> list[DialerDisposition]:
    return [
        DialerDisposition(id=one.id, name=one.name, effect=one.effect, reached=one.reached)
        for one in dispositions
    ]
