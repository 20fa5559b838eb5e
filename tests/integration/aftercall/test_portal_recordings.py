"""How a portal comes by its copy of a recording (B9), and by calls it was told wrongly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from backend.domain.account_settings import RecordingSettings
from backend.errors import CrmAuthExpired, CrmRejected, CrmUnavailable
from backend.jobs.portal_recordings import ATTEMPTS, EVERY_S, EveryHalfHour
from backend.services.call_words import Language
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from protocol.pushes import RecordRef
from protocol.vocabulary import RecordKind
from tests.connectors.rigs import PortalRig
from tests.integration.aftercall.rig import KNOWN, House, ended, house
from tests.integration.conftest import ALPHA


@pytest.fixture
async def home(
    database: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    async with house("bitrix24", database, database_url, tmp_path, monkeypatch) as made:
        yield made


def _asked(home: House, method: str) -> list[dict[str, Any]]:
    log = home.rig.portal.log  # type: ignore[union-attr]
    return [row.params for row in log.rows(f"telephony.externalcall.{method}")]


def _records(home: House) -> list[tuple[str, bytes]]:
    return list(home.rig.portal.telephony.records.values())  # type: ignore[union-attr]


@pytest.mark.feature("B9")
async def test_a_portal_that_cannot_reach_us_is_sent_the_file(home: House) -> None:
    await home.end(ended())
    await home.settle()
    first, second = _asked(home, "attachRecord")
    assert first["RECORD_URL"].startswith("http://dozvon.test/recordings/alpha.")
    assert "RECORD_URL" not in second
    ((name, content),) = _records(home)
    assert name.endswith("-c1.mp3")
    page = await home.history()
    assert page.recording_url is not None
    assert (await home.http.get(page.recording_url)).content == content


@pytest.mark.feature("B9")
async def test_recordings_stay_here_where_the_account_wants_it(home: House) -> None:
    async with home.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(ALPHA, RecordingSettings(to_crm=False), by="test")
    await home.end(ended())
    await home.settle()
    assert _asked(home, "finish")
    assert (_asked(home, "attachRecord"), _records(home)) == ([], [])
    entry = await home.history()
    assert (entry.crm, entry.recording) == ("written", "ready")


@pytest.mark.feature("B9")
async def test_a_copy_on_its_way_is_not_made_once_that_is_switched_off(home: House) -> None:
    faults = home.rig.portal.faults  # type: ignore[union-attr]
    faults.blocked_methods = {"telephony.externalcall.attachrecord"}
    await home.end(ended())
    await home.work()
    async with home.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(ALPHA, RecordingSettings(to_crm=False), by="test")
    faults.clear()
    await home.rig.clock.advance(3600)
    await home.settle()
    assert await home.jobs.counts() == (0, 0)
    assert _records(home) == []


@pytest.mark.feature("B9")
async def test_audio_that_came_before_the_portal_was_told_waits_for_it(home: House) -> None:
    faults = home.rig.portal.faults  # type: ignore[union-attr]
    faults.blocked_methods = {"telephony.externalcall.finish"}
    await home.end(ended())
    await home.work()
    assert _asked(home, "attachRecord") == []
    faults.clear()
    await home.rig.clock.advance(3600)
    await home.settle()
    assert len(_records(home)) == 1


@pytest.mark.feature("B9")
async def test_a_portal_that_takes_no_file_is_asked_each_half_hour_eight_times(
    home: House,
) -> None:
    home.rig.portal.faults.blocked_methods = {"telephony.externalcall.attachrecord"}  # type: ignore[union-attr]
    await home.end(ended())
    await home.work()
    waits = []
    while await home.jobs.waiting():
        waits.append(await _delay_s(home))
        await home.rig.clock.advance(3600)
        await home.later()
    assert len(waits) == ATTEMPTS - 1
    assert all(abs(wait - EVERY_S) < 60 for wait in waits)
    (parked,) = await home.jobs.parked()
    assert parked.task == "portal.attach_recording"
    assert isinstance(home.rig, PortalRig)
    home.rig.portal.faults.clear()
    await home.rig.clock.advance(3600)
    await home.jobs.retry_parked(parked.id)
    await home.settle()
    assert len(_records(home)) == 1


async def _delay_s(home: House) -> float:
    async with await psycopg.AsyncConnection.connect(home.owner_url) as connection:
        rows = await connection.execute(
            "select scheduled_at from procrastinate_jobs where status = 'todo'"
        )
        ((at,),) = await rows.fetchall()
    return float((at - datetime.now(UTC)).total_seconds())


def test_a_dead_grant_outlives_the_eight_tries() -> None:
    class Job:
        attempts = ATTEMPTS - 1

    rule = EveryHalfHour()
    for error in (CrmUnavailable("busy"), CrmRejected("no")):
        assert rule.get_retry_decision(exception=error, job=Job()) is None  # type: ignore[arg-type]
    assert rule.get_retry_decision(exception=CrmAuthExpired("dead"), job=Job()) is not None  # type: ignore[arg-type]


async def test_an_attached_file_is_not_sent_again_after_a_lost_answer(home: House) -> None:
    home.lossy.word, home.lossy.times = "upload", 1
    await home.end(ended())
    await home.settle()
    assert len(_records(home)) == 1
    assert len(_asked(home, "attachRecord")) == 2, "the portal said that it has it"


@pytest.mark.feature("B20")
async def test_a_call_that_rang_for_nobody_stands_in_the_portal_too(home: House) -> None:
    await home.end(replace(ended(outcome="lost"), legs=()))
    await home.settle()
    (row,) = home.rig.portal.telephony.statistics  # type: ignore[union-attr]
    assert row["CALL_FAILED_CODE"] == "304"
    assert row["PORTAL_USER_ID"] != "0"


async def test_a_missed_call_that_was_answered_is_closed_in_the_card(home: House) -> None:
    await home.end(ended(outcome="lost"))
    await home.settle()
    await home.end(ended())
    await home.settle()
    activity = _activity(home)
    assert activity["COMPLETED"] == "Y"
    assert activity["DESCRIPTION"] == "Разговор состоялся, 1:00"


async def test_a_correction_the_portal_did_not_take_is_made_later(home: House) -> None:
    faults = home.rig.portal.faults  # type: ignore[union-attr]
    await home.end(ended(outcome="lost"))
    await home.settle()
    faults.blocked_methods = {"crm.activity.update"}
    await home.end(ended())
    await home.work()
    assert _activity(home)["COMPLETED"] != "Y"
    faults.clear()
    await home.rig.clock.advance(3600)
    await home.settle()
    assert _activity(home)["COMPLETED"] == "Y"


def _activity(home: House) -> dict[str, Any]:
    (activity,) = [
        row
        for row in home.rig.portal.store.rows("ACTIVITY")  # type: ignore[union-attr]
        if str(row.get("ORIGIN_ID", "")).startswith("VI_")
    ]
    return activity


@pytest.mark.parametrize(
    "language, why, talked",
    [
        ("ru", "Вызов отменён", "Разговор состоялся, 1:00"),
        ("en", "Call cancelled", "Conversation took place, 1:00"),
    ],
)
async def test_the_portals_people_read_their_own_language(
    home: House, language: Language, why: str, talked: str
) -> None:
    home.language = language
    await home.end(ended(outcome="lost"))
    await home.settle()
    portal = home.rig.portal  # type: ignore[union-attr]
    (row,) = portal.telephony.statistics
    assert row["CALL_FAILED_REASON"] == why
    await home.end(ended())
    await home.settle()
    said = [row.get("DESCRIPTION") for row in portal.store.rows("ACTIVITY")]
    assert talked in said


@pytest.mark.feature("B9")
async def test_the_recording_is_with_the_record_the_number_is_known_to_be_of(home: House) -> None:
    portal = home.rig.portal  # type: ignore[union-attr]
    company = portal.store.rows("COMPANY")[0]["ID"]
    home.records[KNOWN] = RecordRef(kind=RecordKind.COMPANY, id=company)
    await home.end(ended())
    await home.settle()
    (row,) = portal.telephony.statistics
    assert (row["CRM_ENTITY_TYPE"], row["CRM_ENTITY_ID"]) == ("COMPANY", company)
    assert row["RECORD_FILE_ID"]
