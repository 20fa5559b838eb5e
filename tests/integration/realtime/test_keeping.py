"""What time does to sockets: the keeper over a clock that is held still."""

from __future__ import annotations

import asyncio

import pytest

from backend.kit.clock import ManualClock
from backend.realtime.gateway import origin_rule
from backend.services.ports import colleagues_stream
from protocol.close_codes import CloseCode
from protocol.vocabulary import EmployeeId
from tests.integration.realtime.harness import ACCOUNT, eventually, house


async def test_a_tab_that_does_not_answer_pings_is_closed_and_one_that_does_stays() -> None:
    clock = ManualClock()
    async with house(clock=clock) as h, h.tab() as silent, h.tab(tab="t2") as alive:
        for second in range(50):
            await clock.advance(1)
            if second in {19, 39}:
                number = (await alive.until("ping"))["n"]
                await alive.socket.send(f'{{"type":"pong","n":{number}}}')
                # The server has read it when its time of hearing moved on.
                await eventually(
                    lambda: any(
                        c.session.heard_at == clock.monotonic() for c in h.gateway.connections
                    )
                )
        assert await silent.closed() == CloseCode.SILENT
        assert len(h.gateway.connections) == 1


async def test_a_session_that_was_not_renewed_ends() -> None:
    clock = ManualClock()
    async with house(clock=clock) as h:
        token = await h.sign_in()
        async with h.tab(token) as anna:
            (connection,) = h.gateway.connections
            # Heard until then, or the silence would be what ends it.
            connection.session.heard_at = float("inf")
            await clock.advance(12 * 3600 - 2)
            assert connection.closing_at is None
            await clock.advance(2)
            assert await anna.closed() == CloseCode.SESSION_ENDED


async def test_presence_survives_while_the_socket_lives_and_ends_after_the_grace() -> None:
    clock = ManualClock()
    async with house(clock=clock) as h:
        async with h.tab() as anna:
            await eventually(lambda: bool(h.gateway.connections))
            await anna.until("ringer.changed")
            for _ in range(4):
                await clock.advance(15)
                for connection in h.gateway.connections:
                    connection.session.heard_at = clock.monotonic()
            assert await h.bus.present_employees(ACCOUNT) == {"anna"}
        await eventually(lambda: not h.gateway.connections)
        told = (await h.bus.read(colleagues_stream(ACCOUNT), None)).deliveries
        assert b'"online":true' in told[0].frame
        await asyncio.sleep(0)
        for _ in range(6):
            await clock.advance(5)
        told = (await h.bus.read(colleagues_stream(ACCOUNT), None)).deliveries
        assert b'"online":false' in told[0].frame


async def test_whoever_is_signed_out_has_no_line_in_the_browser_any_more() -> None:
    clock = ManualClock()
    async with house(clock=clock) as h:
        token = await h.sign_in()
        async with h.tab(token) as anna:
            await anna.ask("phone.report", microphone="granted", connected=True, registered=True)
            await anna.until("reply")
            await h.sessions.revoke_employee(ACCOUNT, EmployeeId("anna"))
            assert await anna.closed() == CloseCode.SESSION_ENDED
        await eventually(lambda: not h.gateway.connections)
        for _ in range(3):
            await clock.advance(1)
        await eventually(lambda: "acme-b101" in h.lines.withdrawn)


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://phone.test", True),
        ("https://acme.bitrix24.ru", True),
        ("http://acme.bitrix24.ru", False),
        ("https://bitrix24.ru.evil.test", False),
        ("https://evilbitrix24.ru", False),
        ("https://crm.example.test", True),
        ("null", False),
        ("", False),
        ("https://[bad", False),
    ],
)
def test_origins_before_the_ticket(origin: str, expected: bool) -> None:
    allowed = origin_rule(("https://phone.test",), ("*.bitrix24.ru", "crm.example.test"))
    assert allowed(origin) is expected
