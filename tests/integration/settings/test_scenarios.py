"""Scenarios of every kind of step by both doors, and who would ring by them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from backend.demo.cast import SEVER as CAST
from tests.integration.settings.house import VEKTOR, House

pytestmark = pytest.mark.feature("T")
NIGHT: list[dict[str, Any]] = [
    {"message": {"sound": "dozvon/sever/night"}},
    {"voicemail": {"max_s": 60, "group": "sales"}},
    {"hangup": "normal"},
]


async def _make(anna: httpx.AsyncClient, name: str, steps: list[dict[str, Any]]) -> httpx.Response:
    return await anna.post("/scenarios", json={"id": name, "name": name, "steps": steps})


async def _walked(anna: httpx.AsyncClient, at: str) -> list[dict[str, Any]]:
    answer = await anna.get("/who-rings", params={"scenario": "day", "at": at})
    lines: list[dict[str, Any]] = answer.json()["lines"]
    return lines


async def test_every_step_is_kept_by_one_door_and_written_by_the_other(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    groups = [item["value"]["id"] for item in (await anna.get("/groups")).json()["items"]]
    steps = [{**step} for step in NIGHT]
    steps[1] = {"voicemail": {"max_s": 60, "group": groups[0]}}
    assert (await _make(anna, "night", steps)).status_code == 201
    day: list[dict[str, Any]] = [
        {"hours": {"closed": "night", "week": {"mon": ["09:00-18:00"]}, "timezone": "UTC"}},
        {"group": groups[0], "mode": "longest_idle", "timeout_s": 15},
        {"external": {"number": "+74951230002"}},
        {"callback": {}},
    ]
    assert (await _make(anna, "day", day)).status_code == 201
    text = await seeded.files.export("sever")
    assert (await seeded.apply(text)).nothing_to_do
    walked = (
        await anna.get("/who-rings", params={"scenario": "day", "at": "2026-03-02T13:00"})
    ).json()
    assert walked["lines"][0]["code"] == "hours_open"
    assert any(line["rings"] for line in walked["lines"])
    sunday = (
        await anna.get("/who-rings", params={"scenario": "day", "at": "2026-03-01T13:00"})
    ).json()
    codes = [line["code"] for line in sunday["lines"]]
    assert codes == ["hours_closed", "message", "voicemail", "end_normal"]


@pytest.mark.parametrize(
    ("steps", "path", "code"),
    [
        ([{"hours": {"closed": "nowhere"}}], "steps[0].hours.closed", "unknown_scenario"),
        ([{"hours": {"closed": "circle"}}], "steps[0].hours.closed", "scenario_circle"),
        ([{"voicemail": {"group": "none"}}], "steps[0].voicemail.group", "unknown_group"),
        ([{"voicemail": {}}, {"group": "x"}], "steps[1].group", "unknown_group"),
        ([{"message": {"sound": "dozvon/vektor/x"}}], "steps[0].message.sound", "sound_foreign"),
        ([{"hours": {"week": {"mon": ["9"]}}}], "steps[0]", "hours_interval"),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_its_place_and_words(
    anna: httpx.AsyncClient, steps: list[dict[str, Any]], path: str, code: str
) -> None:
    answer = await _make(anna, "circle", steps)
    assert answer.status_code == 400
    faults = {f["path"]: f for f in answer.json()["error"]["data"]["faults"]}
    assert faults[path]["code"] == code
    assert faults[path]["message"]
    assert (await anna.get("/scenarios/circle")).status_code == 404


async def test_the_account_s_hours_are_refused_when_they_cannot_be_meant(
    anna: httpx.AsyncClient,
) -> None:
    version = (await anna.get("/settings/hours")).json()["version"]
    week = {"week": {"mon": ["09:00-13:00", "12:00-18:00"]}}
    answer = await anna.patch("/settings/hours", json=week, headers={"If-Match": f'"{version}"'})
    [fault] = answer.json()["error"]["data"]["faults"]
    assert (fault["path"], fault["code"]) == ("week", "hours_overlap")


async def test_who_rings_answers_for_own_numbers_only(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    asked = {"number": CAST.virtual_number}
    told = (await anna.get("/who-rings", params=asked)).json()["lines"]
    assert any(line["rings"] and line["text"] for line in told)
    async with seeded.client(await seeded.token("vektor-100")) as other:
        assert (await other.get("/who-rings", params=asked)).status_code == 404
    bad = await anna.get("/who-rings", params={**asked, "at": "tomorrow"})
    assert (bad.status_code, bad.json()["error"]["data"]["why"]) == (400, "bad_time")
    assert CAST.account_id != VEKTOR
