"""The board's HTTP door over a real database: whose board it is, the figures, the past, exports."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, update
from starlette.applications import Starlette

from backend.api.board import BoardApi
from backend.api.doors import Doors
from backend.api.settings_door import SettingsDoor
from backend.bootstrap.board import ForgetBoard
from backend.bus.memory import MemoryBus
from backend.domain.board.view import digest
from backend.kit.clock import ManualClock, SystemClock
from backend.services.board.desk import BoardDesk
from backend.services.board.past import Recorder
from backend.services.calls.monitoring import MonitoringClient
from backend.services.hands import Hands
from backend.services.statuses import StatusService
from backend.store.gateways import SqlStatuses
from backend.store.gateways.board import SqlBoard
from backend.store.tables import call_legs, calls, employees, team_members, teams
from protocol.board import BoardPerson
from protocol.vocabulary import AccountId, AgentStatus, EmployeeId, StreamName
from tests.integration.settings.house import SEVER, House

DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class _Accounts:
    async def read(self, account_id: AccountId) -> tuple[str, int]:
        return "Europe/Moscow", 20


@pytest.fixture
async def door(seeded: House) -> House:
    """The house with the board's door instead of the settings'."""
    clock, bus = SystemClock(), MemoryBus()
    rows = SqlBoard(seeded.database)
    desk = BoardDesk(
        rows,
        _Accounts(),
        StatusService(SqlStatuses(seeded.database), bus, clock),
        Hands(bus, rows, clock),
        MonitoringClient(bus),
        clock,
    )
    api = BoardApi(
        desk, seeded.sessions, SettingsDoor(seeded.sessions, Doors(clock)), "ws://app.test/ws"
    )
    seeded.app = Starlette(routes=[*api.routes()])
    async with seeded.database.begin(SEVER) as tx:
        await tx.execute(
            update(employees)
            .where(employees.c.account_id == SEVER, employees.c.id == "sever-101")
            .values(role="supervisor", is_supervisor=True, name="=cmd|' /C calc'!A0")
        )
    return seeded


async def _call(house: House, call: str, who: str | None, *, talk_s: int = 0) -> None:
    at = DAY + timedelta(minutes=int(call[1:]))
    answered = at + timedelta(seconds=5) if talk_s else None
    over = (answered or at) + timedelta(seconds=talk_s or 12)
    async with house.database.begin(SEVER) as tx:
        await tx.execute(
            insert(calls).values(
                account_id=SEVER, id=call, direction="inbound", number="+79160000001",
                started_at=at, answered_at=answered, ended_at=over, talk_s=talk_s,
                outcome="answered" if talk_s else "lost", answered_by=who if talk_s else None,
            )
        )  # fmt: skip
        if who is not None:
            await tx.execute(
                insert(call_legs).values(
                    account_id=SEVER, call_id=call, leg_id=f"agent-{who}-1", employee_id=who,
                    number="101", started_at=at, answered_at=answered, ended_at=over,
                    joined_at=answered, left_at=over if talk_s else None,
                )
            )  # fmt: skip


def _client(house: House, token: str, language: str = "ru") -> httpx.AsyncClient:
    return house.client(token, language)


@pytest.mark.feature("S1")
async def test_only_supervisors_have_a_board_and_of_their_teams_alone(door: House) -> None:
    async with _client(door, await door.token("sever-102")) as operator:
        refused = await operator.post("/board/ticket")
        assert refused.status_code == 403
        assert "руководители" in refused.json()["error"]["message"]
    async with door.database.begin(SEVER) as tx:
        await tx.execute(insert(teams).values(account_id=SEVER, id="t9", name="Team"))
        await tx.execute(
            insert(team_members),
            [
                {
                    "account_id": SEVER,
                    "team_id": "t9",
                    "employee_id": e,
                    "is_head": e == "sever-101",
                }
                for e in ("sever-101", "sever-102")
            ],
        )
    await _call(door, "c1", "sever-102", talk_s=30)
    await _call(door, "c2", "sever-100", talk_s=60)
    await _call(door, "c3", None)
    span = "from=2026-03-02&to=2026-03-02"
    async with _client(door, await door.token("sever-101")) as head:
        assert (await head.post("/board/ticket")).json()["url"] == "ws://app.test/ws"
        mine = (await head.get(f"/board/figures?{span}")).json()
        other = await head.post(
            "/board/status",
            json={"employee_id": "sever-100", "status": "break", "reason": "because"},
        )
        assert other.status_code == 404
        assert "в ваших командах" in other.json()["error"]["message"]
        own = await head.post(
            "/board/status", json={"employee_id": "sever-102", "status": "break", "reason": "Обед"}
        )
        assert own.status_code == 200
        deeds = (await head.get("/board/deeds")).json()["items"]
        assert [(deed["what"], deed["detail"]["reason"]) for deed in deeds] == [("status", "Обед")]
    assert (mine["totals"]["inbound"], mine["totals"]["talk_s"]) == (1, 30)
    assert [one["employee_id"] for one in mine["people"]] == ["sever-102"]
    async with _client(door, await door.token("sever-100")) as administrator:
        every = (await administrator.get(f"/board/figures?{span}")).json()
    assert (every["totals"]["inbound"], every["totals"]["lost"]) == (3, 1)
    assert every["totals"]["hours"][12]["inbound"] == 3  # 09:00 UTC is noon there
    # The other account's administrator sees nothing of all that.
    async with _client(door, await door.token("vektor-100")) as stranger:
        assert (await stranger.get(f"/board/figures?{span}")).json()["totals"]["inbound"] == 0
        assert (await stranger.get("/board/deeds")).json()["items"] == []


@pytest.mark.feature("S1")
async def test_exports_have_no_formulas(door: House) -> None:
    await _call(door, "c1", "sever-101", talk_s=30)
    span = "from=2026-03-01&to=2026-03-03"
    async with _client(door, await door.token()) as client:
        text = (await client.get(f"/board/export?form=csv&{span}")).content.decode("utf-8-sig")
        assert "'=cmd|' /C calc'!A0;1;0;0;0;30" in text.splitlines()
        assert text.startswith("Сотрудник;Принято")
        book = await client.get(f"/board/export?form=xlsx&{span}")
        assert book.headers["content-disposition"].endswith('2026-03-03.xlsx"')
        sheet = load_workbook(io.BytesIO(book.content)).worksheets[0]
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert "f" not in {cell.data_type for cell in cells}
        assert "=cmd|' /C calc'!A0" in {cell.value for cell in cells}
        bad = await client.get("/board/figures?from=2026-03-03&to=2026-03-01")
        assert bad.status_code == 400
        assert "92" in bad.json()["error"]["message"]


@pytest.mark.feature("S1")
async def test_the_past_comes_from_storage_and_is_forgotten(door: House) -> None:
    clock = ManualClock(DAY)
    rows = SqlBoard(door.database)
    recorder = Recorder(SEVER, rows, clock)
    await recorder.flush()
    for number, status in enumerate((AgentStatus.AVAILABLE, AgentStatus.BREAK), start=1):
        await clock.advance(10)
        push = BoardPerson(
            stream=StreamName.BOARD, entity="person:sever-102", version=number,
            employee_id=EmployeeId("sever-102"), name="Maria", extension="102", status=status,
            status_since=clock.now(), online=True, busy="free", busy_since=None, missing=None,
        )  # fmt: skip
        recorder.take([("", push)])
        await recorder.flush()
    async with _client(door, await door.token()) as client:
        found = (
            await client.get(
                "/board/past",
                params={"from": "2026-03-02T09:00:15Z", "to": "2026-03-02T09:01:00Z"},
            )
        ).json()
        assert [push["status"] for push in found["start"]] == ["available"]
        assert [event["push"]["status"] for event in found["events"]] == ["break"]
        end = {event["push"]["entity"]: event["push"] for event in found["events"]}
        assert digest(end) == found["digest"]
        assert (await client.get("/board/past?from=now&to=then")).status_code == 400
    await clock.advance(8 * 86_400)
    async with door.database.begin(SEVER) as tx:
        await ForgetBoard(clock)(tx, SEVER, before=clock.now())
    assert await rows.past(SEVER, DAY, clock.now()) == []
