"""Lists over HTTP, on a real database: from a program, from a file, and what comes of them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from backend.api.doors import Doors
from backend.api.lists import ListsApi
from backend.api.lists_words import ListWordsApi
from backend.api.settings_door import SettingsDoor
from backend.bus.memory import MemoryBus
from backend.errors import NotFound
from backend.kit.clock import ManualClock, SystemClock
from backend.services.dialer.lists import Lists
from backend.services.dialer.moves import call, call_over, take_next, wrap_up_over
from backend.services.dialer.reviewing import NoRecords, RecordKey
from backend.services.ports.dialer import Left, Run
from backend.store.database import Database
from backend.store.gateways.dialer import SqlDialer
from protocol.dialer_words import AttemptOutcome, ListId, RunState
from protocol.vocabulary import AccountId, EmployeeId
from tests.integration.settings.house import DEMO, SEVER, House
from tests.unit.services.dialer.sheets import workbook

NOON = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BORIS = "sever-101"
"""An operator; 100 is the administrator."""


@pytest.fixture
async def house(database: Database) -> House:
    found = House(database)
    await found.done(DEMO)
    book, clock = SqlDialer(database), ManualClock(NOON)
    door = SettingsDoor(found.sessions, Doors(SystemClock()))
    lists = Lists(book=book, bus=MemoryBus(clock), clock=clock, records=NoRecords())
    found.app = Starlette(
        routes=[
            *ListsApi(lists, book, clock, door, _people).routes(),
            *ListWordsApi(book, clock, door).routes(),
        ]
    )
    return found


async def _people(account_id: AccountId, call_list: str) -> list[RecordKey]:
    """A portal with one call list, number 7."""
    if call_list != "7":
        raise NotFound("no such list", why="call_list")
    return [("contact", "1"), ("contact", "2")]


@pytest.fixture
async def anna(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with house.client(await house.token()) as client:
        yield client


def wanted(**more: Any) -> dict[str, Any]:
    return {
        "name": "Renewals",
        "purpose": "service",
        "items": [
            {"name": "Мария", "numbers": ["+7 495 000-00-01"]},
            {"name": "Same", "numbers": ["8 (495) 000-00-01"]},
            {"name": "None"},
        ],
        **more,
    }


@pytest.mark.feature("D2")
async def test_a_list_says_at_once_what_is_wrong_with_its_rows(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/lists", json=wanted(), headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["check"]["counts"] == {
        "loaded": 3,
        "waiting": 1,
        "in_hand": 0,
        "done": 0,
        "excluded": 2,
    }
    refused = {one["name"]: one for one in made["check"]["refused"]}
    assert refused["Same"]["reason"] == "same_person"
    assert refused["None"]["reason_text"].startswith("No number")
    again = await anna.post("/lists", json=wanted(), headers={"Idempotency-Key": "one"})
    assert again.json()["list"]["id"] == made["list"]["id"]
    assert len((await anna.get("/lists")).json()["lists"]) == 1


async def test_faults_name_their_places_and_say_what_to_do(anna: httpx.AsyncClient) -> None:
    answer = await anna.post("/lists", json={"name": "x", "purpose": "fun", "items": [{"a": 1}]})
    assert answer.status_code == 400
    places = {fault["path"] for fault in answer.json()["error"]["data"]["faults"]}
    assert any("purpose" in place for place in places)
    answer = await anna.post("/lists", json=wanted(items=[]))
    assert "people" in answer.json()["error"]["message"]
    answer = await anna.post("/lists", json=wanted(purpose="advertising", mode="progressive"))
    assert answer.json()["error"]["data"]["why"] == "advertising_progressive"
    deals = [{"record": {"kind": k, "id": "1"}, "numbers": ["1"]} for k in ("deal", "contact")]
    answer = await anna.post("/lists", json=wanted(items=deals))
    assert answer.json()["error"]["data"]["why"] == "mixed"


async def test_an_operator_makes_service_lists_for_himself_only(house: House) -> None:
    async with house.client(await house.token(BORIS)) as boris:
        assert (await boris.post("/lists", json=wanted())).status_code == 201
        for more in ({"purpose": "advertising"}, {"owner": "sever-100"}):
            answer = await boris.post("/lists", json=wanted(**more))
            assert answer.status_code == 403, answer.text
    async with house.client(await house.token("vektor-100")) as stranger:
        assert (await stranger.get("/lists")).json()["lists"] == []


@pytest.mark.parametrize("kind", ["csv", "cp1251", "xlsx"])
async def test_a_file_becomes_a_list_by_its_columns(anna: httpx.AsyncClient, kind: str) -> None:
    rows = [["ФИО", "Телефон", "Ещё телефон"], ["Мария", "79160000001", "74950000001"]]
    if kind == "xlsx":
        body = workbook(rows)
    else:
        text = "\r\n".join(";".join(row) for row in rows)
        body = text.encode("cp1251" if kind == "cp1251" else "utf-8-sig")
    file = base64.b64encode(body).decode()
    seen = (await anna.post("/lists/columns", json={"file": file})).json()
    assert seen["guess"]["numbers"] == ["Телефон", "Ещё телефон"]
    assert seen["guess"]["name"] == "ФИО"
    sent = {"name": "F", "purpose": "service", "file": file, "columns": seen["guess"]}
    made = await anna.post("/lists", json=sent)
    assert made.status_code == 201, made.text
    items = (await anna.get(f"/lists/{made.json()['list']['id']}/items")).json()["items"]
    assert [n["number"] for n in items[0]["numbers"]] == ["+79160000001", "+74950000001"]
    assert made.json()["list"]["source"] == "file"


@pytest.mark.feature("D1")
async def test_a_call_list_of_the_portals_becomes_a_list(anna: httpx.AsyncClient) -> None:
    wish = {"name": "Portal", "purpose": "service", "call_list": "7"}
    made = (await anna.post("/lists", json=wish)).json()
    assert (made["list"]["source"], made["check"]["counts"]["loaded"]) == ("bitrix24", 2)
    answer = await anna.post("/lists", json=wish | {"call_list": "8"})
    assert answer.status_code == 404
    assert "call list" in answer.json()["error"]["message"]


async def test_a_broken_file_is_refused_in_words(anna: httpx.AsyncClient) -> None:
    for body in (b"PK\x03\x04nonsense", b"\x00\x01\x02\x98", b"only headings"):
        file = base64.b64encode(body).decode()
        answer = await anna.post("/lists/columns", json={"file": file})
        assert answer.status_code == 400, body
        assert answer.json()["error"]["message"]


async def test_whom_not_to_call_and_who_agreed(anna: httpx.AsyncClient) -> None:
    stop = {"number": "8 495 000 00 01", "kind": "do_not_call", "note": "asked by letter"}
    assert (await anna.post("/do-not-call", json=stop)).json()["number"] == "+74950000001"
    made = (await anna.post("/lists", json=wanted())).json()
    assert made["check"]["refused"][0]["reason"] == "do_not_call"
    assert (await anna.delete("/do-not-call/+74950000001")).status_code == 204
    proof = {"number": "+74950000001", "evidence": "form 7", "given_at": NOON.isoformat()}
    kept = (await anna.post("/consents", json=proof)).json()
    assert len(kept["digest"]) == 64
    made = (await anna.post("/lists", json=wanted(purpose="advertising"))).json()
    assert made["check"]["counts"]["waiting"] == 1
    assert (await anna.delete("/consents/+74950000001")).status_code == 204
    made = (await anna.post("/lists", json=wanted(purpose="advertising"))).json()
    assert {one["reason"] for one in made["check"]["refused"]} == {
        "no_consent",
        "no_number",
        "same_person",
    }


async def test_the_account_says_its_own_dispositions(anna: httpx.AsyncClient) -> None:
    standard = (await anna.get("/dispositions")).json()["items"]
    assert {one["effect"] for one in standard} == {"done", "callback", "repeat", "do_not_call"}
    own = [{"id": "sold", "name": "Продано", "stage": "11:142"}]
    assert (await anna.put("/dispositions", json={"items": own})).status_code == 200
    assert [one["id"] for one in (await anna.get("/dispositions")).json()["items"]] == ["sold"]
    assert (await anna.put("/dispositions", json={"items": own * 2})).status_code == 400


@pytest.mark.feature("D6")
async def test_every_figure_names_its_calls(house: House, anna: httpx.AsyncClient) -> None:
    items = [{"numbers": [f"+7495000000{n}"]} for n in range(1, 5)]
    made = (await anna.post("/lists", json=wanted(items=items))).json()
    list_id = ListId(made["list"]["id"])
    await play(house, list_id, [AttemptOutcome.REACHED, AttemptOutcome.BUSY] * 2)
    told = (await anna.get(f"/lists/{list_id}/statistics")).json()
    assert (told["attempts"], told["reached"], told["answer_rate"]) == (4, 2, 0.5)
    assert (told["talk_s"], told["wrap_up_s"], told["preview_s"]) == (60, 40, 20)
    assert told["by_hour"] == [{"key": "12", "attempts": 4, "reached": 2, "name": ""}]
    path = f"/lists/{list_id}/attempts"
    for share in told["outcomes"]:
        calls = (await anna.get(path, params={"outcome": share["key"]})).json()["attempts"]
        assert len(calls) == share["attempts"] == 2
    busy = (await anna.get(path, params={"outcome": "busy", "hour": "12"})).json()["attempts"]
    assert {one["number"] for one in busy} == {"+74950000002", "+74950000004"}
    assert (await anna.get(path, params={"hour": "25"})).status_code == 400


async def play(house: House, list_id: ListId, outcomes: list[AttemptOutcome]) -> None:
    """One operator, five seconds of looking, thirty of talk, ten of wrap-up."""
    at, book = NOON, SqlDialer(house.database)
    who = EmployeeId("sever-100")
    for outcome in outcomes:
        async with book.begin(SEVER) as tx:
            work = await tx.work_list(list_id)
            assert work is not None
            run = Run(
                employee_id=who, list_id=list_id, state=RunState.RUNNING, since=at, seen_at=at
            )
            await tx.put_run(run)
            one = await take_next(tx, work, run, at)
            assert not isinstance(one, Left)
            at += timedelta(seconds=5)
            order = await call(tx, SEVER, work, one, at)
        at += timedelta(seconds=30)
        async with book.begin(SEVER) as tx:
            call_id = order.attempt.call_id
            talk = 30 if outcome is AttemptOutcome.REACHED else 0
            await call_over(tx, call_id, outcome, at, talk_s=talk)
        at += timedelta(seconds=10)
        async with book.begin(SEVER) as tx:
            found = await tx.in_hand(who)
            assert found is not None
            await wrap_up_over(tx, work, found[1], at)
