"""An administrator uploads a greeting: kept, played, used, and not lost while it is used."""

from __future__ import annotations

import io
import wave
from typing import Any

import httpx
import pytest

from backend.api import sounds as door
from backend.services import sounds as service
from backend.store.gateways import SqlRouting
from tests.integration.settings.house import ORIGIN, SEVER, House
from tests.unit.kit.test_phone_sound import tone, wav

pytestmark = pytest.mark.feature("T")
GREETING = wav(tone(1, rate=16000, channels=1), rate=16000, channels=1)


async def _upload(
    client: httpx.AsyncClient, name: str = "Привет.wav", data: bytes = GREETING
) -> Any:
    return await client.post("/sounds", params={"name": name}, content=data)


async def _scenario(client: httpx.AsyncClient, sound: str) -> httpx.Response:
    steps = [{"message": {"sound": sound}}, {"hangup": "busy"}]
    return await client.post("/scenarios", json={"id": "hi", "name": "Ночь", "steps": steps})


async def test_what_was_uploaded_is_played_to_callers_and_to_who_looks(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    made = await _upload(anna)
    assert made.status_code == 201, made.text
    sound = made.json()
    assert (sound["name"], sound["ms"]) == ("Привет", 1000)
    assert seeded.woken == [SEVER], "calls know of it at once"
    listed = (await anna.get("/sounds")).json()
    assert listed["items"] == [sound]

    async with httpx.AsyncClient(transport=httpx.ASGITransport(seeded.app)) as anybody:
        played = await anybody.get(sound["url"])
        assert (await anybody.get(f"{ORIGIN}/sounds/nothing.wav")).status_code == 404
    assert played.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(played.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 1, 8000)

    assert (await _scenario(anna, sound["sound"])).status_code == 201
    loaded = await SqlRouting(seeded.database, ORIGIN).load(SEVER, "demo")
    assert loaded is not None
    assert loaded.route.heard(sound["sound"]) == sound["url"]
    assert (await seeded.log())[:2] == ["scenario:hi", "sound:Привет"]


async def test_one_that_is_used_stays_and_one_that_is_not_goes(
    seeded: House, anna: httpx.AsyncClient
) -> None:
    sound = (await _upload(anna)).json()
    await _scenario(anna, sound["sound"])
    version = (await anna.get("/settings/sounds")).json()["version"]
    chosen = await anna.patch(
        "/settings/sounds",
        json={"rescue_notice": sound["sound"]},
        headers={"If-Match": f'"{version}"'},
    )
    assert chosen.status_code == 200, chosen.text
    refused = await anna.delete(f"/sounds/{sound['id']}")
    assert refused.status_code == 409
    assert "Ночь, rescue_notice" in refused.json()["error"]["message"]

    async with seeded.client(await seeded.token("vektor-100")) as other:
        assert (await other.get("/sounds")).json()["items"] == []
        assert (await other.delete(f"/sounds/{sound['id']}")).status_code == 404

    spare = (await _upload(anna, "spare.mp3")).json()
    assert (await anna.delete(f"/sounds/{spare['id']}")).status_code == 204
    assert [item["id"] for item in (await anna.get("/sounds")).json()["items"]] == [sound["id"]]


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "not_a_sound"), (b"PDF" * 100, "not_a_sound"), (wav(b"\0\0" * 80), "not_a_sound")],
)
async def test_what_cannot_be_played_says_why(
    anna: httpx.AsyncClient, data: bytes, why: str
) -> None:
    refused = await _upload(anna, "x.wav", data)
    assert (refused.status_code, refused.json()["error"]["data"]["why"]) == (400, why)


async def test_limits_are_said_in_words(
    seeded: House, anna: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_S", 0)
    long = (await _upload(anna)).json()["error"]
    assert long["data"]["why"] == "sound_too_long"
    monkeypatch.undo()
    monkeypatch.setattr(door, "MAX_BYTES", 1000)
    large = (await _upload(anna)).json()["error"]
    assert large["data"]["why"] == "sound_too_large"
    monkeypatch.undo()
    monkeypatch.setattr(service, "MAX_SOUNDS", 1)
    assert (await _upload(anna)).status_code == 201
    assert (await _upload(anna)).json()["error"]["data"]["why"] == "too_many_sounds"
    async with seeded.client(await seeded.token("sever-101")) as ilya:
        assert (await _upload(ilya)).status_code == 403


async def test_a_sound_that_is_not_there_or_too_long_for_a_notice_is_a_fault(
    anna: httpx.AsyncClient,
) -> None:
    answer = await _scenario(anna, "uploads/none")
    (fault,) = answer.json()["error"]["data"]["faults"]
    assert (fault["path"], fault["code"]) == ("steps[0].message.sound", "sound_unknown")
    long = (await _upload(anna, data=wav(bytes(2 * 8000 * 7), rate=8000, channels=1))).json()
    version = (await anna.get("/settings/sounds")).json()["version"]
    for notice, code in ((long["sound"], "notice_too_long"), ("../etc", "step_sound")):
        answer = await anna.patch(
            "/settings/sounds",
            json={"rescue_notice": notice},
            headers={"If-Match": f'"{version}"'},
        )
        (fault,) = answer.json()["error"]["data"]["faults"]
        assert (fault["path"], fault["code"]) == ("rescue_notice", code)
