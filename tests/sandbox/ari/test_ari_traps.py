"""Errors, takeover, lost sockets and other things a client of the switch must survive."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.sandbox.ari.conftest import DID, Harness, brief


async def test_nothing_is_told_without_credentials(harness: Harness) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{harness.port}") as stranger:
        refused = await stranger.get("/ari/channels")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert (await stranger.get("/ari/channels?api_key=dozvon:wrong")).status_code == 401
        assert (await stranger.get("/ari/channels?api_key=dozvon:dozvon")).status_code == 200
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://127.0.0.1:{harness.port}/ari/events?app=app", proxy=None)
    assert caught.value.response.status_code == 401
    with pytest.raises(InvalidStatus) as caught:
        await connect(f"ws://127.0.0.1:{harness.port}/ari/events?api_key=dozvon:dozvon", proxy=None)
    assert caught.value.response.status_code == 400


async def test_an_unregistered_endpoint_is_a_500_allocation_failed(harness: Harness) -> None:
    await harness.events()
    for endpoint in ("PJSIP/103", "PJSIP/999", "PJSIP/7916@nowhere", "SIP/101"):
        answer = await harness.rest.post("/channels", params={"endpoint": endpoint, "app": "app"})
        assert answer.status_code == 500
        assert answer.json() == {"error": "Allocation failed"}


async def test_originate_refusals(harness: Harness) -> None:
    await harness.events()
    await harness.post("/channels", 400, endpoint="PJSIP/101")
    await harness.post("/channels", 400, app="app")
    await harness.post("/channels", 400, endpoint="PJSIP/101", app="app", originator="nobody")
    await harness.post("/channels", 400, endpoint="PJSIP/101", app="app", timeout="soon")
    await harness.post("/channels/same", 200, endpoint="PJSIP/101", app="app")
    await harness.post("/channels/same", 409, endpoint="PJSIP/102", app="app")
    await harness.post("/channels", 409, endpoint="PJSIP/102", app="app", channelId="same")


async def test_unknown_things_are_404_and_foreign_channels_409(harness: Harness) -> None:
    events = await harness.events()
    await harness.post("/channels/none/answer", 404)
    await harness.delete("/channels/none", 404)
    await harness.post("/bridges/none/addChannel", 404, channel="x")
    await harness.post("/nowhere", 404)
    await harness.post("/channels/none/rtp_statistics", 405)
    ringing = (await harness.post("/channels", 200, endpoint="PJSIP/101", app="app"))["id"]
    await events.until("Dial", dialstatus="RINGING")
    await harness.post(f"/channels/{ringing}/moh", 409)
    await harness.post("/bridges/b", 200)
    await harness.post("/bridges/b/addChannel", 422, channel=ringing)
    await harness.delete(f"/channels/{ringing}", 400, reason="bored")
    await harness.delete(f"/channels/{ringing}")


async def test_one_bad_channel_refuses_the_whole_list(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post("/bridges/b", 200)
    await harness.post("/bridges/b/addChannel", 400, channel=f"{caller},ghost")
    assert (await harness.rest.get("/bridges/b")).json()["channels"] == []
    await harness.post("/bridges/b/removeChannel", 422, channel=caller)
    await harness.post(
        f"/channels/{caller}/record", 201, name="mine", format="wav", ifExists="overwrite"
    )
    await harness.post("/bridges/b/addChannel", 409, channel=caller)
    await harness.post("/bridges", 409, bridgeId="b")
    await harness.post("/bridges/b", 409, name="renamed")


async def test_redirect_checks_the_channel_before_the_endpoint(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post("/channels/none/redirect", 404, endpoint="PJSIP/101")
    await harness.post(f"/channels/{caller}/redirect", 400)
    await harness.post(f"/channels/{caller}/redirect", 404, endpoint="PJSIP/999")
    await harness.post(f"/channels/{caller}/redirect", 422, endpoint="SIP/101")
    await harness.post(f"/channels/{caller}/redirect", 204, endpoint="PJSIP/101")
    assert brief(await events.until("StasisEnd"))[-1] == "StasisEnd"


async def test_a_second_socket_takes_the_application_over(harness: Harness) -> None:
    first = await harness.events()
    second = await harness.events()
    assert (await first.next())["type"] == "ApplicationReplaced"
    await harness.inbound(second)
    await (await first.socket.ping())  # its socket stays open
    assert (await harness.rest.get("/applications/app")).status_code == 200


async def test_a_socket_of_two_applications_keeps_the_one_not_taken(harness: Harness) -> None:
    both = await harness.events("app,other")
    await harness.events("other")
    assert (await both.next())["application"] == "other"
    await harness.inbound(both)


async def test_without_the_application_the_caller_hears_unavailable(harness: Harness) -> None:
    watcher = await harness.events("watcher", subscribe_all=True)
    customer = harness.switch.place_call("79160000001", DID)
    seen = await watcher.until("ChannelVarset")
    assert brief(seen) == ["ChannelCreated", "ChannelVarset"]
    assert (seen[-1]["variable"], seen[-1]["value"]) == ("STASISSTATUS", "FAILED")
    assert customer.hears() == "unavailable"
    await harness.clock.advance(3)
    await watcher.until("ChannelDestroyed")
    assert customer.outcome == "unavailable"


async def test_calls_survive_a_lost_socket_and_missed_events_are_not_replayed(
    harness: Harness,
) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    harness.switch.cut_sockets("app")
    with pytest.raises(ConnectionClosed):
        await events.next()
    harness.switch.customer("c1").dtmf("5")
    listed = (await harness.rest.get("/applications/app")).json()
    assert listed["channel_ids"] == [caller]
    await harness.post(f"/channels/{caller}/answer", 204)
    again = await harness.events()
    assert await again.fence(harness) == []
    harness.switch.customer("c1").dtmf("6")
    assert (await again.next())["digit"] == "6"


async def test_phones_answer_by_themselves_only_when_they_can(harness: Harness) -> None:
    events = await harness.events()
    for endpoint, header in (
        ("PJSIP/101", {"PJSIP_HEADER(add,Call-Info)": "<sip:sandbox>; answer-after=0"}),
        ("PJSIP/101", {"PJSIP_HEADER(add,Alert-Info)": "auto-answer"}),
    ):
        answer = await harness.rest.post(
            "/channels", params={"endpoint": endpoint, "app": "app"}, json={"variables": header}
        )
        assert answer.status_code == 200
        assert (await events.until("StasisStart"))[-1]["channel"]["state"] == "Up"
    body = {"endpoint": "PJSIP/102", "app": "app", "variables": header}
    assert (await harness.rest.post("/channels", json=body)).status_code == 200
    await events.until("Dial", dialstatus="RINGING")
    assert await events.fence(harness) == []
    assert harness.switch.phone("102").device_state() == "RINGING"


async def test_registration_changes_are_reported_and_stop_originates(harness: Harness) -> None:
    events = await harness.events(subscribe_all=True)
    harness.switch.phone("101").set_registered(False)
    seen = await events.fence(harness)
    assert "EndpointStateChange" in brief(seen)
    assert brief(seen)[-1] == "DeviceStateChanged UNAVAILABLE"
    endpoint = (await harness.rest.get("/endpoints/PJSIP/101")).json()
    assert endpoint["state"] == "offline"
    await harness.post("/channels", 500, endpoint="PJSIP/101", app="app")
    device = await harness.rest.get("/deviceStates/PJSIP%2F101")
    assert device.json() == {"name": "PJSIP/101", "state": "UNAVAILABLE"}


async def test_only_stasis_devices_can_be_set(harness: Harness) -> None:
    path = "/deviceStates/Stasis:queue"
    assert (await harness.rest.put(path, params={"deviceState": "INUSE"})).status_code == 204
    assert (await harness.rest.get("/deviceStates")).json() == [
        {"name": "Stasis:queue", "state": "INUSE"}
    ]
    refused = await harness.rest.put("/deviceStates/PJSIP%2F101", params={"deviceState": "BUSY"})
    assert refused.status_code == 409
    await harness.delete(path)
    await harness.delete(path, 404)


async def test_subscriptions_and_the_event_filter(harness: Harness) -> None:
    events = await harness.events()
    path = "/applications/app/subscription"
    await harness.post(path, 422, eventSource="endpoint:PJSIP/999")
    await harness.post(path, 200, eventSource="endpoint:PJSIP/101,deviceState:PJSIP/101")
    harness.switch.phone("101").set_registered(False)
    assert brief(await events.fence(harness))[-2:] == [
        "EndpointStateChange",
        "DeviceStateChanged UNAVAILABLE",
    ]
    await harness.delete(path, 200, eventSource="endpoint:PJSIP/101")
    await harness.delete(path, 409, eventSource="endpoint:PJSIP/101")
    answer = await harness.rest.put(
        "/applications/app/eventFilter", json={"disallowed": [{"type": "DeviceStateChanged"}]}
    )
    assert answer.json()["events_disallowed"] == [{"type": "DeviceStateChanged"}]
    harness.switch.phone("101").set_registered(True)
    assert await events.fence(harness) == []


async def test_rest_goes_over_the_socket_too(harness: Harness) -> None:
    events = await harness.events()
    request: dict[str, object] = {
        "type": "RESTRequest",
        "transaction_id": "t",
        "request_id": "r1",
        "method": "GET",
        "uri": "endpoints/PJSIP/101",
    }
    await events.socket.send(json.dumps(request))
    answer = await events.next()
    assert (answer["type"], answer["request_id"], answer["status_code"]) == (
        "RESTResponse",
        "r1",
        200,
    )
    assert json.loads(answer["message_body"])["resource"] == "101"
    request |= {
        "method": "POST",
        "uri": "channels",
        "query_strings": [{"name": "endpoint", "value": "PJSIP/103"}],
        "message_body": '{"app": "app"}',
    }
    await events.socket.send(json.dumps(request))
    answer = await events.next()
    assert (answer["status_code"], answer["reason_phrase"]) == (500, "Internal Server Error")
    await events.socket.send("not json")
    assert (await events.next())["status_code"] == 400


async def test_playbacks_run_through_their_media(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post(f"/channels/{caller}/play", 400, media="nonsense")
    await harness.post(f"/channels/{caller}/play/p1", 201, media="sound:hello,sound:vm-goodbye")
    await events.until("PlaybackStarted")
    await harness.clock.advance(4)
    assert brief(await events.fence(harness)) == ["PlaybackContinuing", "PlaybackFinished"]
    await harness.post(f"/channels/{caller}/play/p2", 201, media="tone:ring")
    await events.until("PlaybackStarted")
    await harness.post("/playbacks/p2/control", 204, operation="pause")
    await harness.delete("/playbacks/p2")
    assert brief(await events.fence(harness)) == ["PlaybackFinished"]
    await harness.delete("/playbacks/p2", 404)


async def test_what_a_customer_hears_follows_the_bridge(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    customer = harness.switch.customer("c1")
    agent = await harness.answered(events)
    await harness.post(f"/channels/{caller}/answer", 204)
    await harness.post("/bridges/wait", 200, type="holding")
    await harness.post("/bridges/wait/moh", 204)
    await harness.post("/bridges/wait/addChannel", 204, channel=caller)
    assert customer.hears() == "music"
    await harness.post(f"/channels/{caller}/play", 201, media="sound:hello")
    await events.until("PlaybackStarted")
    assert customer.hears() == "announcement"
    await harness.clock.advance(2)
    await harness.post("/bridges/talk", 200)
    await harness.post("/bridges/talk/addChannel", 204, channel=f"{caller},{agent}")
    assert customer.hears() == "person"
    await harness.post(f"/channels/{agent}/mute", 204, direction="in")
    assert customer.hears() == "silence"
    await harness.delete(f"/channels/{agent}/mute", direction="in")
    harness.switch.phone("101").hold()
    assert customer.hears() == "music"
    seen = brief(await events.fence(harness))
    assert seen.count("ChannelLeftBridge") == 1
    assert (await harness.rest.get("/bridges/wait")).json()["channels"] == []


async def test_continue_goes_back_to_the_dialplan(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post(f"/channels/{caller}/continue", 204, extension=DID)
    assert brief(await events.until("StasisStart")) == ["StasisEnd", "StasisStart"]
    await harness.post(f"/channels/{caller}/continue", 204)
    assert brief(await events.fence(harness)) == ["StasisEnd"]
    await harness.post(f"/channels/{caller}/answer", 404)


async def test_a_paused_recording_stands_still_and_a_discarded_one_is_not_kept(
    harness: Harness,
) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    record = f"/channels/{caller}/record"
    await harness.post(record, 422, name="a", format="mp3")
    await harness.post(record, 400, name="../a", format="wav")
    await harness.post(record, 201, name="a", format="wav", maxDurationSeconds=60)
    await harness.clock.advance(2)
    await harness.post("/recordings/live/a/pause", 204)
    await harness.clock.advance(30)
    await harness.delete("/recordings/live/a/pause")
    await harness.clock.advance(3)
    await harness.post("/recordings/live/a/stop", 204)
    done = (await events.until("RecordingFinished"))[-1]["recording"]
    assert (done["state"], done["duration"]) == ("done", 5)
    await harness.post(record, 409, name="a", format="wav")
    await harness.post(record, 201, name="b", format="wav")
    await harness.delete("/recordings/live/b")
    assert (await harness.rest.get("/recordings/stored")).json() == [{"name": "a", "format": "wav"}]
    await harness.delete("/recordings/stored/a")
    await harness.delete("/recordings/stored/a", 404)


async def test_snoop_is_a_channel_of_its_own(harness: Harness) -> None:
    events = await harness.events()
    caller = await harness.inbound(events)
    await harness.post(f"/channels/{caller}/snoop", 400, app="app")
    snoop = await harness.post(
        f"/channels/{caller}/snoop/s1", 200, app="app", spy="both", appArgs="listen"
    )
    assert snoop["name"].startswith(f"Snoop/{caller}-")
    start = (await events.until("StasisStart"))[-1]
    assert (start["channel"]["id"], start["args"]) == ("s1", ["listen"])


async def test_a_desk_phone_can_dial_into_the_application(harness: Harness) -> None:
    events = await harness.events()
    harness.switch.phone("101").dial("102")
    start = (await events.until("StasisStart"))[-1]
    assert start["args"] == ["internal", "102"]
    assert start["channel"]["caller"] == {"name": "Anna", "number": "101"}


async def test_api_docs_describe_what_is_served(harness: Harness) -> None:
    listing = (await harness.rest.get("/api-docs/resources.json")).json()
    names = [api["path"].split("/")[-1].split(".")[0] for api in listing["apis"]]
    assert {"channels", "bridges", "events", "endpoints"} <= set(names)
    for name in names:
        declared = (await harness.rest.get(f"/api-docs/{name}.json")).json()
        assert all(api["operations"] for api in declared["apis"])
    assert (await harness.rest.get("/asterisk/ping")).json()["ping"] == "pong"
    info = (await harness.rest.get("/asterisk/info?only=system")).json()
    assert list(info) == ["system"]
