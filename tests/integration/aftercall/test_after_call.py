"""One suite over both CRMs: what a finished call leaves, whatever happens on the way."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.domain.account_settings import CrmSettings
from backend.sandbox.ari.sound import wav
from backend.services.ports import Delivery, me_stream
from backend.store import gateways
from backend.store.account_settings import AccountSettingsStore
from backend.store.database import Database
from tests.integration.aftercall.rig import ANNA, TALK, House, ended, house
from tests.integration.conftest import ALPHA


@pytest.fixture(params=["amocrm", "bitrix24"])
async def home(
    request: pytest.FixtureRequest,
    database: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[House]:
    async with house(request.param, database, database_url, tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.feature("A12")
@pytest.mark.feature("B20")
async def test_a_call_is_there_right_after_its_end_with_its_recording(home: House) -> None:
    await home.end(ended())
    await home.work()
    assert home.crm.entries("c1") == [("answered", True)]
    assert home.files.deleted == ["dozvon-alpha-c1"], "the switch may forget what is kept here"
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]
    assert await home.jobs.counts() == (0, 0)


@pytest.mark.parametrize("said", [True, False])
async def test_a_message_and_the_talk_before_it_are_both_kept(home: House, said: bool) -> None:
    """The CRM gets one: the message, or the talk when nothing was said after the tone."""
    both = replace(ended(), recording="dozvon-alpha-c1-message", also_recorded=("dozvon-alpha-c1",))
    home.files.stored["dozvon-alpha-c1"] = TALK
    await home.end(both, audio=TALK if said else wav([]))
    await home.work()
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]
    kept = {"dozvon-alpha-c1", *(["dozvon-alpha-c1-message"] if said else [])}
    assert set(home.files.deleted) == kept
    assert await home.jobs.counts() == (0, 0)


async def test_a_lost_call_is_there_without_audio(home: House) -> None:
    await home.end(ended(outcome="lost"))
    await home.settle()
    assert home.crm.entries("c1") == [("lost", False)]


@pytest.mark.feature("W15")
async def test_colleagues_among_themselves_are_none_of_the_crms_business(home: House) -> None:
    await home.end(replace(ended(), direction="internal", recording=None))
    await home.settle()
    assert home.crm.entries("c1") == []
    assert home.rig.requests() == 0


async def test_answered_beats_missed_in_whatever_order_they_come(home: House) -> None:
    """P11: an owner that lost its lease keeps the call as lost, the next one saw the answer."""
    for n, order in enumerate(itertools.permutations(("lost", "answered", "lost"))):
        call = f"c{n}"
        for outcome in order:
            await home.end(ended(call, outcome=outcome))
            await home.settle()
        assert [what for what, _ in home.crm.entries(call)] == ["answered"], order


async def test_a_crm_that_is_away_for_hours_loses_nothing_and_doubles_nothing(home: House) -> None:
    home.crm.down(on=True)
    for n in range(3):
        await home.end(ended(f"c{n}"))
    for _ in range(3):
        await home.later()
    assert all(home.crm.entries(f"c{n}") == [] for n in range(3))
    home.crm.down(on=False)
    await home.settle()
    for n in range(3):
        assert home.crm.entries(f"c{n}") == [("answered", True)]
    assert await home.jobs.counts() == (0, 0)


async def test_a_lost_answer_leaves_no_second_entry(home: House) -> None:
    """The CRM did what it was asked and we never heard: each write in turn, twice over."""
    for n, word in enumerate(home.crm.writes * 2):
        home.lossy.word, home.lossy.times = word, 1 + n // len(home.crm.writes)
        await home.end(ended(f"c{n}"))
        await home.settle()
        home.lossy.times = 0
        assert home.crm.entries(f"c{n}") == [("answered", True)], word
    assert await home.jobs.counts() == (0, 0)


async def test_a_grant_that_died_and_came_back_loses_nothing(home: House) -> None:
    good = home.rig.grants.grant
    home.rig.grants.grant = replace(good, access_token="dead", refresh_token="dead")
    await home.end(ended())
    await home.later()
    assert home.crm.entries("c1") == []
    home.rig.grants.grant = good
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]


async def test_the_same_work_done_side_by_side_leaves_one_entry(home: House) -> None:
    """Two workers, and a third that took over what it believed abandoned."""
    call = ended()
    await home.end(call)
    for _ in range(3):
        async with home.database.begin(call.account_id) as tx:
            await home.after.on_finished(tx, call)
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]


class Killed(BaseException):
    """As `kill -9`: nothing that follows happens, not even an `except`."""


STEPS = {
    "amocrm": ("SqlCrmCalls.take", "SqlCrmCalls.save", "SqlRecordings.stored"),
    "bitrix24": (
        "SqlPortalCalls.claim",
        "SqlPortalCalls.remember",
        "SqlPortalCalls.mark_finished",
        "SqlCrmCalls.note",
        "SqlRecordings.stored",
    ),
}


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_a_worker_killed_between_two_steps_leaves_nothing_half_done(
    home: House, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n, step in enumerate(STEPS[home.crm.kind]):
        name, _, method = step.partition(".")
        kills = [step]
        with monkeypatch.context() as patched:
            patched.setattr(
                getattr(gateways, name), method, _dying(name, method, kills, before=before)
            )
            await home.end(ended(f"c{n}"))
            await home.survive()
            assert kills == [], "it was never there to be killed"
            await home.settle()
        assert home.crm.entries(f"c{n}") == [("answered", True)], step
    assert await home.jobs.counts() == (0, 0)


def _dying(name: str, method: str, kills: list[str], *, before: bool) -> Callable[..., Any]:
    """The step as it is, but the process dies right before or after its first time."""
    real = getattr(getattr(gateways, name), method)

    async def step(*args: Any, **kwargs: Any) -> Any:
        if kills and before:
            kills.pop()
            raise Killed
        answer = await real(*args, **kwargs)
        if kills:
            kills.pop()
            raise Killed
        return answer

    return step


async def test_a_file_that_is_not_there_yet_or_not_whole_is_waited_for(home: House) -> None:
    """P16: nothing half-written reaches a CRM."""
    await home.end(ended(), audio=None)
    await home.later()
    assert [what for what, audio in home.crm.entries("c1") if audio] == []
    home.files.stored["dozvon-alpha-c1"] = TALK[: len(TALK) // 2]
    await home.later()
    assert home.files.deleted == []
    home.files.stored["dozvon-alpha-c1"] = TALK
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]


async def test_a_recording_in_which_nobody_said_anything_holds_nothing_up(home: House) -> None:
    await home.end(ended(), audio=wav([]))
    await home.settle()
    assert home.crm.entries("c1") == [("answered", False)]
    assert await home.jobs.counts() == (0, 0)


async def test_switched_off_nothing_is_written(home: House) -> None:
    async with home.database.begin(ALPHA) as tx:
        await AccountSettingsStore(tx).save(ALPHA, CrmSettings(on=False), by="test")
    await home.end(ended())
    await home.settle()
    assert home.crm.entries("c1") == []


async def test_a_worker_that_does_not_know_the_connection_yet_drops_nothing(home: House) -> None:
    await home.end(ended())
    home.connected = False
    await home.work()
    assert home.crm.entries("c1") == []
    home.connected = True
    await home.settle()
    assert home.crm.entries("c1") == [("answered", True)]


async def test_an_open_history_hears_that_the_crm_has_the_call(home: House) -> None:
    heard: list[Delivery] = []
    async with home.bus.follow(me_stream(ALPHA, ANNA), heard.append):
        await home.end(ended())
        await home.settle()
    assert {delivery.tag for delivery in heard} == {"history.changed"}
    assert (await home.history()).crm == "written"
