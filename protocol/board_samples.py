"""One realistic message of the board for each kind, as `samples` has them of everything else."""

from __future__ import annotations

from datetime import UTC, datetime

from protocol import board
from protocol.frames import Command, Push
from protocol.vocabulary import (
    AgentStatus,
    CallId,
    CallState,
    CommandId,
    Direction,
    EmployeeId,
    PhonePart,
    StreamName,
)

_AT = datetime(2026, 3, 2, 9, 15, 30, tzinfo=UTC)
_LATER = datetime(2026, 3, 2, 9, 15, 50, tzinfo=UTC)
_CALL = CallId("c_7f3a91d2")
_ANNA, _BORIS = EmployeeId("e_101"), EmployeeId("e_102")
_ME, _BOARD = StreamName.ME, StreamName.BOARD
_STAMP = 1772442930250000

COMMANDS: tuple[Command, ...] = (
    board.RaiseHand(id=CommandId("b7VmP0aa"), reason="Просит скидку 20 %", call_id=_CALL),
    board.LowerHand(id=CommandId("b8VmP0aa")),
)

PUSHES: tuple[Push, ...] = (
    board.HandChanged(
        stream=_ME,
        entity="hand",
        version=_STAMP,
        raised=True,
        reason="Просит скидку 20 %",
        call_id=_CALL,
        since=_AT,
        answered_by="Вера Соколова",
    ),
    board.MonitoredChanged(
        stream=_ME,
        entity="monitored",
        version=_STAMP,
        mode="whisper",
        by="Вера Соколова",
        call_id=_CALL,
    ),
    board.BoardSetup(
        stream=_BOARD,
        entity="setup",
        version=_STAMP,
        teams=[board.BoardTeam(team_id="t_sales", name="Отдел продаж", members=[_ANNA, _BORIS])],
        limits=board.BoardLimits(waiting_s=60, answer_s=20, break_min=20, lost_percent=10),
        modes=["listen", "whisper", "barge"],
        tells_operators=True,
        timezone="Europe/Moscow",
        keeps_days=7,
    ),
    board.BoardPerson(
        stream=_BOARD,
        entity="person:e_101",
        version=_STAMP,
        employee_id=_ANNA,
        name="Анна Орлова",
        extension="101",
        status=AgentStatus.AVAILABLE,
        status_since=_AT,
        online=True,
        busy="talking",
        busy_since=_LATER,
        missing=[PhonePart.SOUND],
        hand=board.BoardHand(
            reason="Просит скидку 20 %", call_id=_CALL, since=_LATER, answered_by=None
        ),
    ),
    board.BoardPersonRemoved(
        stream=_BOARD, entity="person:e_102", version=_STAMP, employee_id=_BORIS
    ),
    board.BoardCall(
        stream=_BOARD,
        entity=f"call:{_CALL}",
        version=_STAMP,
        call_id=_CALL,
        direction=Direction.INBOUND,
        state=CallState.TALKING,
        number="+74950000117",
        name="Мария Седова",
        line="Сайт",
        scenario="Отдел продаж",
        started_at=_AT,
        answered_at=_LATER,
        waits_since=None,
        talking=[_ANNA],
        ringing=[],
        people=[_ANNA, _BORIS],
        watchers=[board.BoardWatcher(by="Вера Соколова", mode="listen", employee_id=_ANNA)],
    ),
    board.BoardCallRemoved(
        stream=_BOARD, entity="call:c_00000001", version=_STAMP, call_id=CallId("c_00000001")
    ),
    board.BoardTally(
        stream=_BOARD,
        entity="tally:e_101",
        version=_STAMP,
        employee_id=_ANNA,
        answered=21,
        missed=2,
        placed=9,
        reached=6,
        talk_s=5_420,
    ),
    board.BoardCounts(
        stream=_BOARD,
        entity="counts",
        version=_STAMP,
        day="2026-03-02",
        inbound=64,
        answered=58,
        lost=5,
        failed=1,
        in_time=49,
        wait_s=702,
        longest_wait_s=94,
        outbound=31,
        reached=22,
        internal=7,
        talk_s=14_310,
        hours=[board.BoardHour(inbound=8, answered=7, lost=1, outbound=3)],
        drift=0,
        compared_at=_LATER,
    ),
)
