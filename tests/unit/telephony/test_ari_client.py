"""Answers of ARI to our errors, and what leaves in a request."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from backend.errors import NoDevice, NotFound, SwitchRefused, SwitchUnavailable
from backend.telephony.asterisk.client import AriClient

Answer = Callable[[httpx.Request], httpx.Response]


def client(answer: Answer) -> AriClient:
    return AriClient(
        "http://switch/ari", "u", "p", timeout_s=1, transport=httpx.MockTransport(answer)
    )


def says(status: int, body: object = None) -> Answer:
    return lambda _: httpx.Response(status, json=body)


async def test_a_taken_channel_id_means_done() -> None:
    async with client(says(409, {"message": "exists"})) as ari:
        await ari.originate("dz.c.l", {})


async def test_a_failed_allocation_is_no_device_and_not_repeated() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(500, json={"error": "Allocation failed"})

    async with client(answer) as ari:
        with pytest.raises(NoDevice):
            await ari.originate("dz.c.l", {})
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SwitchRefused),
        (401, SwitchRefused),
        (404, NotFound),
        (409, SwitchRefused),
        (412, SwitchRefused),
        (500, SwitchUnavailable),
        (503, SwitchUnavailable),
    ],
)
async def test_each_refusal_has_its_error(status: int, error: type[Exception]) -> None:
    async with client(says(status, {"message": "no"})) as ari:
        with pytest.raises(error):
            await ari.answer("x")


async def test_numbers_and_names_stay_out_of_the_url() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "x"})

    async with client(answer) as ari:
        await ari.originate("dz.c.l", {"callerId": "79161112233"})
    assert "79161112233" not in str(seen[0].url)
    assert json.loads(seen[0].content)["callerId"] == "79161112233"


async def test_keys_stay_out_of_the_url_and_are_never_asked_for_twice() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise httpx.RemoteProtocolError("closed")

    async with client(answer) as ari:
        with pytest.raises(SwitchUnavailable):
            await ari.send_digits("dz.c.l", "1234")
    assert len(seen) == 1
    assert "1234" not in str(seen[0].url)
    assert json.loads(seen[0].content)["dtmf"] == "1234"


async def test_a_dying_connection_is_tried_once_more_a_time_out_is_not() -> None:
    troubles: list[httpx.HTTPError] = [httpx.RemoteProtocolError("closed")]

    def answer(request: httpx.Request) -> httpx.Response:
        if troubles:
            raise troubles.pop()
        return httpx.Response(204)

    async with client(answer) as ari:
        await ari.answer("x")
        troubles += [httpx.ConnectError("no"), httpx.ConnectError("no")]
        with pytest.raises(SwitchUnavailable):
            await ari.answer("x")
        troubles[:] = [httpx.ReadTimeout("late")]
        with pytest.raises(SwitchUnavailable):
            await ari.answer("x")


@pytest.mark.parametrize("status", [409, 500])
async def test_a_bridge_that_stands_is_the_answer(status: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"id": "dz.c", "channels": ["a"]})
        return httpx.Response(status, json={"message": "exists"})

    async with client(answer) as ari:
        assert (await ari.ensure_bridge("dz.c", "n")).channels == ["a"]


async def test_a_gone_leg_refuses_the_bridge_as_not_found() -> None:
    async with client(says(400, {"message": "Channel not found"})) as ari:
        with pytest.raises(NotFound):
            await ari.add_channels("b", ["a", "c"])
    async with client(says(422, {"message": "Channel not in Stasis application"})) as ari:
        with pytest.raises(SwitchRefused):
            await ari.add_channels("b", ["a"])


@pytest.mark.parametrize("status", [204, 404])
async def test_ending_what_is_gone_is_done(status: int) -> None:
    async with client(says(status)) as ari:
        await ari.hang_up("x", "normal")
        await ari.delete_bridge("b")
        await ari.remove_channel("b", "x")


@pytest.mark.parametrize("status", [404, 409])
async def test_an_unreadable_variable_is_empty(status: int) -> None:
    async with client(says(status, {"message": "no"})) as ari:
        assert await ari.variable("x", "DOZVON_HELD") == ""


async def test_an_answer_that_is_not_aris_is_no_switch() -> None:
    async with client(lambda _: httpx.Response(200, text="<html>")) as ari:
        with pytest.raises(SwitchUnavailable):
            await ari.channels()
