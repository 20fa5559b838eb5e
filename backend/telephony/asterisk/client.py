"""ARI's REST half: one method per operation we use, no rules.

Every request but that for keys is safe to repeat: ids are chosen by us, the rest sets a state. So
one that met a dying connection or a 5xx is sent once more at once. Numbers, names and keys travel
in the body, never in the URL, because URLs end up in access logs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import httpx

from backend.errors import NotFound, SwitchRefused, SwitchUnavailable
from backend.telephony.asterisk import answers
from backend.telephony.asterisk.wire import (
    Application,
    Attribute,
    Bridge,
    Channel,
    Endpoint,
    Variable,
)

# Asterisk's http.conf closes idle connections after session_keep_alive = 15 s by default; one
# must be given up before that, or the next command is written into a closing socket.
_KEEP_ALIVE_S: Final = 5.0
_HANDED_OVER_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)
_CHUNK: Final = 64 * 1024
_KEY_MS: Final = {"duration": 120, "between": 120}
"""RFC 4733 receivers and old exchanges alike hear a key of 100 ms (ARI's default); a little more
costs nothing and survives a lost packet."""


class AriClient:
    """Requests to one Asterisk. Raises SwitchUnavailable (no answer, 5xx), NotFound (404) and
    SwitchRefused (other 4xx)."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        timeout_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            auth=httpx.BasicAuth(user, password),
            timeout=timeout_s,
            limits=httpx.Limits(max_connections=32, keepalive_expiry=_KEEP_ALIVE_S),
            # A proxy from the environment has no business between us and the switch.
            trust_env=False,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    # -- reading ------------------------------------------------------------------------------

    async def application(self, name: str) -> Application:
        return answers.read(await self._send("GET", f"/applications/{_part(name)}"), Application)

    async def channels(self) -> list[Channel]:
        return answers.read(await self._send("GET", "/channels"), list[Channel])

    async def bridges(self) -> list[Bridge]:
        return answers.read(await self._send("GET", "/bridges"), list[Bridge])

    async def bridge(self, bridge_id: str) -> Bridge:
        return answers.read(await self._send("GET", f"/bridges/{_part(bridge_id)}"), Bridge)

    async def endpoint_state(self, endpoint: str) -> str:
        """`online`, `offline` or `unknown`; one the switch does not have is offline."""
        technology, _, resource = endpoint.partition("/")
        try:
            answer = await self._send("GET", f"/endpoints/{_part(technology)}/{_part(resource)}")
        except NotFound:
            return "offline"
        return answers.read(answer, Endpoint).state

    async def variable(self, channel_id: str, name: str) -> str:
        """The value; empty when it is not set, or the channel is gone or not in Stasis."""
        path = f"/channels/{_part(channel_id)}/variable"
        try:
            answer = await self._send("GET", path, params={"variable": name})
        except (NotFound, SwitchRefused):
            return ""
        return answers.read(answer, Variable).value or ""

    # -- channels -----------------------------------------------------------------------------

    async def originate(self, channel_id: str, body: dict[str, Any]) -> None:
        """Ring. A taken id means it was asked before: done. Raises NoDevice when Asterisk could
        not make the channel, which is how it says "unknown or not registered"."""
        answer = await self._try("POST", f"/channels/{_part(channel_id)}", json=body)
        if answer.status_code != 409:
            answers.check_made(answer)

    async def create(self, channel_id: str, body: dict[str, Any]) -> bool:
        """A channel to be dialled later, ours from the start. False: the id is taken. Raises as
        `originate` does."""
        answer = await self._try("POST", "/channels/create", json={"channelId": channel_id, **body})
        if answer.status_code == 409:
            return False
        answers.check_made(answer)
        return True

    async def dial(self, channel_id: str, *, timeout_s: int) -> None:
        """Ring a created channel. Never twice: seen with 22.10.1, a second order ends the first."""
        path = f"/channels/{_part(channel_id)}/dial"
        for delay_s in _HANDED_OVER_S:
            answer = await self._once("POST", path, params={"timeout": str(timeout_s)})
            # It is handed to us some moments after it was created.
            if answer.status_code != 409 or "stasis" not in answers.sentence(answer).lower():
                break
            await asyncio.sleep(delay_s)
        answers.check(answer)

    async def answer(self, channel_id: str) -> None:
        await self._send("POST", f"/channels/{_part(channel_id)}/answer")

    async def ring(self, channel_id: str) -> None:
        """Ringback: signalled to a channel that calls us, as a tone to one that is up."""
        await self._send("POST", f"/channels/{_part(channel_id)}/ring")

    async def stop_ring(self, channel_id: str) -> None:
        """Without ringback it does nothing."""
        await self._stop(f"/channels/{_part(channel_id)}/ring")

    async def start_music(self, channel_id: str, music_class: str) -> None:
        path = f"/channels/{_part(channel_id)}/moh"
        await self._send("POST", path, params={"mohClass": music_class})

    async def stop_music(self, channel_id: str) -> None:
        """Without music playing it does nothing."""
        await self._stop(f"/channels/{_part(channel_id)}/moh")

    async def _stop(self, path: str) -> None:
        """One that was not answered hears nothing: 412."""
        answer = await self._try("DELETE", path)
        if answer.status_code != 412:
            answers.check(answer)

    async def mute(self, channel_id: str, *, on: bool) -> None:
        """What the channel sends us goes no further. Asked twice it stays so."""
        path = f"/channels/{_part(channel_id)}/mute"
        await self._send("POST" if on else "DELETE", path, params={"direction": "in"})

    async def send_digits(self, channel_id: str, digits: str) -> None:
        """Keys for whoever is on the channel. In the body: they may be somebody's PIN. Asked
        once, because Asterisk may have begun before the connection died."""
        path = f"/channels/{_part(channel_id)}/dtmf"
        answers.check(await self._once("POST", path, json={"dtmf": digits, **_KEY_MS}))

    async def set_variable(self, channel_id: str, name: str, value: str) -> None:
        """Only for channels in Stasis (others: 409, SwitchRefused)."""
        path = f"/channels/{_part(channel_id)}/variable"
        await self._send("POST", path, params={"variable": name, "value": value})

    async def hang_up(self, channel_id: str, reason: str) -> None:
        """Also for channels outside Stasis; one that is gone counts as done."""
        answer = await self._try(
            "DELETE", f"/channels/{_part(channel_id)}", params={"reason": reason}
        )
        if answer.status_code != 404:
            answers.check(answer)

    async def snoop(self, channel_id: str, snoop_id: str, app: str, *, whisper: str) -> None:
        """A channel of ours that hears both directions of this one and speaks into `whisper`."""
        answer = await self._try(
            "POST",
            f"/channels/{_part(channel_id)}/snoop/{_part(snoop_id)}",
            params={"spy": "both", "whisper": whisper, "app": app, "appArgs": "watch"},
        )
        if answer.status_code != 409:
            answers.check(answer)

    # -- bridges ------------------------------------------------------------------------------

    async def ensure_bridge(self, bridge_id: str, name: str) -> Bridge:
        """The mixing bridge with this id, made when missing.

        Posting an id in use was an update in most versions, with a 409 or a 500 for what could
        not be updated; either way the bridge that stands is the answer.
        """
        answer = await self._try(
            "POST", f"/bridges/{_part(bridge_id)}", params={"type": "mixing", "name": name}
        )
        if answer.status_code in (409, 500):
            try:
                return await self.bridge(bridge_id)
            except NotFound:
                answers.check(answer)
        answers.check(answer)
        return answers.read(answer, Bridge)

    async def add_channels(self, bridge_id: str, channel_ids: Sequence[str]) -> None:
        """One bad id refuses the whole list: 400 "not found", which is NotFound here."""
        await self._members(bridge_id, "addChannel", channel_ids)

    async def remove_channel(self, bridge_id: str, channel_id: str) -> None:
        """A channel that is not in this bridge, or gone with it, counts as done."""
        answer = await self._try(
            "POST",
            f"/bridges/{_part(bridge_id)}/removeChannel",
            params={"channel": channel_id},
        )
        if answer.status_code not in (400, 404, 422):
            answers.check(answer)

    async def delete_bridge(self, bridge_id: str) -> None:
        answer = await self._try("DELETE", f"/bridges/{_part(bridge_id)}")
        if answer.status_code != 404:
            answers.check(answer)

    async def has_sound(self, name: str) -> bool:
        answer = await self._try("GET", f"/sounds/{_part(name)}")
        if answer.status_code == 404:
            return False
        answers.check(answer)
        return True

    async def play(self, bridge_id: str, sound: str) -> None:
        """To everybody in the bridge, once."""
        path = f"/bridges/{_part(bridge_id)}/play"
        await self._send("POST", path, params={"media": f"sound:{sound}"})

    # -- configuration ------------------------------------------------------------------------

    async def put_object(self, kind: str, name: str, fields: dict[str, str]) -> None:
        """Create or change a PJSIP object. SwitchRefused: none of this kind may, or a file's."""
        body = {"fields": [{"attribute": key, "value": value} for key, value in fields.items()]}
        answers.check(await self._try("PUT", _object(kind, name), json=body))

    async def object_fields(self, kind: str, name: str) -> dict[str, str]:
        answer = await self._send("GET", _object(kind, name))
        return {pair.attribute: pair.value for pair in answers.read(answer, list[Attribute])}

    async def delete_object(self, kind: str, name: str) -> None:
        """One that is gone counts as done, one of a file (403) is left alone."""
        answer = await self._try("DELETE", _object(kind, name))
        if answer.status_code not in (403, 404):
            answers.check(answer)

    async def play_to(self, channel_id: str, playback_id: str, sound: str) -> None:
        """To this channel alone."""
        path = f"/channels/{_part(channel_id)}/play/{_part(playback_id)}"
        await self._send("POST", path, params={"media": f"sound:{sound}"})

    # -- recordings ---------------------------------------------------------------------------

    async def record_bridge(self, bridge_id: str, name: str) -> None:
        """Record everybody in the bridge, mixed. A taken name (409) means it was asked before."""
        answer = await self._try(
            "POST",
            f"/bridges/{_part(bridge_id)}/record",
            params={"name": name, "format": "wav", "ifExists": "fail"},
        )
        if answer.status_code != 409:
            answers.check(answer)

    async def record_channel(self, channel_id: str, name: str, *, max_s: int) -> None:
        """Record this channel alone after a beep, until # or `max_s`. A taken name (409) means it
        was asked before; so does, on a channel in a bridge, the bridge."""
        answer = await self._try(
            "POST",
            f"/channels/{_part(channel_id)}/record",
            params={
                "name": name,
                "format": "wav",
                "ifExists": "fail",
                "beep": "true",
                "maxDurationSeconds": str(max_s),
                "terminateOn": "#",
            },
        )
        if answer.status_code != 409:
            answers.check(answer)

    async def mute_recording(self, name: str, *, on: bool) -> None:
        """One that is over is left alone."""
        path = f"/recordings/live/{_part(name)}/mute"
        answer = await self._try("POST" if on else "DELETE", path)
        if answer.status_code not in (404, 409):
            answers.check(answer)

    async def stop_recording(self, name: str) -> bool:
        """False: there was none under way."""
        answer = await self._try("POST", f"/recordings/live/{_part(name)}/stop")
        if answer.status_code == 404:
            return False
        answers.check(answer)
        return True

    async def stored_recording(self, name: str, into: Path, *, timeout_s: float) -> bool:
        """Its bytes as the file `into`. False: there is none of this name."""
        path = f"/recordings/stored/{_part(name)}/file"
        try:
            async with self._http.stream("GET", path, timeout=timeout_s) as answer:
                if answer.status_code == 404:
                    return False
                if answer.status_code >= 400:
                    await answer.aread()
                    answers.check(answer)
                with into.open("wb") as file:
                    async for chunk in answer.aiter_bytes(_CHUNK):
                        await asyncio.to_thread(file.write, chunk)
        except httpx.HTTPError as error:
            raise SwitchUnavailable(f"the file broke off: {type(error).__name__}") from error
        return True

    async def delete_recording(self, name: str) -> None:
        """One that is gone counts as done."""
        answer = await self._try("DELETE", f"/recordings/stored/{_part(name)}")
        if answer.status_code != 404:
            answers.check(answer)

    # -- the way there ------------------------------------------------------------------------

    async def _members(self, bridge_id: str, verb: str, channel_ids: Sequence[str]) -> None:
        answer = await self._try(
            "POST", f"/bridges/{_part(bridge_id)}/{verb}", params={"channel": ",".join(channel_ids)}
        )
        if answer.status_code == 400 and "not found" in answers.sentence(answer).lower():
            raise NotFound("a leg is gone")
        answers.check(answer)

    async def _send(
        self, method: str, path: str, *, params: dict[str, str] | None = None
    ) -> httpx.Response:
        answer = await self._try(method, path, params=params)
        answers.check(answer)
        return answer

    async def _try(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """The answer, whatever its status. A time-out is not tried again: the deadline is used."""
        for last in (False, True):
            try:
                answer = await self._once(method, path, params=params, json=json)
            except _NoConnection:
                if last:
                    raise
                continue
            if last or answer.status_code < 500 or answers.is_final(answer):
                return answer
        raise AssertionError("the second round always ends")

    async def _once(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        json: dict[str, Any] | None = None,
    ) -> httpx.Response:
        try:
            return await self._http.request(method, path, params=params, json=json)
        except httpx.TimeoutException as error:
            raise SwitchUnavailable("the switch did not answer in time") from error
        except httpx.HTTPError as error:
            raise _NoConnection(f"no connection: {type(error).__name__}") from error


class _NoConnection(SwitchUnavailable):
    """Nothing came back, and soon enough to ask again."""


def _object(kind: str, name: str) -> str:
    return f"/asterisk/config/dynamic/res_pjsip/{_part(kind)}/{_part(name)}"


def _part(text: str) -> str:
    """One path segment: ids of Asterisk and of trunks may hold anything."""
    return quote(text, safe="")
