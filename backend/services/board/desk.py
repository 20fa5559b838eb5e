"""What a supervisor does from the board, within his scope and written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from backend.domain.board.scope import Scope, scope_for
from backend.errors import BadRequest, NotAllowed, NotFound
from backend.kit.clock import Clock
from backend.services.board.past import Past, replayed
from backend.services.board.report import LONGEST_DAYS, Report, report
from backend.services.hands import Hands
from backend.services.ports.board import BoardDeed, BoardRows, Deed
from backend.services.sessions import Identity
from backend.services.statuses import StatusService
from protocol.board import WatchMode
from protocol.vocabulary import AccountId, AgentStatus, CallId, EmployeeId, StatusSource

LONGEST_REPLAY = timedelta(minutes=30)
"""A quarter of an hour is what one plays; twice that still fits a browser well."""
REASON_MAX = 200
DEEDS = 200


class BoardAccounts(Protocol):
    """How an account has its board."""

    async def read(self, account_id: AccountId) -> tuple[str, int]:
        """Time zone, and seconds within which an answer is in time."""


class Watching(Protocol):
    """Who lets a supervisor into a talk (`services.calls.monitoring`)."""

    async def watch(
        self, who: Identity, call_id: CallId, employee_id: EmployeeId, mode: WatchMode
    ) -> None: ...
    async def stop(self, who: Identity, call_id: CallId) -> None: ...


class BoardDesk:
    def __init__(
        self,
        rows: BoardRows,
        accounts: BoardAccounts,
        statuses: StatusService,
        hands: Hands,
        watching: Watching,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._accounts = accounts
        self._statuses = statuses
        self._hands = hands
        self._watching = watching
        self._clock = clock

    async def scope(self, who: Identity) -> Scope:
        """The board of this supervisor. Raises NotAllowed where he leads nobody."""
        scope = scope_for(
            who.employee_id,
            await self._rows.teams(who.account_id),
            administrator=who.role == "administrator",
        )
        if scope is None:
            raise NotAllowed("leads no team", why="board_no_team")
        return scope

    async def _led(self, who: Identity, employee_id: EmployeeId) -> None:
        """Raises NotFound for somebody of another team, or of nobody's account."""
        scope = await self.scope(who)
        known = await self._rows.names(who.account_id)
        if employee_id not in known or not scope.shows(employee_id):
            raise NotFound("not in this board", why="board_not_yours")

    # ── looking back ──

    async def past(self, who: Identity, since: datetime, until: datetime) -> Past:
        """The board from `since` on, at most half an hour. Raises BadRequest, NotAllowed."""
        if until < since:
            raise BadRequest(why="board_bad_span", most=1)
        scope = await self.scope(who)
        until = min(until, since + LONGEST_REPLAY)
        rows = await self._rows.past(who.account_id, since, until)
        await self._note(who, "replay", detail={"from": since.isoformat()})
        return replayed(rows, scope, since, until)

    async def figures(self, who: Identity, first: date, last: date) -> Report:
        """Raises BadRequest, NotAllowed."""
        if not timedelta() <= last - first < timedelta(days=LONGEST_DAYS):
            raise BadRequest(why="board_bad_span", most=LONGEST_DAYS)
        scope = await self.scope(who)
        timezone, answer_s = await self._accounts.read(who.account_id)
        return await report(
            self._rows, who.account_id, scope, first, last, timezone=timezone, answer_s=answer_s
        )

    async def exported(self, who: Identity, first: date, last: date) -> Report:
        """The same to be taken away, which is written down."""
        found = await self.figures(who, first, last)
        span = {"from": first.isoformat(), "to": last.isoformat()}
        await self._note(who, "export", detail=span)
        return found

    async def deeds(self, who: Identity) -> Sequence[Deed]:
        """What was done from boards to people of this one, and by this supervisor."""
        scope = await self.scope(who)
        found = await self._rows.deeds(who.account_id, limit=DEEDS)
        return [
            deed
            for deed in found
            if deed.by == who.employee_id
            or (deed.employee_id is not None and scope.shows(deed.employee_id))
        ]

    # ── acting ──

    async def set_status(
        self, who: Identity, employee_id: EmployeeId, status: AgentStatus, reason: str
    ) -> None:
        """In place of what the person chose; he sees who and why. Raises BadRequest, NotFound."""
        reason = reason.strip()
        if not 1 <= len(reason) <= REASON_MAX:
            raise BadRequest(why="board_reason", most=REASON_MAX)
        await self._led(who, employee_id)
        await self._note(
            who, "status", employee_id, detail={"status": status.value, "reason": reason}
        )
        await self._statuses.set(
            who.account_id,
            employee_id,
            status,
            StatusSource.SUPERVISOR,
            reason=f"{who.name}: {reason}"[:REASON_MAX],
        )

    async def answer_hand(self, who: Identity, employee_id: EmployeeId, *, done: bool) -> None:
        """Raises NotFound."""
        await self._led(who, employee_id)
        await self._hands.answer(who.account_id, employee_id, who.employee_id, who.name, done=done)

    async def watch(
        self, who: Identity, call_id: CallId, employee_id: EmployeeId, mode: WatchMode
    ) -> None:
        """Let the supervisor into a talk of one of his people. Raises AppError."""
        await self._led(who, employee_id)
        # Before it is done: that somebody tried to listen must not get lost.
        await self._note(who, mode, employee_id, call_id)
        await self._watching.watch(who, call_id, employee_id, mode)

    async def stop_watching(self, who: Identity, call_id: CallId) -> None:
        await self._watching.stop(who, call_id)
        await self._note(who, "stop", call_id=call_id)

    async def _note(
        self,
        who: Identity,
        what: BoardDeed,
        employee_id: EmployeeId | None = None,
        call_id: CallId | None = None,
        detail: dict[str, str] | None = None,
    ) -> None:
        await self._rows.note(
            who.account_id,
            Deed(
                at=self._clock.now(),
                by=who.employee_id,
                what=what,
                employee_id=employee_id,
                call_id=call_id,
                detail=dict(detail) if detail else None,
            ),
        )
