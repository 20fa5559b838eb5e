"""The orders of events that real software showed, heard by a raw WebSocket client."""

from __future__ import annotations

from backend.sandbox.ari import Script
from tests.sandbox.ari.conftest import DID, Harness, brief


async def test_an_inbound_call_is_created_and_starts_stasis_with_its_arguments(
    harness: Harness,
) -> None:
    events = await harness.events(subscribe_all=True)
    customer = harness.switch.place_call("79161112233", DID)
    seen = await events.until("StasisStart")
    assert brief(seen) == ["ChannelCreated", "StasisStart"]
    start = seen[-1]
    assert start["application"] == "app"
    assert start["args"] == ["inbound", DID]
    assert start["channel"]["state"] == "Ring"
    assert start["channel"]["caller"] == {"name": "", "number": "79161112233"}
    assert start["channel"]["dialplan"]["exten"] == DID
    assert start["channel"]["channelvars"] == {"CALL_ID": ""}
    assert start["asterisk_id"]
    assert start["timestamp"] == "2026-03-02T09:00:00.000+0000"
    assert customer.hears() == "silence"
    await harness.post(f"/channels/{start['channel']['id']}/ring", 204)
    assert customer.hears() == "ringing"


async def test_an_answered_originate_starts_stasis_last(harness: Harness) -> None:
    events = await harness.events(subscribe_all=True)
    body = await harness.post("/channels", 200, endpoint="PJSIP/101", app="app", appArgs="a,b")
    assert body["state"] == "Down"
    rung = await events.until("DeviceStateChanged")
    harness.switch.phone("101").pickup()
    seen = rung + await events.until("StasisStart")
    assert [row for row in brief(seen) if not row.startswith("Device")] == [
        "ChannelCreated",
        "Dial",
        "ChannelStateChange Ringing",
        "Dial RINGING",
        "ChannelStateChange Up",
        "Dial ANSWER",
        "StasisStart",
    ]
    assert seen[-1]["args"] == ["a", "b"]
    assert brief([e for e in seen if e["type"] == "DeviceStateChanged"]) == [
        "DeviceStateChanged RINGING",
        "DeviceStateChanged INUSE",
    ]


async def test_the_originator_hears_its_own_leg_but_not_its_creation(harness: Harness) -> None:
    events = await harness.events()
    await harness.post("/channels", 200, endpoint="PJSIP/101", app="app", timeout=5)
    await events.until("Dial", dialstatus="RINGING")
    await harness.clock.advance(5)
    seen = await events.fence(harness)
    assert brief(seen) == ["ChannelDestroyed"]
    assert (seen[0]["cause"], seen[0]["tech_cause"]) == (19, 480)
    assert seen[0]["channel"]["state"] == "Ringing"


async def test_first_events_of_an_own_originate_without_subscribe_all(harness: Harness) -> None:
    events = await harness.events()
    await harness.post("/channels", 200, endpoint="PJSIP/101", app="app")
    seen = await events.until("Dial", dialstatus="RINGING")
    assert brief(seen) == ["Dial", "ChannelStateChange Ringing", "Dial RINGING"]


async def test_a_busy_phone_never_starts_stasis(harness: Harness) -> None:
    events = await harness.events()
    await harness.answered(events, "PJSIP/demo-104")
    await harness.post("/channels", 200, endpoint="PJSIP/demo-104", app="app")
    seen = await events.until("ChannelDestroyed")
    assert brief(seen) == ["Dial", "ChannelHangupRequest", "Dial BUSY", "ChannelDestroyed"]
    assert (seen[1]["cause"], seen[1]["tech_cause"]) == (17, 486)
    assert (seen[-1]["cause"], seen[-1]["tech_cause"]) == (17, 486)
    assert seen[-1]["cause_txt"] == "User busy"


async def test_a_declined_call_tells_rejection_from_busy(harness: Harness) -> None:
    events = await harness.events()
    for code, cause, status in ((603, 21, "NOANSWER"), (486, 17, "BUSY")):
        await harness.post("/channels", 200, endpoint="PJSIP/101", app="app")
        await events.until("Dial", dialstatus="RINGING")
        harness.switch.phone("101").decline(sip_code=code)
        seen = await events.until("ChannelDestroyed")
        assert brief(seen) == ["ChannelHangupRequest", f"Dial {status}", "ChannelDestroyed"]
        assert (seen[-1]["cause"], seen[-1]["tech_cause"]) == (cause, code)


async def test_timeout_minus_one_rings_for_ever(harness: Harness) -> None:
    events = await harness.events()
    await harness.post("/channels", 200, endpoint="PJSIP/101", app="app", timeout=-1)
    await events.until("Dial", dialstatus="RINGING")
    await harness.clock.advance(3600)
    assert await events.fence(harness) == []


async def test_a_customer_who_hangs_up_in_a_bridge_leaves_it_then_stasis_then_is_gone(
    harness: Harness,
) -> None:
    events = await harness.events(subscribe_all=True)
    caller = await harness.inbound(events)
    agent = await harness.answered(events)
    bridge = (await harness.post("/bridges", 200, type="mixing", bridgeId="b1"))["id"]
    await harness.post(f"/channels/{caller}/answer", 204)
    await harness.post(f"/bridges/{bridge}/addChannel", 204, channel=f"{caller},{agent}")
    seen = await events.until("ChannelEnteredBridge")
    seen += await events.until("ChannelEnteredBridge")
    assert brief(seen) == [
        "BridgeCreated",
        "ChannelStateChange Up",
        "ChannelEnteredBridge",
        "ChannelEnteredBridge",
    ]
    assert seen[-1]["bridge"]["channels"] == [caller, agent]
    assert harness.switch.customer("c1").hears() == "person"

    harness.switch.customer("c1").hang_up()
    seen = await events.until("ChannelDestroyed")
    assert brief(seen) == [
        "ChannelHangupRequest",
        "ChannelLeftBridge",
        "StasisEnd",
        "ChannelDestroyed",
    ]
    assert seen[0]["cause"] == 16
    assert seen[1]["bridge"]["channels"] == [agent]
    assert seen[-1]["cause"] == 16

    await harness.delete(f"/bridges/{bridge}")
    assert brief(await events.fence(harness)) == ["ChannelLeftBridge", "BridgeDestroyed"]
    assert (await harness.rest.get(f"/channels/{agent}")).json()["state"] == "Up"


async def test_an_application_is_subscribed_to_the_bridges_of_its_channels_only(
    harness: Harness,
) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post("/bridges/b1", 200)
    await harness.post("/bridges/b1/addChannel", 204, channel=caller)
    await harness.delete("/bridges/b1")
    assert brief(await events.fence(harness)) == [
        "ChannelEnteredBridge",
        "ChannelLeftBridge",
        "BridgeDestroyed",
    ]


async def test_answered_elsewhere_is_the_cause_the_loser_hears(harness: Harness) -> None:
    events = await harness.events()
    channel = (await harness.post("/channels", 200, endpoint="PJSIP/101", app="app"))["id"]
    await events.until("Dial", dialstatus="RINGING")
    await harness.delete(f"/channels/{channel}", reason="answered_elsewhere")
    seen = await events.until("ChannelDestroyed")
    assert brief(seen) == ["ChannelHangupRequest", "Dial NOANSWER", "ChannelDestroyed"]
    assert (seen[0]["cause"], seen[0]["soft"]) == (32, True), "a flag, not the cause"
    assert seen[-1]["cause"] == 26
    assert harness.switch.phone("101").calls == []


async def test_recording_events_come_twice_only_under_subscribe_all(harness: Harness) -> None:
    everything = await harness.events("watcher", subscribe_all=True)
    own = await harness.events("app")
    caller = await harness.inbound(own)
    await harness.post("/bridges/b1", 200)
    await harness.post("/bridges/b1/addChannel", 204, channel=caller)
    answer = await harness.post("/bridges/b1/record", 201, name="r/1", format="wav")
    assert answer["target_uri"] == "bridge:b1"
    await harness.clock.advance(7)
    await harness.post("/recordings/live/r/1/stop", 204)
    for events, times in ((everything, 2), (own, 1)):
        seen = [e for e in await events.fence(harness) if e["type"].startswith("Recording")]
        assert brief(seen) == ["RecordingStarted"] * times + ["RecordingFinished"] * times
        assert seen[-1]["recording"]["duration"] == 7
    wav = await harness.rest.get("/recordings/stored/r%2F1/file")
    assert wav.headers["content-type"] == "audio/wav"
    assert wav.content[:4] == b"RIFF"
    assert len(wav.content) == 44 + 7 * 16_000


async def test_music_is_silent_on_the_socket_and_hold_shows_in_the_device_state(
    harness: Harness,
) -> None:
    events = await harness.events(subscribe_all=True)
    agent = await harness.answered(events)
    await events.fence(harness)
    await harness.post(f"/channels/{agent}/moh", 204)
    await harness.delete(f"/channels/{agent}/moh")
    assert await events.fence(harness) == []
    await harness.post(f"/channels/{agent}/hold", 204)
    await harness.delete(f"/channels/{agent}/hold")
    assert brief(await events.fence(harness)) == [
        "DeviceStateChanged ONHOLD",
        "DeviceStateChanged INUSE",
    ]


async def test_hold_on_the_phone_is_an_event_and_no_device_state(harness: Harness) -> None:
    events = await harness.events(subscribe_all=True)
    await harness.answered(events)
    await events.fence(harness)
    harness.switch.phone("101").hold()
    harness.switch.phone("101").unhold()
    seen = await events.fence(harness)
    assert brief(seen) == ["ChannelHold", "ChannelUnhold"]
    assert seen[0]["musicclass"] == "default"


async def test_keys_pressed_arrive_one_by_one(harness: Harness) -> None:
    events = await harness.events()
    await harness.inbound(events)
    harness.switch.customer("c1").dtmf("1#")
    assert [e["digit"] for e in await events.fence(harness)] == ["1", "#"]


async def test_variables_raise_varset_and_show_in_channelvars(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post(f"/channels/{caller}/variable", 204, variable="CALL_ID", value="x7")
    seen = await events.fence(harness)
    assert brief(seen) == ["ChannelVarset"]
    assert seen[0]["channel"]["channelvars"] == {"CALL_ID": "x7"}
    answer = await harness.rest.get(f"/channels/{caller}/variable?variable=CALL_ID")
    assert answer.json() == {"value": "x7"}


async def test_a_created_channel_is_in_stasis_before_it_is_dialled(harness: Harness) -> None:
    events = await harness.events()
    created = await harness.post("/channels/create", 200, endpoint="PJSIP/101", app="app")
    start = (await events.until("StasisStart"))[-1]
    assert start["channel"]["state"] == "Down"
    await harness.post(f"/channels/{created['id']}/dial", 204, timeout=20)
    await events.until("Dial", dialstatus="RINGING")
    harness.switch.phone("101").pickup()
    assert brief(await events.fence(harness)) == ["ChannelStateChange Up", "Dial ANSWER"]
    await harness.post(f"/channels/{created['id']}/dial", 409)


async def test_moving_to_another_application_ends_and_starts_stasis(harness: Harness) -> None:
    first = await harness.events("app")
    second = await harness.events("other")
    caller = await harness.inbound(first)
    await harness.post(f"/channels/{caller}/move", 204, app="nobody")
    await harness.post(f"/channels/{caller}/move", 204, app="other", appArgs="x")
    assert brief(await first.fence(harness)) == ["ApplicationMoveFailed", "StasisEnd"]
    start = (await second.until("StasisStart"))[-1]
    assert start["args"] == ["x"]


async def test_an_impatient_customer_abandons_and_a_talker_hangs_up(harness: Harness) -> None:
    events = await harness.events()
    await harness.inbound(events, "79160000910")
    await harness.clock.advance(8)
    request = (await events.until("ChannelHangupRequest"))[-1]
    assert (request["cause"], request["tech_cause"]) == (127, 487)
    assert brief(await events.fence(harness)) == ["StasisEnd"]
    assert harness.switch.customer("c1").outcome == "abandoned"

    harness.switch.place_call("79160000002", DID, script=Script(talk_s=4))
    caller = (await events.until("StasisStart"))[-1]["channel"]["id"]
    agent = await harness.answered(events)
    await harness.post(f"/channels/{caller}/answer", 204)
    await harness.post("/bridges/b", 200)
    await harness.post("/bridges/b/addChannel", 204, channel=[caller, agent])
    await harness.clock.advance(4)
    await events.until("StasisEnd")
    assert harness.switch.customer("c2").outcome == "talked"


async def test_of_an_inbound_channel_no_end_is_told_but_to_who_asked_for_it(
    harness: Harness,
) -> None:
    events = await harness.events()
    first = await harness.inbound(events)
    await harness.delete(f"/channels/{first}", reason="busy")
    assert brief(await events.fence(harness)) == ["ChannelHangupRequest", "StasisEnd"]
    second = await harness.inbound(events)
    await harness.post("/applications/app/subscription", 200, eventSource=f"channel:{second}")
    await harness.delete(f"/channels/{second}", reason="busy")
    seen = await events.fence(harness)
    assert brief(seen) == ["ChannelHangupRequest", "StasisEnd", "ChannelDestroyed"]
    assert seen[-1]["cause"] == 17


async def test_a_network_that_speaks_before_the_answer_is_told_and_heard(
    harness: Harness,
) -> None:
    events = await harness.events()
    endpoint = "PJSIP/79160000909@trunk-demo"
    made = await harness.post("/channels/create", 200, endpoint=endpoint, app="app")
    start = (await events.until("StasisStart"))[-1]
    assert (start["channel"]["state"], start["channel"]["dialplan"]["app_name"]) == (
        "Down",
        "Stasis",
    )
    await harness.post(f"/channels/{made['id']}/dial", 204, timeout=20)
    seen = await events.until("Dial", dialstatus="PROGRESS")
    assert brief(seen) == ["Dial", "Dial PROGRESS"]
    await harness.post(f"/channels/{made['id']}/moh", 412)
    agent = await harness.answered(events)
    await harness.post("/bridges/b", 200)
    await harness.post("/bridges/b/addChannel", 204, channel=f"{made['id']},{agent}")
    sound = (await harness.page.get("/sandbox/phones/101/sound")).json()
    assert abs(sound["hears"]["hz"] - 880) < 5
    await events.fence(harness)
    await harness.clock.advance(4)
    seen = await events.until("ChannelDestroyed")
    assert "Dial NOANSWER" not in brief(seen), "of a created channel it is not said"
    assert (seen[-1]["cause"], seen[-1]["tech_cause"]) == (1, 404)


async def test_an_unknown_sound_is_taken_and_fails(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post(f"/channels/{caller}/play/p", 201, media="sound:nobody-recorded-this")
    seen = await events.until("PlaybackFinished")
    assert [e["playback"]["state"] for e in seen] == ["playing", "failed"]
    for _ in range(2):  # an id may come twice
        await harness.post(f"/channels/{caller}/play/p", 201, media="sound:hello-world")


async def test_a_listener_ends_with_whom_it_listens_to(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post(f"/channels/{caller}/snoop/ear", 200, spy="both", app="app")
    await events.until("StasisStart")
    await harness.delete(f"/channels/{caller}")
    assert brief(await events.fence(harness))[-1] == "StasisEnd"
    assert (await harness.rest.get("/channels/ear")).status_code == 404


async def test_requests_asterisk_refuses_are_refused_in_its_words(harness: Harness) -> None:
    for path, said, query in (
        ("/channels", "Endpoint must be specified", {"app": "app"}),
        (f"/channels/{'x' * 150}", "maximum of 149", {"endpoint": "PJSIP/101", "app": "app"}),
    ):
        answer = await harness.rest.post(path, params=query)
        assert answer.status_code == 400
        assert said in answer.json()["message"]


async def test_called_customers_do_what_their_number_says(harness: Harness) -> None:
    events = await harness.events()
    for number, cause in (("900", 17), ("902", 1), ("904", 34)):
        endpoint = f"PJSIP/79160000{number}@trunk-demo"
        await harness.post("/channels", 200, endpoint=endpoint, app="app")
        assert (await events.until("ChannelDestroyed"))[-1]["cause"] == cause
    await harness.post("/channels", 200, endpoint="PJSIP/79160000111@trunk-demo", app="app")
    await events.until("Dial", dialstatus="RINGING")
    await harness.clock.advance(5)
    assert brief(await events.until("StasisStart"))[-1] == "StasisStart"
