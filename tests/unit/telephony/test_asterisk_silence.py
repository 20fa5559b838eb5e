"""Ringback and music end with a connection, whoever began them."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from backend.kit.clock import ManualClock
from backend.telephony.asterisk import names
from backend.telephony.asterisk.switch import AsteriskSwitch
from protocol.vocabulary import CallId, LegId

CALL, AGENT, OTHER = CallId("c-1"), LegId("agent-1-1"), LegId("agent-2-1")


@pytest.mark.parametrize("order", ["connect", "consult"])
async def test_what_a_gone_owner_had_an_agent_hear_ends_when_he_is_connected(order: str) -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.method, request.url.path))
        if request.method == "POST" and request.url.path.count("/") == 3:
            return httpx.Response(200, json={"id": "room", "channels": []})
        return httpx.Response(204)

    switch = AsteriskSwitch(
        "http://switch:8088",
        "u",
        "p",
        "dozvon",
        clock=ManualClock(datetime(2026, 3, 2, 9, tzinfo=UTC)),
        transport=httpx.MockTransport(answer),
    )
    await getattr(switch, order)("sever", CALL, [AGENT, OTHER])
    await switch.aclose()
    for leg_id in (AGENT, OTHER):
        channel = names.channel_id(CALL, leg_id)
        for sound in ("moh", "ring"):
            assert ("DELETE", f"/ari/channels/{channel}/{sound}") in asked
