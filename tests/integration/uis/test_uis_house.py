"""A call through the cloud, from its notification to a card in a tab and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from backend.bootstrap.uis import SqlAgreed, addresses
from backend.errors import NotAllowed
from backend.services.calls.monitoring import MonitoringClient
from backend.services.line_statuses import LineStatuses, OnLine
from backend.services.sessions import Identity
from backend.store.gateways import SqlStatuses
from backend.store.gateways.switches import SqlSwitches
from backend.store.tables import uis_legs, uis_letters
from backend.telephony.uis import UisStatuses
from protocol.vocabulary import AccountId, AgentStatus, CallId, EmployeeId
from tests.integration.house.town import eventually
from tests.integration.uis.house import House, house
from tests.integration.uis.world import ANNA, BORIS, CALLER, DID, PLAIN_DID, TOKEN

OUTSIDE = "79161230905"
"""Answers at once."""


@pytest.fixture
async def made(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(database_url, tmp_path) as built:
        await eventually(lambda: "list.calls" in [m for m, _ in built.app.state.call_api.asked])
        yield built


async def _events(made: House) -> list[tuple[str, bool]]:
    """What is stored of the cloud's requests, and whether it was read."""
    async with made.base.database.begin_resolving() as tx:
        rows = await tx.execute(select(uis_letters).order_by(uis_letters.c.id))
        return [(row["event"], row["read_at"] is not None) for row in rows.mappings()]


@pytest.mark.feature("T")
async def test_a_caller_reaches_the_people_of_our_scenario(made: House) -> None:
    async with await made.tab("e1") as anna, await made.tab("e2") as boris:
        made.cloud.place_call(CALLER, DID)
        await eventually(lambda: anna.sees(state="ringing") and boris.sees(state="ringing"))
        await eventually(lambda: made.cloud.notices.asked)
        answer = made.cloud.notices.asked[0][1] or {}
        assert sorted(answer["phones"]) == [ANNA, BORIS]
        # Nothing over there makes a telephone pick up by itself.
        assert anna.card is not None
        assert "answer" not in anna.card["actions"]
        made.cloud.pick_up(ANNA)
        await eventually(lambda: anna.sees(state="talking") and not boris.cards)
        call_id = anna.card["call_id"]
        await anna.done("call.hold", call_id=call_id, on=True)
        await eventually(lambda: anna.sees(state="held"))
        await anna.done("call.hold", call_id=call_id, on=False)
        await anna.done("call.hangup", call_id=call_id)
        await eventually(lambda: anna.sees(state="ended", outcome="answered"))
        assert made.cloud.sessions[0].reason == "scenario_disconnects"
    stored = {event for event, _ in await _events(made)}
    assert stored >= {"incoming", "ringing", "talk_started", "question"}
    async with made.base.database.begin_resolving() as tx:
        assert len((await tx.execute(select(uis_legs))).all()) == 2


async def test_a_number_without_our_scenario_is_the_clouds_to_route(made: House) -> None:
    async with await made.tab("e1") as anna:
        made.cloud.place_call(CALLER, PLAIN_DID)
        await eventually(lambda: anna.sees(state="ringing", virtual_number="+74951234568"))
        made.cloud.pick_up(ANNA)
        await eventually(lambda: anna.sees(state="talking"))
        made.cloud.hang_up(CALLER)
        await eventually(lambda: anna.sees(state="ended", outcome="answered"))


async def test_a_call_dialled_in_a_tab_is_placed_by_the_cloud(made: House) -> None:
    async with await made.tab("e1") as anna:
        await anna.done("call.dial", target=f"+{OUTSIDE}", source="keypad")
        await eventually(lambda: len(made.cloud.sessions) == 1)
        await eventually(lambda: any(leg.number == ANNA for leg in made.cloud.sessions[0].live))
        made.cloud.pick_up(ANNA)
        await eventually(lambda: anna.sees(state="talking", direction="outbound"))
        (session,) = made.cloud.sessions
        assert (session.virtual, session.contact, session.direction) == (DID, OUTSIDE, "out")
        made.cloud.hang_up(OUTSIDE)
        await eventually(lambda: anna.sees(state="ended", outcome="answered"))


@pytest.mark.feature("W6")
async def test_a_call_is_passed_on_after_a_word_with_the_colleague(made: House) -> None:
    async with await made.tab("e1") as anna, await made.tab("e2") as boris:
        made.cloud.place_call(CALLER, PLAIN_DID)
        await eventually(lambda: anna.sees(state="ringing"))
        made.cloud.pick_up(ANNA)
        await eventually(lambda: anna.sees(state="talking"))
        assert anna.card is not None
        # What the cloud cannot do is greyed, not missing.
        assert {"transfer_blind", "mute"} <= set(anna.card["barred"])
        call_id = anna.card["call_id"]
        passed = {"call_id": call_id, "employee_id": "e2"}
        refused = await anna.ask("call.transfer", kind="blind", **passed)
        assert not refused["ok"]
        await anna.done("call.transfer", kind="attended", note="о доставке", **passed)
        await eventually(lambda: boris.sees(state="ringing", my_leg="ringing"))
        made.cloud.pick_up(BORIS)
        await eventually(lambda: made.cloud.sessions[0].state == "operator_talk")
        await eventually(lambda: anna.card and anna.card["transfer"]["phase"] == "consulting")
        await anna.done("call.transfer_complete", call_id=call_id)
        await eventually(lambda: boris.sees(state="talking"))
        await eventually(
            lambda: [leg.number for leg in made.cloud.sessions[0].live] == [CALLER, BORIS]
        )
        await boris.done("call.hangup", call_id=call_id)
        await eventually(lambda: boris.sees(state="ended", outcome="answered"))


@pytest.mark.feature("S1")
async def test_a_supervisor_whispers_through_the_clouds_coach(made: House) -> None:
    supervisor = Identity(
        account_id=AccountId("acme"),
        employee_id=EmployeeId("e2"),
        name="Борис",
        extension="102",
        crm=None,
    )
    beside = MonitoringClient(made.base.bus)
    async with await made.tab("e1") as anna, await made.tab("e2") as boris:
        made.cloud.place_call(CALLER, PLAIN_DID)
        await eventually(lambda: anna.sees(state="ringing"))
        made.cloud.pick_up(ANNA)
        await eventually(lambda: anna.sees(state="talking"))
        assert anna.card is not None
        call_id = CallId(anna.card["call_id"])
        with pytest.raises(NotAllowed):
            await beside.watch(supervisor, call_id, EmployeeId("e1"), "barge")
        await beside.watch(supervisor, call_id, EmployeeId("e1"), "whisper")
        await eventually(lambda: made.cloud.sessions[0].live[-1].is_coach)
        made.cloud.pick_up(BORIS)
        await eventually(lambda: any(leg.is_coach for leg in made.cloud.sessions[0].live))
        assert not boris.cards, "he is no part of the call"
        await beside.stop(supervisor, call_id)
        await eventually(
            lambda: [leg.number for leg in made.cloud.sessions[0].live] == [CALLER, ANNA]
        )
        await anna.done("call.hangup", call_id=call_id)
        await eventually(lambda: anna.sees(state="ended", outcome="answered"))


async def test_the_next_owner_goes_on_with_the_talk(made: House) -> None:
    async with await made.tab("e1") as anna:
        made.cloud.place_call(CALLER, DID)
        await eventually(lambda: anna.sees(state="ringing", my_leg="ringing"))
        made.cloud.pick_up(ANNA)
        await eventually(lambda: anna.sees(state="talking"))
        await made.worker.owners.let_go("cloud")
        await made.worker.reload()
        await eventually(lambda: made.worker.owners.now)
        owner = made.worker.owners.now["cloud"]
        await eventually(lambda: owner.live_calls() == 1)
        assert anna.card is not None
        await anna.done("call.hold", call_id=anna.card["call_id"], on=True)
        await eventually(lambda: anna.sees(state="held"))
        assert made.cloud.sessions[0].state == "hold"
        made.cloud.hang_up(CALLER)
        await eventually(lambda: anna.sees(state="ended", outcome="answered"))


@pytest.mark.feature("W13")
async def test_a_call_dialled_on_the_telephone_has_its_card(made: House) -> None:
    async with await made.tab("e1") as anna:
        made.cloud.dial(ANNA, OUTSIDE, DID)
        await eventually(lambda: anna.sees(direction="outbound", number=f"+{OUTSIDE}"))
        await eventually(lambda: anna.sees(state="talking"))
        made.cloud.hang_up(ANNA)
        await eventually(lambda: anna.sees(state="ended", outcome="answered"))


async def test_the_door_opens_to_the_secret_alone_and_loses_nothing(made: House) -> None:
    async with httpx.AsyncClient() as http:
        wrong = made.door.replace("0123", "9999")
        assert (await http.post(f"{wrong}/events", json={})).status_code == 401
        broken = await http.post(f"{made.door}/events", content=b'{"event": "incoming", "x": {{y}}')
        assert (broken.status_code, "template" in broken.text) == (400, True)
        note: dict[str, str | int] = {
            "event": "outgoing",
            "call_session_id": 7,
            "notification_time": "2026-03-02 10:00",
        }
        for _ in range(2):
            assert (await http.post(f"{made.door}/events", json=note)).status_code == 200
        asked = await http.get(f"{made.door}/events", params=note | {"event": "ended"})
        assert asked.status_code == 200
        strange = await http.post(f"{made.door}/route", json={"numa": "1", "numb": "2"})
        assert strange.json() == {"returned_code": 2}
        for _ in range(100):  # the question is kept after its answer has left
            stored = await _events(made)
            if len(stored) == 4 and all(read for _, read in stored):
                break
            await asyncio.sleep(0.02)
    assert sorted(stored) == [
        (event, True) for event in ("ended", "outgoing", "question", "unreadable")
    ]


async def test_a_question_is_answered_when_nobody_owns_the_connection(
    database_url: str, tmp_path: Path
) -> None:
    async with house(database_url, tmp_path) as made:
        await made.worker.owners.let_go("cloud")
        async with httpx.AsyncClient(timeout=10) as http:
            told = await http.post(f"{made.door}/route", json={"call_session_id": 1})
        assert told.json() == {"returned_code": 2}


@pytest.mark.feature("W7")
async def test_a_status_holds_on_both_sides(made: House) -> None:
    """The rounds are run by hand: between two of them lie twenty seconds."""
    statuses, people = made.web.statuses, AccountId("acme")
    connection = (await SqlSwitches(made.base.database, made.base.secrets).all())[0]
    where = addresses(connection.config.url)
    engine = UisStatuses(where.data, TOKEN)
    step = LineStatuses(
        engine=engine,
        book=SqlAgreed(made.base.database, "cloud"),
        store=SqlStatuses(made.base.database),
        statuses=statuses,
        people=lambda: [OnLine(account_id=people, employee_id=EmployeeId("e1"), vendor=11)],
        clock=made.base.clock,
    )
    try:
        await step.round()
        await statuses.choose(people, EmployeeId("e1"), AgentStatus.BREAK, None)
        await step.round()
        assert made.cloud.statuses[11] == 2
        made.cloud.statuses[11] = 4
        await step.round()
        kept = await SqlStatuses(made.base.database).load(people, EmployeeId("e1"))
        assert kept is not None
        assert kept.status is AgentStatus.AWAY
        made.cloud.statuses[11] = 90  # one of the account's own
        await step.round()
    finally:
        await engine.aclose()
    again = await SqlStatuses(made.base.database).load(people, EmployeeId("e1"))
    assert again == kept
