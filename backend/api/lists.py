"""Lists of the dialer over HTTP: from files, from programs, from the CRM's pages (D1, D2, D6).

    POST, GET   /api/v1/lists                       POST  /api/v1/lists/columns
    GET, PATCH  /api/v1/lists/{list}                GET   /api/v1/lists/{list}/items
    GET         /api/v1/lists/{list}/statistics     GET   /api/v1/lists/{list}/attempts

Operators see and make lists of their own, whoever leads those of everybody.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api import lists_shapes as shapes
from backend.api.answers import json_answer, read_body
from backend.api.lists_figures import attempts_answer, dialled, filter_of, statistics_answer
from backend.api.settings_door import Asker, OfOne, SettingsDoor
from backend.domain.account_faults import Fault
from backend.domain.dialer.figures import figures
from backend.errors import BadRequest
from backend.kit.clock import Clock
from backend.kit.ids import new_id
from backend.services.account_settings import Invalid
from backend.services.account_shapes import what_is_wrong
from backend.services.dialer import reviewing, views
from backend.services.dialer.lists import Changes, Lists, NewList, Proof, Row
from backend.services.dialer.reviewing import RecordKey
from backend.services.dialer.table_file import (
    MAX_FILE_BYTES,
    Mapped,
    columns_of,
    guessed,
    read_table,
)
from backend.services.dialer.teller import may_edit
from backend.services.ports.dialer import DialerBook, DialerTx, Part, WorkList
from protocol.dialer_words import ListId
from protocol.vocabulary import AccountId, EmployeeId

MAX_BODY_BYTES: Final = MAX_FILE_BYTES * 4 // 3 + 65_536
"""A file in base64 and the words around it."""
SAMPLE: Final = 5
S = TypeVar("S", bound=msgspec.Struct)


People = Callable[[AccountId, str], Awaitable[list[RecordKey]]]
"""Whom a list of the CRM's own holds. Raises NotFound, CrmErrors."""


@dataclass(frozen=True, slots=True)
class ListsApi:
    lists: Lists
    book: DialerBook
    clock: Clock
    door: SettingsDoor
    people: People

    def routes(self) -> list[Route]:
        path, anybody = "/api/v1/lists", self.door.anybody
        one = f"{path}/{{list}}"
        return [
            Route(path, anybody(self.all), methods=["GET"]),
            Route(path, anybody(self.make), methods=["POST"]),
            Route(f"{path}/columns", anybody(self.columns), methods=["POST"]),
            Route(one, anybody(self.one), methods=["GET"]),
            Route(one, anybody(self.change), methods=["PATCH"]),
            Route(f"{one}/items", anybody(self.items), methods=["GET"]),
            Route(f"{one}/statistics", anybody(self.statistics), methods=["GET"]),
            Route(f"{one}/attempts", anybody(self.attempts), methods=["GET"]),
        ]

    async def all(self, _request: Request, asker: Asker) -> Response:
        who = asker.identity.employee_id
        async with self.book.begin(asker.identity.account_id) as tx:
            leads = asker.role != "operator"
            found = await tx.all_lists() if leads else await tx.lists_of(who)
            shown = [
                views.list_view(
                    work, await tx.counts(work.id), may_edit=await may_edit(tx, work, who)
                )
                for work in found
            ]
        return json_answer(shapes.ListsAnswer(lists=tuple(shown)))

    async def columns(self, request: Request, _asker: Asker) -> Response:
        """What a file has, before it is taken: nothing is kept."""
        wanted = await read(request, shapes.FileIn)
        table = await asyncio.to_thread(read_table, _unpacked(wanted.file))
        guess = guessed(table.columns)
        return json_answer(
            shapes.ColumnsAnswer(
                columns=table.columns,
                rows=table.rows[:SAMPLE],
                guess=shapes.ColumnsIn(
                    numbers=guess.numbers,
                    name=guess.name,
                    time_zone=guess.zone,
                    consent=guess.consent,
                )
                if guess.numbers
                else None,
                total=len(table.rows),
            )
        )

    async def make(self, request: Request, asker: Asker) -> Response:
        wanted = await read(request, shapes.ListIn)
        owner = wanted.owner
        if owner is None and wanted.group is None:
            owner = asker.identity.employee_id
        work, _ = await self.lists.make(
            asker.identity.account_id,
            NewList(
                name=wanted.name,
                purpose=wanted.purpose,
                mode=wanted.mode,
                owner_id=None if owner is None else EmployeeId(owner),
                group_id=wanted.group,
                rules=wanted.rules,
                rows=await self._rows(wanted, asker.identity.account_id),
                source=_source(wanted),
                offered=wanted.offered,
            ),
            who=asker.who,
            role=asker.role,
            key=request.headers.get("idempotency-key", "")[:200] or new_id(),
        )
        async with self.book.begin(asker.identity.account_id) as tx:
            return await _answered(tx, work, asker, 201)

    async def one(self, request: Request, asker: Asker) -> Response:
        async with self.book.begin(asker.identity.account_id) as tx:
            return await _answered(tx, await self._list(tx, request, asker), asker)

    async def change(self, request: Request, asker: Asker) -> Response:
        wanted = await read(request, shapes.ListPatch)
        account_id = asker.identity.account_id
        work = await self.lists.change(
            account_id,
            ListId(request.path_params["list"]),
            Changes(
                name=wanted.name,
                state=wanted.state,
                mode=wanted.mode,
                rules=wanted.rules,
                owner_id=None if wanted.owner is None else EmployeeId(wanted.owner),
                group_id=wanted.group,
            ),
            who=asker.who,
            role=asker.role,
        )
        async with self.book.begin(account_id) as tx:
            return await _answered(tx, work, asker)

    async def items(self, request: Request, asker: Asker) -> Response:
        query = request.query_params
        part = query.get("part", "all")
        if part not in get_args(Part):
            raise BadRequest(f"no part {part}", why="part")
        async with self.book.begin(asker.identity.account_id) as tx:
            work = await self._list(tx, request, asker)
            return json_answer(
                await reviewing.page(
                    tx,
                    work,
                    part=part,  # type: ignore[arg-type]
                    after=query.get("after"),
                    limit=200,
                    who=asker.identity.employee_id,
                    language=asker.language,
                )
            )

    async def statistics(self, request: Request, asker: Asker) -> Response:
        async with self.book.begin(asker.identity.account_id) as tx:
            work = await self._list(tx, request, asker)
            home = await tx.home()
            found = [dialled(one) for one in await tx.attempts(work.id)]
            wanted = filter_of(request)
            chosen = [one for one in found if wanted.takes(one, home.timezone)]
            return json_answer(await statistics_answer(tx, figures(chosen, zone=home.timezone)))

    async def attempts(self, request: Request, asker: Asker) -> Response:
        """The calls behind a figure: the same filter, oldest first."""
        async with self.book.begin(asker.identity.account_id) as tx:
            work = await self._list(tx, request, asker)
            return json_answer(await attempts_answer(tx, work.id, request))

    async def _list(self, tx: DialerTx, request: Request, asker: Asker) -> WorkList:
        return await self.lists.readable(
            tx, ListId(request.path_params["list"]), who=asker.who, role=asker.role
        )

    async def _rows(self, wanted: shapes.ListIn, account_id: AccountId) -> tuple[Row, ...]:
        if wanted.call_list is not None:
            people = await self.people(account_id, wanted.call_list)
            return tuple(Row(record=record) for record in people)
        if wanted.file is None:
            return tuple(_row(row) for row in wanted.items)
        if wanted.columns is None:
            raise BadRequest("which column is what?", why="columns")
        mapped = Mapped(
            numbers=wanted.columns.numbers,
            name=wanted.columns.name,
            zone=wanted.columns.time_zone,
            consent=wanted.columns.consent,
        )
        table = await asyncio.to_thread(read_table, _unpacked(wanted.file))
        rows = columns_of(table, mapped)
        now = self.clock.now()
        return tuple(
            Row(
                name=str(row["name"]),
                numbers=tuple(row["numbers"]),
                zone=str(row["zone"]) or None,
                consent=Proof(evidence=str(row["consent"]), given_at=now)
                if row["consent"]
                else None,
            )
            for row in rows
        )


async def _answered(tx: DialerTx, work: WorkList, asker: Asker, status: int = 200) -> Response:
    entry = views.list_view(
        work,
        await tx.counts(work.id),
        may_edit=await may_edit(tx, work, asker.identity.employee_id),
    )
    return json_answer(
        shapes.ListAnswer(
            entry=entry,
            rules=work.rules,
            owner=work.owner_id,
            group=work.group_id,
            check=await reviewing.check(tx, work, language=asker.language),
        ),
        status,
    )


async def read(request: Request, kind: type[S]) -> S:
    """Raises BadRequest with every fault and its place."""
    try:
        body: Any = msgspec.json.decode(await read_body(request, MAX_BODY_BYTES))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest(why="not_json") from None
    if wrong := what_is_wrong(body, kind):
        faults = [
            Fault(kind="settings", key="lists", field=w.field, code=w.code, data=w.data)
            for w in wrong
        ]
        raise OfOne(Invalid(faults), "settings", "lists")
    return msgspec.convert(body, kind)


def _source(wanted: shapes.ListIn) -> str:
    if wanted.call_list is not None:
        return "bitrix24"
    return wanted.source if wanted.file is None else "file"


def _unpacked(file: str) -> bytes:
    try:
        return base64.b64decode(file, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("not base64", why="file") from None


def _row(row: shapes.RowIn) -> Row:
    consent = row.consent
    return Row(
        name=row.name,
        numbers=row.numbers,
        record=None if row.record is None else (row.record.kind, row.record.id),
        url=None if row.record is None else row.record.url,
        zone=row.time_zone,
        consent=None
        if consent is None
        else Proof(evidence=consent.evidence, given_at=consent.given_at),
    )
