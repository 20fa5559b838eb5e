"""The Switch port over one Asterisk: commands by REST, news by the event socket."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from backend.errors import NotFound, SwitchRefused, SwitchUnavailable
from backend.kit.backoff import Backoff
from backend.kit.clock import Clock
from backend.services.ports import Capabilities, RingOrder, Sound, SwitchEvent
from backend.telephony.asterisk import names, q850
from backend.telephony.asterisk.client import AriClient
from backend.telephony.asterisk.listener import Listener
from backend.telephony.asterisk.socket import base_url, open_events
from backend.telephony.asterisk.translate import Translator
from backend.telephony.asterisk.watching import WatchRooms
from protocol.vocabulary import CallId, HangupCause, LegId

_AUTO_ANSWER: Final = {
    # Two dialects desk phones understand; each phone ignores the one it does not know.
    "PJSIP_HEADER(add,Call-Info)": "<sip:dozvon>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "info=alert-autoanswer",
}


_DIALED_KEPT: Final = 1_000


async def _always() -> bool:
    return True


class AsteriskSwitch:
    """One Asterisk as a `Switch`. `events()` may be read by one reader at a time.

    `url` is the HTTP server's root, with or without `/ari`. `fence` says whether the lease for
    this connection is still ours. `identity` tells this switch from others in the ids of inbound
    calls and must stay the same for good; it defaults to the host and the application.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        app: str,
        *,
        clock: Clock,
        fence: Callable[[], Awaitable[bool]] = _always,
        identity: str = "",
        hold_music: str = "default",
        recording_notice: str = "this-call-may-be-monitored-or-recorded",
        request_timeout_s: float = 5.0,
        backoff: Backoff | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._app = app
        self._hold_music = hold_music
        self._notice = recording_notice
        identity = identity or f"{urlsplit(url).netloc}/{app}"
        self._client = AriClient(
            base_url(url), user, password, timeout_s=request_timeout_s, transport=transport
        )
        self._translator = Translator(app, identity)
        self.watches = WatchRooms(app, self._client, self._translator)
        """`services.ports.watching.Watches`."""
        self._dialed: OrderedDict[str, None] = OrderedDict()
        """Created channels that were told to ring; the newest thousand."""
        self._listener = Listener(
            app,
            self._client,
            self._translator,
            lambda: open_events(url, user, password, app),
            clock=clock,
            fence=fence,
            identity=identity,
            backoff=backoff or Backoff(),
        )

    @property
    def capabilities(self) -> Capabilities:
        """Channels and bridges are all ours: everything."""
        return Capabilities(watch=frozenset(("listen", "whisper", "barge")))

    @property
    def ignored(self) -> dict[str, int]:
        """Events nothing was made of, by type, for the metrics."""
        return dict(self._translator.ignored)

    def events(self) -> AsyncIterator[SwitchEvent]:
        """See the port. Raises SwitchRefused when replaced or when the fence says no."""
        return self._listener.events()

    # -- commands -----------------------------------------------------------------------------

    async def ring(self, order: RingOrder) -> None:
        channel = names.channel_id(order.call_id, order.leg_id)
        if len(channel) > names.MAX_CHANNEL_ID:
            raise SwitchRefused("the ids of call and leg are too long for a channel id")
        variables = {
            names.CALL_VARIABLE: order.call_id,
            names.LEG_VARIABLE: order.leg_id,
            names.ACCOUNT_VARIABLE: order.account,
        }
        if order.auto_answer:
            variables |= _AUTO_ANSWER
        if names.is_line(order.endpoint):
            variables |= {f"PJSIP_HEADER(add,{key})": value for key, value in order.headers.items()}
        caller_id = names.caller_id(order.caller_name, order.caller_number)
        body: dict[str, Any] = {
            "endpoint": order.endpoint,
            "app": self._app,
            "appArgs": "outbound",
            "variables": variables,
        }
        if order.early and not names.is_line(order.endpoint):
            variables[names.CALLER_ID] = caller_id
            await self._dial(channel, body, order.timeout_s)
        else:
            body |= {"callerId": caller_id, "timeout": order.timeout_s}
            await self._client.originate(channel, body)

    async def registered(self, endpoints: Sequence[str]) -> dict[str, bool]:
        asked = [endpoint for endpoint in dict.fromkeys(endpoints) if names.is_line(endpoint)]
        states = await asyncio.gather(*(self._client.endpoint_state(name) for name in asked))
        known = {"online": True, "offline": False}
        pairs = zip(asked, states, strict=True)
        return {name: known[state] for name, state in pairs if state in known}

    async def indicate_ringing(self, call_id: CallId, leg_id: LegId) -> None:
        await self._client.ring(self._channel(call_id, leg_id))

    async def answer(self, call_id: CallId, leg_id: LegId) -> None:
        await self._client.answer(self._channel(call_id, leg_id))

    async def connect(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        await self._gather(names.bridge_id(call_id), account, call_id, legs)

    async def consult(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        await self._gather(names.consult_bridge_id(call_id), account, call_id, legs)

    async def set_aside(self, call_id: CallId, leg_id: LegId, sound: Sound) -> None:
        channel = self._channel(call_id, leg_id)
        # Out of both rooms first: in a bridge, sounds for one channel are heard by none or by all.
        await asyncio.gather(
            self._client.remove_channel(names.bridge_id(call_id), channel),
            self._client.remove_channel(names.consult_bridge_id(call_id), channel),
        )
        if sound == "music":
            await self._client.stop_ring(channel)
            await self._client.start_music(channel, self._hold_music)
        else:
            await self._client.stop_music(channel)
            await self._client.ring(channel)

    async def mute(self, call_id: CallId, leg_id: LegId, *, on: bool) -> None:
        await self._client.mute(self._channel(call_id, leg_id), on=on)

    async def hold(self, call_id: CallId, customer: LegId, *, on: bool) -> None:
        """The flag is set last: its ChannelVarset is the switch's word that all of it is done,
        since music itself raises no event."""
        channel, bridge_id = self._channel(call_id, customer), names.bridge_id(call_id)
        if on:
            await self._client.remove_channel(bridge_id, channel)
            await self._client.start_music(channel, self._hold_music)
        else:
            await self._client.stop_music(channel)
            await self._client.add_channels(bridge_id, [channel])
        await self._client.set_variable(channel, names.HELD_VARIABLE, "1" if on else "0")

    async def send_digits(self, call_id: CallId, leg_id: LegId, digits: str) -> None:
        # `w` waits half a second in every version; `W`, a whole one, only in newer ones.
        await self._client.send_digits(self._channel(call_id, leg_id), digits.replace(",", "ww"))

    async def play(self, call_id: CallId, leg_id: LegId, sound: str) -> None:
        # An address is fetched, and kept, by Asterisk itself (res_http_media_cache).
        fetched = sound.startswith(("http://", "https://"))
        if not fetched and not await self._client.has_sound(sound):
            # Playing it would be accepted, and nothing be heard.
            raise SwitchRefused(f"Asterisk has no sound {sound!r}")
        channel = self._channel(call_id, leg_id)
        await self._client.stop_ring(channel)
        # An id of its own each time: the same message may come twice in one call.
        await self._client.play_to(channel, f"dz.{uuid.uuid4().hex}", sound)

    async def take_message(self, call_id: CallId, leg_id: LegId, name: str, *, max_s: int) -> None:
        channel = self._channel(call_id, leg_id)
        await self._client.stop_ring(channel)
        await self._client.record_channel(channel, name, max_s=max_s)

    async def announce_recording(self, call_id: CallId) -> None:
        if not await self._client.has_sound(self._notice):
            # Playing it would be accepted, and nothing be heard.
            raise SwitchRefused(f"Asterisk has no sound {self._notice!r}")
        await self._client.play(names.bridge_id(call_id), self._notice)

    async def record(self, call_id: CallId, name: str) -> None:
        await self._client.record_bridge(names.bridge_id(call_id), name)

    async def mute_recording(self, name: str, *, on: bool) -> None:
        await self._client.mute_recording(name, on=on)

    async def stop_recording(self, name: str) -> None:
        await self._client.stop_recording(name)

    async def hang_up(self, call_id: CallId, leg_id: LegId, cause: HangupCause) -> None:
        channel = self._channel(call_id, leg_id)
        self._translator.asked_to_end(channel, cause)
        await self._client.hang_up(channel, q850.reason_for(cause))

    async def release(self, call_id: CallId) -> None:
        await asyncio.gather(
            self._client.delete_bridge(names.bridge_id(call_id)),
            self._client.delete_bridge(names.consult_bridge_id(call_id)),
        )

    async def aclose(self) -> None:
        """End `events()`, drop unfinished chores, close the connections. Calls live on."""
        await self._listener.aclose()
        await self._client.aclose()

    # -- inside -------------------------------------------------------------------------------

    async def _gather(
        self, bridge_id: str, account: str, call_id: CallId, legs: Sequence[LegId]
    ) -> None:
        """Exactly these legs in this room; who comes from another room has left it by that."""
        wanted = [self._channel(call_id, leg) for leg in legs]
        bridge, _ = await asyncio.gather(
            self._client.ensure_bridge(bridge_id, names.bridge_name(account, call_id)),
            self._silence(call_id, legs),
        )
        for member in bridge.channels:
            if member not in wanted:
                await self._client.remove_channel(bridge_id, member)
        missing = [channel for channel in wanted if channel not in bridge.channels]
        if missing:
            await self._client.add_channels(bridge_id, missing)

    async def _dial(self, channel: str, body: dict[str, Any], timeout_s: int) -> None:
        """Made first, and so in Stasis before it rings: only such a channel can be in a room before
        it is answered."""
        if not await self._client.create(channel, body) and channel in self._dialed:
            return
        self._dialed[channel] = None
        while len(self._dialed) > _DIALED_KEPT:
            self._dialed.popitem(last=False)
        try:
            await self._client.dial(channel, timeout_s=timeout_s)
        except NotFound:
            pass  # given up meanwhile: its end is told
        except SwitchUnavailable:
            # Nobody knows whether it rings: one that does not would stay for ever.
            await self._client.hang_up(channel, q850.reason_for(HangupCause.FAILURE))
            raise

    def _channel(self, call_id: CallId, leg_id: LegId) -> str:
        return self._translator.channel_of(call_id, leg_id)

    async def _silence(self, call_id: CallId, legs: Sequence[LegId]) -> None:
        """End ringback and music, which would go on under the talk: on every leg, because a
        forerunner may have begun it. Where there is none, both orders do nothing."""
        channels = [self._channel(call_id, leg_id) for leg_id in legs]
        await asyncio.gather(
            *(self._client.stop_music(channel) for channel in channels),
            *(self._client.stop_ring(channel) for channel in channels),
        )
