"""The supervisor's board over HTTP; what is live comes through the socket (`docs/supervisor.md`).

POST /api/v1/board/ticket          GET  /api/v1/board/past?from=&to=
GET  /api/v1/board/figures         GET  /api/v1/board/export?form=csv|xlsx
GET  /api/v1/board/deeds           POST /api/v1/board/status
POST /api/v1/board/hand            POST /api/v1/board/watch, /api/v1/board/watch/stop
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer
from backend.api.board_shapes import (
    DayAnswer,
    DeedAnswer,
    DeedsAnswer,
    FiguresAnswer,
    HourAnswer,
    PastAnswer,
    PastEvent,
    PersonAnswer,
    TotalsAnswer,
)
from backend.api.settings_door import Asker, SettingsDoor, json_body
from backend.api.sign_on import bearer
from backend.domain.board.figures import Totals
from backend.errors import BadRequest
from backend.services.board.desk import BoardDesk
from backend.services.board.report import Report
from backend.services.board.sheets import Table, as_csv, as_xlsx
from backend.services.board.texts import heading
from backend.services.sessions import Sessions
from protocol.board import WatchMode
from protocol.vocabulary import AgentStatus, CallId, EmployeeId

_TOTALS = (
    "inbound", "answered", "lost", "failed", "in_time", "wait_s", "longest_wait_s", "outbound",
    "reached", "internal", "talk_s",
)  # fmt: skip
_PERSON = ("answered", "missed", "placed", "reached", "talk_s")


@dataclass(frozen=True, slots=True)
class BoardApi:
    desk: BoardDesk
    sessions: Sessions
    door: SettingsDoor
    socket: str
    """Where the socket is, absolute."""

    def routes(self) -> list[Route]:
        door, at = self.door.supervisors, "/api/v1/board"
        return [
            Route(f"{at}/ticket", door(self.ticket), methods=["POST"]),
            Route(f"{at}/past", door(self.past)),
            Route(f"{at}/figures", door(self.figures)),
            Route(f"{at}/export", door(self.export)),
            Route(f"{at}/deeds", door(self.deeds)),
            Route(f"{at}/status", door(self.status), methods=["POST"]),
            Route(f"{at}/hand", door(self.hand), methods=["POST"]),
            Route(f"{at}/watch", door(self.watch), methods=["POST"]),
            Route(f"{at}/watch/stop", door(self.stop), methods=["POST"]),
        ]

    async def ticket(self, request: Request, asker: Asker) -> Response:
        scope = await self.desk.scope(asker.identity)
        session = await self.sessions.check(bearer(request))
        ticket = await self.sessions.ticket_for(session, board=scope.key)
        return json_answer({"ticket": ticket, "url": self.socket})

    async def past(self, request: Request, asker: Asker) -> Response:
        since, until = _instant(request, "from"), _instant(request, "to")
        found = await self.desk.past(asker.identity, since, until)
        return json_answer(
            PastAnswer(
                began_at=found.began_at,
                ended_at=found.ended_at,
                start=tuple(dict(push) for push in found.start),
                events=tuple(PastEvent(at=at, push=dict(push)) for at, push in found.events),
                digest=found.digest,
            )
        )

    async def figures(self, request: Request, asker: Asker) -> Response:
        first, last = _day(request, "from"), _day(request, "to")
        found = await self.desk.figures(asker.identity, first, last)
        return json_answer(
            FiguresAnswer(
                totals=_totals(found.totals),
                days=tuple(
                    DayAnswer(day=day.isoformat(), totals=_totals(totals))
                    for day, totals in found.days
                ),
                people=tuple(
                    PersonAnswer(
                        employee_id=one.employee_id,
                        name=one.name,
                        answered=one.answered,
                        missed=one.missed,
                        placed=one.placed,
                        reached=one.reached,
                        talk_s=one.talk_s,
                    )
                    for one in found.people
                ),
            )
        )

    async def export(self, request: Request, asker: Asker) -> Response:
        first, last = _day(request, "from"), _day(request, "to")
        found = await self.desk.exported(asker.identity, first, last)
        name = f"dozvon-{first.isoformat()}-{last.isoformat()}"
        people, days = _tables(found, asker.language)
        if request.query_params.get("form") == "xlsx":
            named = [(heading("people", asker.language), people)]
            named.append((heading("days", asker.language), days))
            body, kind, name = (
                await asyncio.to_thread(as_xlsx, named),
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                f"{name}.xlsx",
            )
        else:
            # Where commas part decimals, spreadsheets part cells by semicolons.
            separator = ";" if asker.language == "ru" else ","
            body = as_csv([*people, (), *days], separator=separator)
            kind, name = "text/csv; charset=utf-8", f"{name}.csv"
        return Response(
            body,
            media_type=kind,
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
        )

    async def deeds(self, _request: Request, asker: Asker) -> Response:
        found = await self.desk.deeds(asker.identity)
        return json_answer(
            DeedsAnswer(
                items=tuple(
                    DeedAnswer(
                        at=deed.at,
                        by=deed.by,
                        what=deed.what,
                        employee_id=deed.employee_id,
                        call_id=deed.call_id,
                        detail=deed.detail or {},
                    )
                    for deed in found
                )
            )
        )

    async def status(self, request: Request, asker: Asker) -> Response:
        body = await json_body(request)
        try:
            status = AgentStatus(_text(body, "status"))
        except ValueError:
            raise BadRequest(why="board_bad_status") from None
        person = EmployeeId(_text(body, "employee_id"))
        await self.desk.set_status(asker.identity, person, status, _text(body, "reason"))
        return json_answer({})

    async def hand(self, request: Request, asker: Asker) -> Response:
        body = await json_body(request)
        person = EmployeeId(_text(body, "employee_id"))
        await self.desk.answer_hand(asker.identity, person, done=body.get("done") is True)
        return json_answer({})

    async def watch(self, request: Request, asker: Asker) -> Response:
        body = await json_body(request)
        modes: dict[str, WatchMode] = {mode: mode for mode in get_args(WatchMode)}
        mode = modes.get(_text(body, "mode"))
        if mode is None:
            raise BadRequest(why="board_bad_mode")
        call, person = CallId(_text(body, "call_id")), EmployeeId(_text(body, "employee_id"))
        await self.desk.watch(asker.identity, call, person, mode)
        return json_answer({})

    async def stop(self, request: Request, asker: Asker) -> Response:
        body = await json_body(request)
        await self.desk.stop_watching(asker.identity, CallId(_text(body, "call_id")))
        return json_answer({})


def _text(body: dict[str, Any], name: str) -> str:
    """'' for anything that is no text a store can keep."""
    value = body.get(name)
    return value if isinstance(value, str) and len(value) <= 1_000 and "\0" not in value else ""


def _instant(request: Request, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        raise BadRequest(why="board_bad_time") from None
    if at.tzinfo is None:
        raise BadRequest(why="board_bad_time")
    return at


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        raise BadRequest(why="board_bad_span", most=92) from None


def _totals(totals: Totals) -> TotalsAnswer:
    figures: dict[str, Any] = {name: getattr(totals, name) for name in _TOTALS}
    hours = tuple(
        HourAnswer(inbound=inbound, answered=answered, lost=lost, outbound=outbound)
        for inbound, answered, lost, outbound in totals.hours
    )
    return TotalsAnswer(**figures, hours=hours)


def _tables(found: Report, language: str) -> tuple[Table, Table]:
    """People, then days with their sum last."""
    people: list[list[str | int]] = [[heading(key, language) for key in ("name", *_PERSON)]]
    people += [[one.name, *(getattr(one, key) for key in _PERSON)] for one in found.people]
    days: list[list[str | int]] = [[heading(key, language) for key in ("day", *_TOTALS)]]
    days += [[day.isoformat(), *_row(totals)] for day, totals in found.days]
    days.append([heading("all", language), *_row(found.totals)])
    return people, days


def _row(totals: Totals) -> list[int]:
    return [getattr(totals, key) for key in _TOTALS]
