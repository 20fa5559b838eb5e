"""Sockets end to end: a real server, a real client, the in-process bus."""

from __future__ import annotations

import asyncio
import contextlib

import msgspec
import pytest
import websockets

from backend.realtime.limits import Limits
from protocol.close_codes import CloseCode
from protocol.vocabulary import AgentStatus
from tests.integration.realtime.harness import ACCOUNT, ORIGIN, Tab, eventually, house


async def test_a_push_reaches_the_tab_it_is_for_and_no_other() -> None:
    async with house() as h, h.tab() as anna, h.tab(await h.sign_in("boris")) as boris:
        await h.say_status(AgentStatus.BREAK)
        pushed = await anna.until("status.changed")
        assert (pushed["status"], pushed["stream"], pushed["entity"]) == ("break", "me", "status")
        await h.say_switch(connected=False)
        frames = [await boris.frame()]
        while frames[-1]["type"] != "switch.changed":
            frames.append(await boris.frame())
        assert "status.changed" not in [f["type"] for f in frames]


async def test_welcome_brings_the_snapshot_and_after_a_cut_only_what_was_missed() -> None:
    async with house() as h:
        await h.say_status(AgentStatus.BREAK)
        await h.say_status(AgentStatus.AWAY)
        token = await h.sign_in()
        async with h.tab(token) as anna:
            me = anna.welcome["streams"]["me"]
            assert me["recovered"] is False
            assert [p["status"] for p in me["pushes"] if p["type"] == "status.changed"] == ["away"]
            account = anna.welcome["streams"]["account"]
        await eventually(lambda: not h.gateway.connections)
        seq = (await h.bus.read(f"me:{ACCOUNT}:anna", None)).seq
        await h.say_status(AgentStatus.AVAILABLE)
        async with h.tab(
            token,
            streams={
                "me": (me["epoch"], seq),
                "account": (account["epoch"], account["seq"]),
            },
        ) as again:
            me = again.welcome["streams"]["me"]
            assert me["recovered"] is True
            assert [p["status"] for p in me["pushes"] if p["type"] == "status.changed"] == [
                "available"
            ]
            assert again.welcome["streams"]["account"] == {
                "epoch": account["epoch"],
                "seq": account["seq"],
                "recovered": True,
                "pushes": [],
            }


async def test_pushes_of_features_that_were_not_negotiated_are_not_sent() -> None:
    async with house() as h, h.tab(features=["calls", "from-the-future"]) as anna:
        assert anna.welcome["features"] == ["calls"]
        await h.say_status(AgentStatus.BREAK)
        await h.say_switch(connected=True)
        tags = [(await anna.frame())["type"]]
        while tags[-1] != "switch.changed":
            tags.append((await anna.frame())["type"])
        assert "status.changed" not in tags


async def test_a_command_is_answered_and_a_repeated_one_has_no_second_effect() -> None:
    async with house() as h, h.tab() as anna:
        for _ in range(3):
            await anna.ask("call.answer", call_id="c1")
            assert (await anna.until("reply"))["ok"] is True
        assert len(h.calls.seen) == 1


async def test_a_refusal_carries_the_code_and_data_of_its_error() -> None:
    async with house() as h, h.tab() as anna:
        await anna.ask("call.decline", call_id="c1")
        reply = await anna.until("reply")
        assert reply["ok"] is False
        assert reply["error"] == {
            "code": "wrong_state",
            "message": "it is over",
            "data": {"call": "gone"},
        }


async def test_a_command_past_its_deadline_is_answered_expired() -> None:
    async with house() as h, h.tab() as anna:
        h.calls.gate.clear()
        await anna.ask("call.answer", call_id="c1", ttl_ms=100)
        assert (await anna.until("reply"))["error"]["code"] == "expired"


async def test_an_unknown_command_is_refused_and_the_session_goes_on() -> None:
    async with house() as h, h.tab() as anna:
        await anna.ask("call.teleport")
        assert (await anna.until("reply"))["error"]["code"] == "unknown_command"
        await anna.ask("history.list", id="command-2")
        assert (await anna.until("reply"))["result"] == {"entries": [], "next": None}


@pytest.mark.parametrize(
    "frame",
    ["{", "[]", "7", '{"no":"type"}', '{"type":"hello"}', "\ud7ff", "x" * 70_000],
    ids=["cut", "list", "number", "tagless", "second-hello", "text", "big"],
)
async def test_what_is_no_frame_closes_the_socket_and_nothing_else(frame: str) -> None:
    async with house() as h, h.tab() as anna, h.tab(await h.sign_in("boris")) as boris:
        await boris.socket.send(frame)
        assert await boris.closed() == CloseCode.BAD_FRAME
        await h.say_status(AgentStatus.BREAK)
        assert (await anna.until("status.changed"))["status"] == "break"


async def test_ten_thousand_commands_are_refused_and_then_the_socket_is_closed() -> None:
    async with house() as h, h.tab() as anna, h.tab(await h.sign_in("boris")) as boris:
        refused = 0

        async def flood() -> None:
            for n in range(10_000):
                await boris.ask("call.answer", id=f"command-{n}", call_id="c1")

        flooding = asyncio.create_task(flood())
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                frame = msgspec.json.decode(await boris.socket.recv())
                refused += frame["type"] == "reply" and not frame["ok"]
        await asyncio.gather(flooding, return_exceptions=True)
        assert boris.socket.close_code == CloseCode.TOO_MANY_FRAMES
        assert refused > 0
        assert len(h.calls.seen) < 200
        await h.say_status(AgentStatus.BREAK)
        assert (await anna.until("status.changed"))["status"] == "break"


async def test_a_used_ticket_opens_nothing() -> None:
    async with house() as h:
        token = await h.sign_in()
        ticket = await h.sessions.ticket(token.token)
        hello = msgspec.json.encode({"type": "hello", "ticket": ticket, "protocol": 1}).decode()
        async with h.socket() as first:
            await first.send(hello)
            assert msgspec.json.decode(await first.recv())["type"] == "welcome"
            async with h.socket() as second:
                await second.send(hello)
                assert await Tab(second, {}).closed() == CloseCode.TICKET


async def test_a_foreign_page_is_turned_away_at_the_upgrade() -> None:
    async with house() as h:
        for origin in ("https://evil.test", None):
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with h.socket(origin):
                    pass
            assert refused.value.response.status_code == 403


async def test_a_page_of_another_account_is_turned_away_after_the_ticket() -> None:
    other = "https://other-customer.test"
    async with house(allowed=lambda origin: origin in {ORIGIN, other}) as h:
        token = await h.sign_in()
        ticket = await h.sessions.ticket(token.token)
        async with h.socket(other) as socket:
            hello = {"type": "hello", "ticket": ticket, "protocol": 1}
            await socket.send(msgspec.json.encode(hello).decode())
            assert await Tab(socket, {}).closed() == CloseCode.ORIGIN


async def test_another_protocol_version_is_told_to_reload() -> None:
    async with house() as h, h.socket() as socket:
        await socket.send('{"type":"hello","ticket":"0123456789abcdef","protocol":99}')
        assert await Tab(socket, {}).closed() == CloseCode.PROTOCOL


async def test_without_a_hello_the_socket_is_closed() -> None:
    async with house(limits=Limits(hello_timeout_s=0.1)) as h, h.socket() as socket:
        assert await Tab(socket, {}).closed() == CloseCode.HELLO_TIMEOUT


async def test_an_address_may_hold_only_so_many_sockets_without_a_ticket() -> None:
    async with house(limits=Limits(greeting_per_address=2)) as h:
        async with h.socket(), h.socket():
            with pytest.raises(websockets.InvalidStatus):
                async with h.socket():
                    pass
        async with h.tab() as anna:
            assert anna.welcome["you"]["employee_id"] == "anna"


async def test_revoking_closes_every_socket_of_the_session() -> None:
    async with house() as h:
        token = await h.sign_in()
        async with h.tab(token) as one, h.tab(token, tab="t2") as two, h.tab() as other:
            await h.sessions.revoke(ACCOUNT, token.session_id)
            assert await one.closed() == CloseCode.SESSION_ENDED
            assert await two.closed() == CloseCode.SESSION_ENDED
            await h.say_status(AgentStatus.BREAK)
            assert (await other.until("status.changed"))["status"] == "break"


async def test_a_revocation_whose_wake_up_was_lost_is_found_within_five_seconds() -> None:
    async with house() as h:
        token = await h.sign_in()
        async with h.tab(token) as anna:
            async with asyncio.timeout(5):
                await h.store.revoke(ACCOUNT, token.session_id, h.clock.now())
                assert await anna.closed() == CloseCode.SESSION_ENDED


async def test_a_planned_restart_is_announced_and_closes_with_1012() -> None:
    async with house() as h, h.tab() as anna:
        draining = asyncio.create_task(h.gateway.drain(notice_s=0.05, spread_s=0.05))
        assert (await anna.until("restarting"))["in_ms"] == 50
        assert await anna.closed() == CloseCode.RESTART
        await draining
        with pytest.raises(websockets.InvalidStatus):
            async with h.socket():
                pass


async def test_a_renewed_token_replaces_the_old_one() -> None:
    async with house() as h:
        token = await h.sign_in()
        async with h.tab(token) as anna:
            await anna.ask("session.renew")
            fresh = (await anna.until("reply"))["result"]
            assert fresh["token"] != token.token
            assert await h.sessions.ticket(fresh["token"])
            with pytest.raises(Exception, match="no such session"):
                await h.sessions.ticket(token.token)


async def test_a_subscription_is_answered_before_its_first_push_and_ends_when_left() -> None:
    async with house() as h, h.tab() as anna:
        await anna.ask("stream.subscribe", stream="colleagues")
        first = await anna.frame()
        while first["type"] != "reply":
            assert first["stream"] != "colleagues"
            first = await anna.frame()
        assert first["result"]["recovered"] is False
        async with h.tab(await h.sign_in("boris")):
            came = await anna.until("colleague.presence_changed")
            while came["employee_id"] != "boris":
                came = await anna.until("colleague.presence_changed")
            assert came["online"] is True
        await anna.ask("stream.unsubscribe", id="command-2", stream="colleagues")
        await anna.until("reply")
        await anna.ask("stream.unsubscribe", id="command-3", stream="me")
        assert (await anna.until("reply"))["error"]["code"] == "not_allowed"


@pytest.mark.feature("W9")
async def test_of_several_tabs_the_one_in_front_that_may_sound_rings() -> None:
    async with house() as h:
        token = await h.sign_in()
        async with h.tab(token, tab="first", visible=False, sound=True) as first:
            assert (await first.until("ringer.changed"))["tab"] == "first"
            async with h.tab(token, tab="second", visible=True, sound=False) as second:
                await second.ask("tab.report", visible=True, sound=True)
                assert (await first.until("ringer.changed"))["tab"] == "second"
            assert (await first.until("ringer.changed"))["tab"] == "first"
