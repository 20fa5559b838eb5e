"""What amoCRM is told of a call, in its own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.domain.account_settings import CrmSettings, RecordingSettings
from backend.domain.visits import Source, Way
from backend.kit.budget import Priority
from backend.sandbox.amocrm import Fault
from backend.sandbox.amocrm.trade import fill_customers
from backend.sandbox.amocrm.world import CUSTOMER, values_of
from backend.services.ports import IndexedPhone
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from backend.store.phone_index import PhoneIndexStore
from protocol.vocabulary import CallId, CrmKind, HangupCause
from tests.integration.aftercall.rig import BASE, STRANGER, House, ended, house
from tests.integration.conftest import ALPHA

OTHER_STRANGER = "+79160000002"


@pytest.fixture
async def home(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    async with house("amocrm", database, database_url, tmp_path, monkeypatch) as made:
        yield made


def _notes(home: House, call: str = "c1") -> list[dict[str, Any]]:
    notes = home.rig.amo.world.notes.values()  # type: ignore[union-attr]
    return [note for note in notes if note["params"].get("uniq") == call]


def _unsorted(home: House) -> list[dict[str, Any]]:
    return list(home.rig.amo.world.unsorted.values())  # type: ignore[union-attr]


@pytest.mark.feature("A12")
async def test_the_note_says_who_talked_how_long_and_where_to_listen(home: House) -> None:
    await home.end(ended())
    await home.work()
    (note,) = _notes(home)
    params = note["params"]
    assert note["note_type"] == "call_in"
    assert (params["duration"], params["call_status"]) == (60, 4)
    assert params["phone"] == "+79161234501"
    assert params["call_responsible"] == note["created_by"] == note["responsible_user_id"] == 1
    assert params["link"].startswith(f"{BASE}/recordings/alpha.")
    played = await home.http.get(params["link"], headers={"Range": "bytes=0-99"})
    assert (played.status_code, len(played.content)) == (206, 100)
    assert played.headers["content-type"] == "audio/mpeg"


@pytest.mark.feature("A12")
async def test_a_call_is_not_kept_waiting_for_its_audio(home: House) -> None:
    await home.end(ended(), audio=None)
    await home.later()  # ten seconds are over, and the switch has no file yet
    (note,) = _notes(home)
    assert "link" not in note["params"]
    await home.end(ended("c2"))
    home.files.stored["dozvon-alpha-c1"] = home.files.stored["dozvon-alpha-c2"]
    await home.settle()
    (note,) = _notes(home)
    assert (await home.http.get(note["params"]["link"])).status_code == 200


@pytest.mark.feature("B9")
async def test_recordings_stay_here_where_the_account_wants_it(home: House) -> None:
    async with home.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(ALPHA, RecordingSettings(to_crm=False), by="test")
    await home.end(ended())
    await home.end(ended("c2", number=STRANGER))
    await home.work()  # nothing waits for the audio
    await home.settle()
    (note,) = _notes(home)
    (stranger,) = _unsorted(home)
    assert "link" not in note["params"]
    assert not stranger["metadata"].get("link")
    entry = await home.history()
    assert (entry.crm, entry.recording) == ("written", "ready")


@pytest.mark.parametrize(
    "cause, status, result",
    [
        (HangupCause.BUSY, 7, "Занято"),
        (HangupCause.INVALID_NUMBER, 5, "Неправильный номер"),
        (HangupCause.UNREACHABLE, 3, "Номер недоступен"),
        (HangupCause.NO_ANSWER, 6, "Не дозвонились"),
    ],
)
async def test_how_an_outgoing_call_failed(
    home: House, cause: HangupCause, status: int, result: str
) -> None:
    call = replace(ended(outcome="lost"), direction="outbound", cause=cause)
    await home.end(call)
    await home.settle()
    (note,) = _notes(home)
    assert note["note_type"] == "call_out"
    assert (note["params"]["call_status"], note["params"]["call_result"]) == (status, result)
    assert note["responsible_user_id"] == 1, "whoever dialled"


async def test_an_english_account_reads_english(home: House) -> None:
    home.language = "en"
    await home.end(ended(outcome="lost"))
    await home.settle()
    (note,) = _notes(home)
    assert note["params"]["call_result"] == "Missed call"
    await home.end(ended())
    await home.settle()
    (note,) = _notes(home)
    assert note["params"]["call_result"] == "Conversation took place"


async def test_a_missed_call_is_nobodys(home: House) -> None:
    await home.end(ended(outcome="lost"))
    await home.settle()
    (note,) = _notes(home)
    assert note["params"]["call_result"] == "Пропущенный звонок"
    assert note["created_by"] == 0


@pytest.mark.feature("A12")
async def test_a_stranger_somebody_answered_waits_among_the_unsorted(home: House) -> None:
    await home.end(ended(number=STRANGER))
    await home.settle()
    (request,) = _unsorted(home)
    assert request["metadata"]["phone"] == STRANGER
    assert request["metadata"]["call_responsible"] == 1
    assert (await home.http.get(request["metadata"]["link"])).status_code == 200
    assert _notes(home) == []


async def test_an_answer_lost_with_a_stranger_makes_no_second_request(home: House) -> None:
    home.lossy.word, home.lossy.times = "/unsorted", 1
    await home.end(ended(number=STRANGER))
    await home.settle()
    assert len(_unsorted(home)) == 1


@pytest.mark.feature("A12")
async def test_amocrms_own_limits_are_shown_and_not_repeated(home: House) -> None:
    """Calls of strangers that nobody answered have no place there (L2208)."""
    await home.end(ended(number=STRANGER, outcome="lost"))
    await home.settle()
    assert _unsorted(home) == _notes(home) == []
    assert await home.jobs.counts() == (0, 0)
    entry = await home.history()
    assert (entry.crm, entry.crm_reason) == ("refused", "unknown_number")


async def test_strangers_are_left_out_where_the_account_wants_it(home: House) -> None:
    async with home.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(
            ALPHA, CrmSettings(unknown_to_unsorted=False), by="test"
        )
    await home.end(ended(number=STRANGER))
    await home.settle()
    assert _unsorted(home) == []
    assert (await home.history()).crm == "refused"


async def test_a_refusal_of_amocrm_is_parked_in_sight_and_may_be_tried_again(home: House) -> None:
    amo = home.rig.amo  # type: ignore[union-attr]
    amo.faults.add(Fault("status", path="/api/v4/calls", status=400))
    await home.end(ended())
    await home.settle()
    (parked,) = await home.jobs.parked()
    assert (parked.task, parked.args["call_id"]) == ("crm.write_call", "c1")
    entry = await home.history()
    assert entry.crm == "refused"
    assert entry.crm_reason == "rejected"
    assert "400" in (entry.crm_said or "")
    amo.faults.clear()
    await home.jobs.retry_parked(parked.id)
    await home.settle()
    assert len(_notes(home)) == 1
    assert (await home.history()).crm == "written"


async def test_a_withheld_number_is_said_so(home: House) -> None:
    await home.end(ended(number=""))
    await home.settle()
    entry = await home.history()
    assert (entry.crm, entry.crm_reason) == ("refused", "withheld")


@pytest.mark.feature("A12")
async def test_a_stranger_s_calls_are_one_request_and_join_his_card_once_it_is_accepted(
    home: House,
) -> None:
    """P13, and at once: each looks for the number before it makes something new."""
    for n in range(4):
        await home.end(ended(f"c{n}", number=STRANGER))
    await home.settle(at_once=4)
    (request,) = _unsorted(home)
    await home.end(ended("c4", number=STRANGER))
    await home.settle()
    assert len(_unsorted(home)) == 1
    entries = {entry.call_id: entry for entry in await home.entries()}
    first = entries.pop(CallId(request["source_uid"]))
    assert first.crm == "written"
    assert {(entry.crm, entry.crm_reason) for entry in entries.values()} == {
        ("waiting", "collected")
    }
    assert len(entries) == 4
    assert await home.jobs.counts() == (0, 0), "nothing asks again and again"
    # Nobody has accepted it: another look changes nothing.
    await home.after.numbers_changed(ALPHA)
    await home.settle()
    assert _notes(home) == []

    amo = home.rig.amo  # type: ignore[union-attr]
    grant = home.rig.grants.grant
    answer = await home.rig.http.post(
        f"{grant.base_url}/api/v4/leads/unsorted/{request['uid']}/accept",
        headers={"Authorization": f"Bearer {grant.access_token}"},
    )
    assert answer.status_code == 200
    (contact,) = request["_ids"]["contacts"]
    known = IndexedPhone(
        e164=STRANGER, kind="contact", record_id=str(contact), name="", responsible_crm_id=None
    )
    async with home.database.begin(ALPHA) as tx:
        await PhoneIndexStore(tx).add(ALPHA, CrmKind.AMOCRM, [known])
    await home.after.numbers_changed(ALPHA)
    await home.settle()
    noted = [
        note["params"]["uniq"]
        for note in amo.world.notes.values()
        if note["params"].get("uniq") in {f"c{n}" for n in range(5)}
    ]
    assert sorted(noted) == [f"c{n}" for n in range(5)], "each of them, once"
    assert {entry.crm for entry in await home.entries()} == {"written"}


async def test_after_a_declined_request_the_stranger_s_next_call_is_a_new_one(home: House) -> None:
    await home.end(ended("c0", number=STRANGER))
    await home.settle()
    (request,) = _unsorted(home)
    request["_state"] = "declined"
    await home.end(ended("c1", number=STRANGER))
    await home.settle()
    assert [u["source_uid"] for u in _unsorted(home)] == ["c0", "c1"]


async def test_calls_left_to_a_declined_request_wait_no_longer(home: House) -> None:
    for n in range(3):
        await home.end(ended(f"c{n}", number=STRANGER))
        await home.settle()
    (request,) = _unsorted(home)
    await home.after.look_at_requests(ALPHA)
    await home.settle()
    assert [entry.crm_reason for entry in await home.entries()].count("collected") == 2
    request["_state"] = "declined"
    await home.after.look_at_requests(ALPHA)
    await home.settle()
    entries = {entry.call_id: (entry.crm, entry.crm_reason) for entry in await home.entries()}
    assert entries == {
        CallId("c0"): ("written", None),
        CallId("c1"): ("refused", "declined"),
        CallId("c2"): ("refused", "declined"),
    }
    assert len(_unsorted(home)) == 1, "nobody who said no is asked again"
    assert await home.jobs.parked() == []

    # Somebody made a card of the number after all.
    await _gets_a_card(home, STRANGER)
    await home.after.numbers_changed(ALPHA)
    await home.settle()
    assert [entry.crm for entry in await home.entries()] == ["written"] * 3
    assert [len(_notes(home, call)) for call in ("c1", "c2")] == [1, 1]


async def _gets_a_card(home: House, number: str) -> None:
    phone = {"field_code": "PHONE", "values": [{"value": number}]}
    body = await home.rig.source.client.send(  # type: ignore[union-attr]
        "POST",
        "/contacts",
        [{"name": "Somebody", "custom_fields_values": [phone]}],
        priority=Priority.CALL,
    )
    record_id = str(body["_embedded"]["contacts"][0]["id"])
    known = IndexedPhone(
        e164=number, kind="contact", record_id=record_id, name="", responsible_crm_id=None
    )
    async with home.database.begin(ALPHA) as tx:
        await PhoneIndexStore(tx).add(ALPHA, CrmKind.AMOCRM, [known])


async def test_an_answer_lost_with_a_customers_card_leaves_no_second_note(home: House) -> None:
    """A repeat buyer without an open deal gets his calls in the customer's card (§6.6)."""
    world = home.rig.amo.world  # type: ignore[union-attr]
    world.account["customers_mode"] = "dynamic"
    fill_customers(world)
    phones = (
        values_of(world.contacts[contact], "PHONE")[0]
        for customer in world.customers.values()
        for contact in customer["_contacts"]
    )
    buyer = next(p for p in phones if (found := world.card_for_call(p)) and found[0] is CUSTOMER)
    home.lossy.word, home.lossy.times = "/calls", 1
    await home.end(ended(number=buyer))
    await home.settle()
    (note,) = _notes(home)
    assert note["_kind"] == "customers"
    assert (await home.history()).crm == "written"


async def test_what_cannot_be_looked_for_to_the_end_is_not_written_again(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many calls since: "not found" would be a guess, and a second entry."""
    await home.end(ended("c0"))
    await home.end(ended("c9"))
    await home.settle()
    monkeypatch.setattr("backend.connectors.crm.amocrm.calls._LOOK_BACK_PAGES", 1)
    monkeypatch.setattr("backend.connectors.crm.amocrm.calls.PAGE", 1)
    home.lossy.word, home.lossy.times = "/calls", 1
    await home.end(ended("c1"), audio=None)
    await home.later()
    for other in ("c0", "c9"):  # spoken of since, so they come first
        (note,) = _notes(home, other)
        note["updated_at"] += 3600
    await home.later()
    assert len(_notes(home)) == 1
    assert (await home.history()).crm == "waiting"


@pytest.mark.feature("W4")
async def test_a_strangers_lead_knows_what_led_them_here(home: House) -> None:
    """Into the fields of tracking data the account has; without any the call goes all the same."""
    way = Way(
        exact=True,
        site="svet.example",
        source=Source(source="yandex", medium="cpc", keyword="lamps"),
    )
    await home.end(replace(ended(number=STRANGER), visit=way))
    await home.work()
    (plain,) = _unsorted(home)
    world = home.rig.amo.world  # type: ignore[union-attr]
    fields = [
        {"name": code, "code": code, "type": "tracking_data"}
        for code in ("UTM_SOURCE", "UTM_TERM", "UTM_CAMPAIGN", "GCLID")
    ]
    await home.rig.source.client.send(  # type: ignore[union-attr]
        "POST", "/leads/custom_fields", fields, priority=Priority.BACKGROUND
    )
    await home.end(replace(ended("c2", number=OTHER_STRANGER), visit=way))
    await home.settle()
    tracked = next(u for u in _unsorted(home) if u["source_uid"] == "c2")
    leads = [world.leads[u["_ids"]["leads"][0]] for u in (plain, tracked)]
    assert leads[0]["custom_fields_values"] is None
    told = {code: values_of(leads[1], code) for code in ("UTM_SOURCE", "UTM_TERM", "GCLID")}
    assert told == {"UTM_SOURCE": ["yandex"], "UTM_TERM": ["lamps"], "GCLID": []}
