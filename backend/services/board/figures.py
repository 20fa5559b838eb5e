"""The day's figures in the wire's shapes."""

from __future__ import annotations

from datetime import date, datetime

from backend.domain.board.figures import Tally, Totals
from protocol.board import BoardCounts, BoardHour, BoardTally
from protocol.vocabulary import EmployeeId, StreamName


def tally_push(employee_id: EmployeeId, tally: Tally, version: int) -> BoardTally:
    return BoardTally(
        stream=StreamName.BOARD,
        entity=f"tally:{employee_id}",
        version=version,
        employee_id=employee_id,
        answered=tally.answered,
        missed=tally.missed,
        placed=tally.placed,
        reached=tally.reached,
        talk_s=tally.talk_s,
    )


def counts_push(
    day: date, totals: Totals, drift: tuple[int, datetime] | None, version: int
) -> BoardCounts:
    """`drift`: by how many calls the figures differed from the history, and when that was seen."""
    return BoardCounts(
        stream=StreamName.BOARD,
        entity="counts",
        version=version,
        day=day.isoformat(),
        inbound=totals.inbound,
        answered=totals.answered,
        lost=totals.lost,
        failed=totals.failed,
        in_time=totals.in_time,
        wait_s=totals.wait_s,
        longest_wait_s=totals.longest_wait_s,
        outbound=totals.outbound,
        reached=totals.reached,
        internal=totals.internal,
        talk_s=totals.talk_s,
        hours=[
            BoardHour(inbound=inbound, answered=answered, lost=lost, outbound=outbound)
            for inbound, answered, lost, outbound in totals.hours
        ],
        drift=None if drift is None else drift[0],
        compared_at=None if drift is None else drift[1],
    )
