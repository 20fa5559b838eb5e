"""A list's figures as they are told, and the calls behind each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from backend.api.lists_shapes import AttemptAnswer, AttemptsAnswer, Share, StatisticsAnswer
from backend.domain.dialer.figures import Dialled, Figures, Filter, counted
from backend.errors import BadRequest
from backend.services.dialer import moves
from backend.services.ports.dialer import Attempt, DialerTx
from protocol.dialer_words import AttemptOutcome, ListId
from protocol.vocabulary import EmployeeId

PAGE: Final = 200


def dialled(one: Attempt) -> Dialled:
    return Dialled(
        call_id=one.call_id,
        item=one.item_id,
        employee_id=one.employee_id,
        shown_at=one.shown_at,
        at=one.at,
        ended_at=one.ended_at,
        wrapped_at=one.wrapped_at,
        outcome=one.outcome,
        talk_s=one.talk_s,
        disposition=one.disposition,
    )


def filter_of(request: Request) -> Filter:
    """Raises BadRequest."""
    query = request.query_params
    outcome, hour = query.get("outcome"), query.get("hour")
    if outcome is not None and outcome not in {o.value for o in AttemptOutcome}:
        raise BadRequest(f"no outcome {outcome}", why="outcome")
    if hour is not None and not (hour.isdigit() and int(hour) < 24):
        raise BadRequest(f"no hour {hour}", why="hour")
    employee = query.get("employee")
    return Filter(
        outcome=None if outcome is None else AttemptOutcome(outcome),
        disposition=query.get("disposition"),
        employee_id=None if employee is None else EmployeeId(employee),
        hour=None if hour is None else int(hour),
    )


async def statistics_answer(tx: DialerTx, found: Figures) -> StatisticsAnswer:
    names = {one.id: one.name for one in await moves.dispositions(tx)}
    return StatisticsAnswer(
        attempts=found.attempts,
        reached=found.reached,
        people=found.people,
        people_reached=found.people_reached,
        answer_rate=found.answer_rate,
        talk_s=found.talk_s,
        wrap_up_s=found.wrap_up_s,
        preview_s=found.preview_s,
        idle_s=found.idle_s,
        outcomes=tuple(
            Share(
                key=outcome.value,
                attempts=count,
                reached=count if outcome is AttemptOutcome.REACHED else 0,
            )
            for outcome, count in sorted(found.outcomes.items())
        ),
        dispositions=tuple(
            Share(key=key, attempts=count, name=names.get(key, key))
            for key, count in sorted(found.dispositions.items())
        ),
        by_hour=_shares(found.by_hour),
        by_employee=_shares(found.by_employee),
    )


async def attempts_answer(tx: DialerTx, list_id: ListId, request: Request) -> AttemptsAnswer:
    home, wanted = await tx.home(), filter_of(request)
    after = request.query_params.get("after", "")
    begin = int(after) if after.isdigit() else 0
    real = {one.call_id for one in counted(dialled(a) for a in await tx.attempts(list_id))}
    chosen = [
        one
        for one in await tx.attempts(list_id)
        if one.call_id in real and wanted.takes(dialled(one), home.timezone)
    ]
    names = await tx.names([one.item_id for one in chosen[begin : begin + PAGE]])
    return AttemptsAnswer(
        attempts=tuple(
            AttemptAnswer(
                call_id=one.call_id,
                item_id=one.item_id,
                employee_id=one.employee_id,
                number=one.number,
                name=names.get(one.item_id, ""),
                at=one.at,
                answered_at=one.answered_at,
                ended_at=one.ended_at,
                outcome=one.outcome,
                talk_s=one.talk_s,
                disposition=one.disposition,
            )
            for one in chosen[begin : begin + PAGE]
        ),
        next=str(begin + PAGE) if begin + PAGE < len(chosen) else None,
    )


def _shares(found: Mapping[Any, tuple[int, int]]) -> tuple[Share, ...]:
    return tuple(
        Share(key=str(key), attempts=made, reached=reached)
        for key, (made, reached) in found.items()
    )
