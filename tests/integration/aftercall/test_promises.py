"""What users of other integrations complain of, by name, for both CRMs (P10, P12, P13, P15)."""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from backend.services.ports import FinishedCall, FinishedLeg
from backend.store.database import Database
from protocol.vocabulary import EmployeeId, LegId
from tests.integration.aftercall.rig import ANNA, ILYA, STRANGER, House, ended, house


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


def _leg(call: FinishedCall, who: EmployeeId, since: int, until: int, *, up: bool) -> FinishedLeg:
    """A leg of the call's own time, seconds from its start."""
    at = call.started_at
    return replace(
        call.legs[0],
        leg_id=LegId(f"agent-{who}-{since}"),
        employee_id=who,
        started_at=at + timedelta(seconds=since),
        answered_at=at + timedelta(seconds=since + 2) if up else None,
        ended_at=at + timedelta(seconds=until),
    )


WAYS = {
    "blind": ((0, 20, True), (20, 65, True)),
    "attended": ((0, 40, True), (20, 65, True)),
    "queue": ((0, 20, False), (20, 65, True)),
}
"""When the first and the second person had it, and whether the first one talked."""


def _moved(call: str, way: str, first: EmployeeId, second: EmployeeId) -> FinishedCall:
    made = ended(call)
    (a, b, up), (c, d, also) = WAYS[way]
    legs = (_leg(made, first, a, b, up=up), _leg(made, second, c, d, up=also))
    return replace(made, legs=legs, answered_by=second)


@pytest.mark.parametrize("way", WAYS)
async def test_p10_a_call_that_changed_hands_is_one_entry_of_whoever_has_it_last(
    home: House, way: str
) -> None:
    for n, (first, second) in enumerate(itertools.permutations((ANNA, ILYA))):
        await home.end(_moved(f"c{n}", way, first, second))
        await home.settle()
        assert home.crm.owners(f"c{n}") == [home.users[second]]
        assert home.crm.entries(f"c{n}") == [("answered", True)], "and its recording is there"


@pytest.mark.parametrize("seed", range(3))
async def test_p12_whatever_happens_nothing_disappears(home: House, seed: int) -> None:
    """Random ends, corrections, outages and lost answers: only additions and corrections."""
    chance = random.Random(seed)
    known: set[str] = home.crm.kept()
    for step in range(10):
        home.lossy.word = chance.choice(home.crm.writes)
        home.lossy.times = chance.choice((0, 0, 1))
        home.crm.down(on=chance.random() < 0.2)
        call = f"c{chance.randrange(3)}"
        number = chance.choice((STRANGER, ended().number))
        outcome = chance.choice(("lost", "answered"))
        await home.end(ended(call, outcome=outcome, number=number))
        await (home.later() if chance.random() < 0.5 else home.work())
        now = home.crm.kept()
        assert known <= now, f"step {step}"
        known = now
    home.lossy.times = 0
    home.crm.down(on=False)
    await home.settle()
    assert known <= home.crm.kept()


async def test_p13_a_hundred_calls_of_one_stranger_leave_no_duplicates(home: House) -> None:
    """Ten workers at once, and answers that get lost. In amoCRM one request stands for all of them
    until somebody accepts it; in a portal each call has its entry and there is no lead of ours."""
    calls = [f"c{n}" for n in range(100)]
    home.lossy.word, home.lossy.times = home.crm.writes[0], 3
    for call in calls:
        await home.end(ended(call, number=STRANGER), audio=None)
    for _ in range(12):
        if await home.jobs.waiting() == 0:
            break
        await home.work(at_once=10)
        await home.later()
    entries = [len(home.crm.entries(call)) for call in calls]
    if home.crm.kind == "amocrm":
        assert (sum(entries), home.crm.made(STRANGER)) == (1, 1)
        told = [(entry.crm, entry.crm_reason) for entry in await home.entries()]
        assert set(told) <= {("waiting", "collected"), ("written", None)}
    else:
        assert (entries, home.crm.made(STRANGER)) == ([1] * 100, 0)


@pytest.mark.parametrize("nobody", [None, ""], ids=["unlinked", "empty"])
async def test_p15_a_call_of_nobody_known_is_nobodys_at_random(
    home: House, nobody: str | None
) -> None:
    """Of those in the call whoever is known, else nobody; a colleague without a user is no key."""
    fallback = set()
    for n, users in enumerate(itertools.product((nobody, "1", "2"), repeat=2)):
        home.users = dict(zip((ANNA, ILYA), users, strict=True)) | {EmployeeId("third"): "3"}
        await home.end(_moved(f"c{n}", "blind", ANNA, ILYA))
        await home.settle()
        (owner,) = home.crm.owners(f"c{n}")
        ours = [user for user in (users[1], users[0]) if user]
        if home.crm.kind == "amocrm":
            assert owner == (users[1] or ""), "he who talked last, or nobody"
        elif ours:
            assert owner == ours[0]
        else:
            fallback.add(owner)
    if home.crm.kind == "bitrix24":
        assert len(fallback) == 1
        assert "3" not in fallback, "whoever looks after the caller, not just anybody"
