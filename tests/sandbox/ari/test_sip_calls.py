"""Calls on lines in browsers, proven by a telephone that is not ours: signalling and sound."""

from __future__ import annotations

import asyncio
import io
import math
import wave

from backend.sandbox.media.tones import MUSIC_HZ, NOTICE_HZ, RING_HZ
from tests.sandbox.ari.conftest import Harness, until
from tests.sandbox.ari.lines import (
    CUSTOMER,
    CUSTOMER_HZ,
    ENDPOINT,
    LINE,
    PASSWORD,
    bridged,
    customer_hears,
    issue,
    rung,
)
from tests.sandbox.ari.softphone import softphone


def power(samples: memoryview, hz: int) -> float:
    """How much of a recording is one tone: 0 to 1."""
    total = sum(s * s for s in samples)
    real = sum(s * math.cos(math.tau * hz * n / 8000) for n, s in enumerate(samples))
    imaginary = sum(s * math.sin(math.tau * hz * n / 8000) for n, s in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (len(samples) * total)


async def test_voices_go_both_ways_and_into_the_recording(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        assert (await phone.register()).code == 200
        talk, _line, customer = await bridged(harness, events, phone)
        await harness.post("/bridges/b1/record", 201, name="talk", format="wav")
        await talk.hears(CUSTOMER_HZ)
        await customer_hears(harness, 700)
        # Muted, one is not heard and hears on.
        await harness.post(f"/channels/{customer}/mute", 204, direction="in")
        await talk.hears_nothing()
        await customer_hears(harness, 700)
        await harness.post("/recordings/live/talk/stop", 204)
        file = await harness.rest.get("/recordings/stored/talk/file")
        with wave.open(io.BytesIO(file.content)) as heard:
            assert heard.getframerate() == 8000
            samples = memoryview(heard.readframes(heard.getnframes())).cast("h")
        assert len(samples) > 8000 // 5
        assert power(samples, 700) + power(samples, CUSTOMER_HZ) > 0.7
        assert (await talk.hang_up()).code == 200
        gone = (await events.until("ChannelDestroyed"))[-1]
        assert gone["channel"]["name"].startswith(ENDPOINT)
        assert gone["cause"] == 16
        # Without a browser nothing of the sound runs on.
        await until(lambda: not harness.switch.plane.running)


async def test_the_invite_says_who_calls_and_what_the_application_added(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        headers = {"PJSIP_HEADER(add,X-Dozvon-Call)": "c1", "PJSIP_HEADER(add,X-Dozvon-Leg)": "l1"}
        talk, channel = await rung(harness, events, phone, **headers)
        assert (talk.header("X-Dozvon-Call"), talk.header("X-Dozvon-Leg")) == ("c1", "l1")
        caller = talk.invite.from_address
        assert (caller.name, caller.uri.user) == ("Иван", CUSTOMER)
        assert harness.switch.devices[ENDPOINT].device_state() == "RINGING"
        await harness.delete(f"/channels/{channel}", reason="answered_elsewhere")
        await asyncio.wait_for(talk.ended.wait(), 5)
        cancel = phone.received[-1]
        assert cancel.method == "CANCEL"
        assert 'SIP;cause=200;text="Call completed elsewhere"' in cancel.headers.getlist("Reason")
        assert (await events.until("ChannelDestroyed"))[-1]["cause"] == 26


async def test_refusals_become_the_causes_of_the_switch(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        for code, cause in ((486, 17), (603, 21), (480, 19), (488, 58)):
            talk, _channel = await rung(harness, events, phone)
            talk.refuse(code)
            gone = (await events.until("ChannelDestroyed"))[-1]
            assert (gone["cause"], gone["tech_cause"]) == (cause, code)
            await talk.close()
        # Nobody can answer on a socket that is gone.
        await rung(harness, events, phone)
    gone = (await events.until("ChannelDestroyed"))[-1]
    assert (gone["cause"], gone["tech_cause"]) == (34, 503)


async def test_a_browser_that_gives_up_before_the_offer_is_out_is_not_rung(
    harness: Harness,
) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        channel = (await harness.post("/channels", 200, endpoint=ENDPOINT, app="app"))["id"]
        harness.switch.engine.hang_up(harness.switch.engine.channel(channel))
        await events.until("ChannelDestroyed")
        talk, _again = await rung(harness, events, phone)
        assert [request.method for request in phone.received].count("INVITE") <= 2
        talk.refuse(486)
        await events.until("ChannelDestroyed")


async def test_hold_by_the_browser_gives_the_customer_music(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        talk, line, _customer = await bridged(harness, events, phone)
        await customer_hears(harness, 700)
        answer = await talk.hold(on=True)
        assert answer.code == 200
        assert b"a=recvonly" in answer.body
        assert (await events.until("ChannelHold"))[-1]["channel"]["id"] == line
        await customer_hears(harness, *MUSIC_HZ)
        answer = await talk.hold(on=False)
        assert b"a=sendrecv" in answer.body
        await events.until("ChannelUnhold")
        await customer_hears(harness, 700)
        await talk.hears(CUSTOMER_HZ)


async def test_keys_come_as_events_and_as_info_and_go_as_events(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        talk, line, _customer = await bridged(harness, events, phone)
        await talk.keys_by_event(11)
        assert (await events.until("ChannelDtmfReceived"))[-1]["digit"] == "#"
        assert (await talk.keys_by_info("5")).code == 200
        pressed = (await events.until("ChannelDtmfReceived"))[-1]
        assert (pressed["digit"], pressed["channel"]["id"]) == ("5", line)
        await harness.post(f"/channels/{line}/dtmf", 204, dtmf="4*")
        await until(lambda: talk.keys == [4, 10])
        await talk.hears(CUSTOMER_HZ)


async def test_what_the_application_plays_is_heard(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        talk, line, customer = await bridged(harness, events, phone)
        await harness.post("/bridges/b1/removeChannel", 204, channel=f"{customer},{line}")
        await talk.hears_nothing()
        await harness.post(f"/channels/{line}/ring", 204)
        await talk.hears(RING_HZ)
        await harness.delete(f"/channels/{line}/ring")
        await harness.post(f"/channels/{line}/play", 201, media="sound:hello")
        await talk.hears(NOTICE_HZ)
        await harness.clock.advance(3)
        await talk.hears_nothing()
        await harness.post(f"/channels/{customer}/moh", 204)
        await customer_hears(harness, *MUSIC_HZ)


async def test_a_listener_hears_and_whispers(harness: Harness) -> None:
    """A second line in a bridge with a channel that snoops on the first."""
    events = await harness.events()
    await issue(harness)
    await issue(harness, "demo-b102")
    async with (
        softphone(harness.port, LINE, PASSWORD) as phone,
        softphone(harness.port, "demo-b102", PASSWORD) as other,
    ):
        await phone.register()
        await other.register()
        talk, line, customer = await bridged(harness, events, phone)
        spy = await harness.post(
            f"/channels/{line}/snoop", 200, spy="out", whisper="out", app="app"
        )
        await harness.post("/channels", 200, endpoint="PJSIP/demo-b102", app="app", channelId="s")
        listening = await asyncio.wait_for(other.invites.get(), 5)
        await listening.answer(1500)
        await harness.post("/bridges/b2", 200)
        await harness.post("/bridges/b2/addChannel", 204, channel=f"{spy['id']},s")
        await listening.hears(CUSTOMER_HZ)
        await customer_hears(harness, 700)
        # The customer falls silent: what is left in the ear is the whisper, which they do not hear.
        await harness.post(f"/channels/{customer}/mute", 204, direction="in")
        await talk.hears(1500)
        await customer_hears(harness, 700)
        # Put where it listens to itself, it goes quiet instead of mad.
        await harness.post("/bridges/b1/addChannel", 204, channel=spy["id"])
        await customer_hears(harness, 700)


async def test_a_call_ends_over_the_connection_the_browser_came_back_on(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as again:
        async with softphone(harness.port, LINE, PASSWORD) as phone:
            await phone.register()
            talk, line, _customer = await bridged(harness, events, phone)
            again.contact, again.talks = phone.contact, phone.talks
            phone.talks = {}
        assert (await again.register()).code == 200
        await talk.hears(CUSTOMER_HZ)  # the sound has its own way
        await harness.delete(f"/channels/{line}")
        await asyncio.wait_for(talk.ended.wait(), 5)
        assert again.received[-1].method == "BYE"


async def test_a_browser_dials_and_is_answered(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        calling = asyncio.create_task(phone.call("102", 600))
        start = (await events.until("StasisStart"))[-1]
        assert start["args"] == ["internal", "102"]
        channel = start["channel"]
        assert channel["caller"] == {"name": "Anna", "number": "101"}
        await harness.post(f"/channels/{channel['id']}/answer", 204)
        answer, talk = await asyncio.wait_for(calling, 10)
        assert answer.code == 200
        await harness.post(f"/channels/{channel['id']}/moh", 204)
        await talk.hears(MUSIC_HZ[0])
        await harness.delete(f"/channels/{channel['id']}")
        await asyncio.wait_for(talk.ended.wait(), 5)


async def test_a_browser_that_dials_is_told_why_not(harness: Harness) -> None:
    events = await harness.events()
    await issue(harness)
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        for reason, code in (("busy", 486), ("unallocated", 404), ("congestion", 503)):
            calling = asyncio.create_task(phone.call("102", 600))
            channel = (await events.until("StasisStart"))[-1]["channel"]
            await harness.delete(f"/channels/{channel['id']}", reason=reason)
            answer, talk = await asyncio.wait_for(calling, 10)
            assert answer.code == code
            await talk.close()


async def test_a_browser_that_fell_silent_loses_its_channel(harness: Harness) -> None:
    """The tab crashed: no BYE comes, only `rtp_timeout` tells."""
    events = await harness.events()
    await issue(harness, endpoint={"rtp_timeout": "1"})
    async with softphone(harness.port, LINE, PASSWORD) as phone:
        await phone.register()
        talk, line, _customer = await bridged(harness, events, phone)
        await customer_hears(harness, 700)
        for sender in talk.pc.getSenders():
            await sender.stop()
        gone = (await events.until("ChannelDestroyed"))[-1]
        assert (gone["channel"]["id"], gone["cause"]) == (line, 44)
        await asyncio.wait_for(talk.ended.wait(), 5)
