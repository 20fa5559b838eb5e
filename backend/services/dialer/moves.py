"""The steps both doors take, the operator's and the clock's: each within one transaction.

A step that ends in a call gives the order for it back: it is carried out once the transaction is
on disk, never before.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.dialer import item as steps
from backend.domain.dialer.checks import judged
from backend.domain.dialer.item import Item
from backend.domain.dialer.rules import Disposition, standard_dispositions
from backend.errors import WrongState
from backend.services.ports.dialer import Attempt, DialerTx, Home, Left, Run, Stop, WorkList
from protocol.dialer_words import (
    AttemptOutcome,
    DispositionEffect,
    ItemId,
    ItemPhase,
    ItemReason,
    ListId,
    ListState,
    RunState,
    WaitReason,
)
from protocol.vocabulary import AccountId, CallId, EmployeeId

AT_ONCE = 25
"""Candidates locked and judged together."""
ROUNDS = 40
"""How many such handfuls one step goes through; the next step goes on."""
_CALLS = uuid.UUID("0b6f5c5e-6a39-4f0c-8a3e-5e8f3a4a1d20")
STAGED = ("deal", "lead")
"""Records that have a stage."""
_WAITS = {
    ItemReason.OUTSIDE_HOURS: WaitReason.OUTSIDE_HOURS,
    ItemReason.TOO_SOON: WaitReason.TOO_SOON,
    ItemReason.IN_OTHER_HANDS: WaitReason.OTHERS,
}
_RUSSIAN = frozenset({"RU", "BY", "KZ", "KG", "UZ", "AM", "TJ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDial:
    """What is to be dialled, as it is written down."""

    attempt: Attempt
    name: str
    record: tuple[str, str] | None
    """Kind and id of the card."""


def listed_call_id(account_id: AccountId, item_id: ItemId, fence: int) -> CallId:
    """One hand dials once: whoever carries it out, and however often, it is the same call."""
    return CallId(uuid.uuid5(_CALLS, f"{account_id}/{item_id}/{fence}").hex)


def language_of(home: Home) -> str:
    """What sentences that nobody asked for in a language are told in."""
    return "ru" if home.region in _RUSSIAN else "en"


async def dispositions(tx: DialerTx) -> tuple[Disposition, ...]:
    """The account's own, else the standard ones."""
    return await tx.dispositions() or standard_dispositions(language_of(await tx.home()))


async def take_next(tx: DialerTx, work: WorkList, run: Run, at: datetime) -> Item | Left:
    """Put the next person before the operator; without one, what keeps those who wait.

    Whoever may never be dialled is excluded on the way, whoever may not now is kept back, each
    with the reason.
    """
    await tx.alone()
    home = await tx.home()
    for _ in range(ROUNDS):
        found = await tx.candidates(work.id, run.employee_id, at, limit=AT_ONCE)
        facts = await tx.facts(found)
        for one in found:
            verdict = judged(one, facts, work.rules, work.purpose, at, home_zone=home.timezone)
            if verdict.number is not None:
                looks_s = work.rules.looks_s(work.mode)
                mine = steps.taken(one, run.employee_id, at, looks_s=looks_s)
                await tx.save(work.id, one, mine)
                return mine
            if verdict.reason is not None and verdict.until is not None:
                back = steps.kept_back(one, verdict.reason, verdict.until)
            else:
                back = steps.excluded(one, verdict.reason or ItemReason.NO_NUMBER, at)
            await tx.save(work.id, one, back)
        if len(found) < AT_ONCE:
            break
    return await tx.left(work.id, run.employee_id)


async def call(
    tx: DialerTx,
    account_id: AccountId,
    work: WorkList,
    one: Item,
    at: datetime,
    *,
    number: str | None = None,
) -> ToDial:
    """Write down that whoever is shown is dialled now; the order to be given afterwards.

    Raises WrongState with the reason as `why` when nothing of theirs may be dialled any more.
    """
    if one.held_by is None:
        raise WrongState(f"item {one.id} is in no hand", why="stale")
    await tx.alone()
    home = await tx.home()
    asked = one if number is None else replace(one, numbers=(number,))
    if number is not None and number not in one.numbers:
        raise WrongState("no number of theirs", why=ItemReason.BAD_NUMBER.value)
    facts = await tx.facts([one])
    others = facts.elsewhere - {*one.numbers, one.person}
    verdict = judged(
        asked,
        replace(facts, elsewhere=others),
        work.rules,
        work.purpose,
        at,
        home_zone=home.timezone,
    )
    if verdict.number is None:
        reason = verdict.reason or ItemReason.NO_NUMBER
        raise WrongState(f"{one.id} may not be dialled", why=reason.value)
    call_id = listed_call_id(account_id, one.id, one.fence)
    after = steps.dialling(one, verdict.number, call_id, at)
    await tx.save(work.id, one, after)
    attempt = Attempt(
        call_id=call_id,
        list_id=work.id,
        item_id=one.id,
        employee_id=one.held_by,
        number=verdict.number,
        person=one.person,
        n=after.attempts,
        shown_at=one.since,
        at=at,
    )
    await tx.add_attempt(attempt)
    return to_dial(attempt, after)


def to_dial(attempt: Attempt, one: Item) -> ToDial:
    record = None
    if one.record_kind is not None and one.record_id is not None:
        record = (one.record_kind, one.record_id)
    return ToDial(attempt=attempt, name=one.name, record=record)


async def call_over(
    tx: DialerTx,
    call_id: CallId,
    outcome: AttemptOutcome,
    at: datetime,
    *,
    talk_s: int = 0,
    answered_at: datetime | None = None,
) -> EmployeeId | None:
    """The call of an attempt is over. Who has it in hand; None: no call of a list. Twice is once,
    and only `reached` replaces what was known."""
    found, attempt = await _locked(tx, call_id)
    if attempt is None:
        return None
    known = attempt.outcome
    if known is not None and (known is outcome or outcome is not AttemptOutcome.REACHED):
        return attempt.employee_id
    await tx.put_attempt(
        replace(attempt, outcome=outcome, ended_at=at, talk_s=talk_s, answered_at=answered_at)
    )
    work = await tx.work_list(attempt.list_id)
    if found is not None and work is not None:
        _, one = found
        after = steps.ended(one, call_id, outcome, at, work.rules)
        if after is not one:
            await tx.save(work.id, one, after)
    return attempt.employee_id


async def call_refused(tx: DialerTx, call_id: CallId, at: datetime) -> None:
    """Nothing rang: whoever was to be dialled goes back, and it was no attempt."""
    found, attempt = await _locked(tx, call_id)
    if attempt is None or attempt.outcome is not None:
        return
    await tx.put_attempt(replace(attempt, outcome=AttemptOutcome.OPERATOR_AWAY, ended_at=at))
    if found is not None:
        list_id, one = found
        after = steps.not_begun(one, call_id, at)
        if after is not one:
            await tx.save(list_id, one, after)


async def _locked(
    tx: DialerTx, call_id: CallId
) -> tuple[tuple[ListId, Item] | None, Attempt | None]:
    """An attempt with the item it is of, whose lock guards both."""
    attempt = await tx.attempt(call_id)
    if attempt is None:
        return None, None
    return await tx.item(attempt.item_id), await tx.attempt(call_id)


async def wrap_up_over(tx: DialerTx, work: WorkList, one: Item, at: datetime) -> None:
    """What was said takes effect, in the transaction that lets go of the person."""
    said = next((d for d in await dispositions(tx) if d.id == one.disposition), None)
    effect = None if said is None else said.effect
    await tx.save(work.id, one, steps.wrapped_up(one, at, work.rules, effect))
    if said is not None and said.effect is DispositionEffect.DO_NOT_CALL:
        for number in one.numbers:
            await tx.put_stop(
                Stop(
                    number=number,
                    kind="opted_out",
                    note=one.note,
                    created_at=at,
                    created_by=f"employee:{one.held_by}",
                )
            )
    attempt = None if one.call_id is None else await tx.attempt(one.call_id)
    if attempt is not None:
        await tx.put_attempt(replace(attempt, wrapped_at=at, disposition=one.disposition))
        if said is not None and said.stage is not None and one.record_kind in STAGED:
            await tx.tell_crm(attempt.call_id)


async def stop(tx: DialerTx, run: Run, at: datetime, *, why: WaitReason | None = None) -> Run:
    """Take nothing more: whoever is only shown goes back, whoever is on the line stays."""
    found = await tx.in_hand(run.employee_id)
    state = RunState.STOPPED
    if found is not None:
        list_id, one = found
        if one.phase is ItemPhase.SHOWN:
            await tx.save(list_id, one, steps.released(one, at))
        else:
            state = RunState.STOPPING
    after = replace(run, state=state, since=at, waits=why, refusal=None, next_at=None)
    await tx.put_run(after)
    return after


async def nobody_left(tx: DialerTx, work: WorkList, run: Run, left: Left, at: datetime) -> Run:
    """Nobody could be taken: finished, or why and until when."""
    if left.waiting == 0 and left.in_hand == 0:
        await tx.put_list(replace(work, state=ListState.FINISHED))
        after = replace(run, state=RunState.FINISHED, since=at, waits=None, next_at=None)
    else:
        waits = WaitReason.OTHERS
        if left.next_at is not None:
            waits = (
                _WAITS.get(left.reason, WaitReason.OTHERS)
                if left.reason
                else (WaitReason.CALLBACKS)
            )
        after = replace(run, waits=waits, next_at=left.next_at, refusal=None)
    if after != run:
        await tx.put_run(after)
    return after


async def must_have(tx: DialerTx, list_id: ListId) -> WorkList:
    """A list there has to be: its items name it."""
    work = await tx.work_list(list_id)
    if work is None:
        raise LookupError(f"no list {list_id}")
    return work
