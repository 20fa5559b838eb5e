"""The cloud's answers as ours: refusals by mnemonic, points, and what is no answer at all."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from backend.errors import AppError, NoDevice, NotFound, SwitchRefused, SwitchUnavailable
from backend.telephony.uis.call_api import message
from backend.telephony.uis.causes import cause_of, likely
from backend.telephony.uis.rpc import RpcClient
from protocol.vocabulary import HangupCause, LegState

LIMITS = {"minute_limit": 50, "minute_remaining": 9, "minute_reset": 12, "day_limit": 900}


def client(answer: httpx.Response | Exception) -> tuple[RpcClient, list[dict[str, Any]]]:
    asked: list[dict[str, Any]] = []

    def take(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx.MockTransport(take)
    return RpcClient("http://cloud.test/v4.0", "key", timeout_s=1, transport=transport), asked


def refused(mnemonic: str, **data: Any) -> httpx.Response:
    error = {"code": -1, "message": "No", "data": {"mnemonic": mnemonic, **data}}
    return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "error": error})


async def test_the_key_travels_inside_and_empty_parameters_do_not() -> None:
    good = {"result": {"data": [1], "metadata": {"limits": LIMITS}}}
    rpc, asked = client(httpx.Response(200, json=good))
    assert await rpc.call("list.calls", direction=None, virtual_phone_number="7") == [1]
    assert asked[0]["params"] == {"access_token": "key", "virtual_phone_number": "7"}
    assert (asked[0]["jsonrpc"], asked[0]["method"]) == ("2.0", "list.calls")
    assert rpc.points is not None
    assert rpc.points.scarce
    await rpc.aclose()


@pytest.mark.parametrize(
    "mnemonic, expected",
    [
        ("employee_not_found", NoDevice),
        ("no_active_phone_number", NoDevice),
        ("call_session_not_found", NotFound),
        ("leg_not_found", NotFound),
        ("internal_error", SwitchUnavailable),
        ("limit_exceeded", SwitchUnavailable),
        ("ip_not_whitelisted", SwitchRefused),
        ("invalid_state", SwitchRefused),
        ("nobody_knows_this_one", SwitchRefused),
    ],
)
async def test_a_refusal_is_told_by_its_mnemonic(mnemonic: str, expected: type[AppError]) -> None:
    rpc, _ = client(refused(mnemonic, field="contact", metadata={"limits": LIMITS}))
    with pytest.raises(expected) as caught:
        await rpc.call("hold.call")
    assert type(caught.value) is expected
    assert caught.value.data["mnemonic"] == mnemonic
    assert "contact" in str(caught.value)
    if mnemonic == "limit_exceeded":
        assert caught.value.data["retry_after_s"] == 12
    await rpc.aclose()


@pytest.mark.parametrize(
    "answer, expected",
    [
        (httpx.Response(502, text="Bad Gateway"), SwitchUnavailable),
        (httpx.Response(429, text="slow down"), SwitchUnavailable),
        (httpx.Response(404, text="no"), SwitchRefused),
        (httpx.Response(200, text="<html>"), SwitchUnavailable),
        (httpx.Response(200, json=[1]), SwitchUnavailable),
        (httpx.Response(200, json={"error": "broken"}), SwitchRefused),
        (httpx.ReadTimeout("late"), SwitchUnavailable),
        (httpx.ConnectError("away"), SwitchUnavailable),
    ],
)
async def test_what_is_no_answer_is_told_too(
    answer: httpx.Response | Exception, expected: type[AppError]
) -> None:
    rpc, _ = client(answer)
    with pytest.raises(expected):
        await rpc.call("list.calls")
    await rpc.aclose()


async def test_limits_that_cannot_be_read_are_none() -> None:
    for metadata in (None, {}, {"limits": None}, {"limits": {"minute_limit": "many"}}):
        rpc, _ = client(httpx.Response(200, json={"result": {"data": 1, "metadata": metadata}}))
        assert await rpc.call("list.calls") == 1
        assert rpc.points is None
        await rpc.aclose()


def test_reasons_of_the_report_and_what_is_likely_without_one() -> None:
    assert cause_of("employee_status_break") is HangupCause.UNREACHABLE
    assert cause_of("subscriber_busy") is HangupCause.BUSY
    assert cause_of("something_new") is None
    assert likely(LegState.UP, contact=True, inbound=True) is HangupCause.NORMAL
    assert likely(LegState.RINGING, contact=True, inbound=True) is HangupCause.CANCELLED
    assert likely(LegState.RINGING, contact=True, inbound=False) is HangupCause.NO_ANSWER
    assert likely(LegState.DIALING, contact=False, inbound=True) is HangupCause.NO_ANSWER


def test_what_is_heard_on_hold_is_a_file_or_a_text() -> None:
    assert message("media:12") == ("media", "12")
    assert message("tts:Ждите: скоро") == ("tts", "Ждите: скоро")
    with pytest.raises(SwitchRefused):
        message("music")


@pytest.mark.parametrize("header, wait_s", [("7", 7.0), ("soon", None)])
async def test_a_front_that_is_asked_too_often_is_no_outage(
    header: str, wait_s: float | None
) -> None:
    rpc, _ = client(httpx.Response(429, headers={"Retry-After": header}))
    with pytest.raises(SwitchUnavailable) as caught:
        await rpc.call("list.calls")
    assert caught.value.data["mnemonic"] == "limit_exceeded"
    assert caught.value.data["retry_after_s"] == wait_s
    await rpc.aclose()
