"""What is wrong with a running Asterisk, asked over ARI and at its WebSocket. It changes nothing.

A browser line is written on trial and taken away again, a socket is opened for an application name
of its own: a look must not take the calls over.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from backend.telephony.asterisk.config.files import MODULES
from backend.telephony.asterisk.lines import websocket_url
from backend.telephony.asterisk.socket import base_url, open_events
from backend.telephony.asterisk.wire import parse_time

WANTED: Final = (22, 10, 1)
"""Fixes of two advisories about ARI (reference/telephony.md §5.1)."""
SKEW_S: Final = 2.0
"""Talk times come from the switch's clock, deadlines from ours."""
_TIMEOUT_S: Final = 5.0
_TRIAL: Final = "dozvon-check-"
_OLD_RECORDINGS: Final = 20
"""Files that wait to be fetched at any busy moment."""

Weight = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`code` is a sentence of `texts`. A warning leaves calls working."""

    weight: Weight
    code: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What our side wants to find there."""

    app: str
    lines: Collection[str] = ()
    """PJSIP sections of desk phones."""
    trunks: Collection[str] = ()
    sounds: Collection[str] = ()
    browser_url: str = ""
    """Where browsers are told to speak SIP; empty: beside ARI."""
    secure_pages: bool = False
    """Browsers come from https pages."""


class _Reply(msgspec.Struct):
    """An answer that came."""

    status: int
    body: Any = None

    @property
    def said(self) -> str:
        message = self.body.get("message") if isinstance(self.body, dict) else None
        return f"{self.status} {message}" if message else str(self.status)


class AsteriskCheck:
    """One look at one Asterisk."""

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        expected: Expected,
        *,
        now: Callable[[], datetime],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url, self._user, self._password = url, user, password
        self._expected = expected
        self._now = now
        self._http = httpx.AsyncClient(
            base_url=base_url(url),
            auth=httpx.BasicAuth(user, password),
            timeout=_TIMEOUT_S,
            trust_env=False,
            transport=transport,
        )

    async def findings(self) -> list[Found]:
        """In the order a person would mend things. Ends early where nothing more can be asked."""
        async with self._http:
            found = await self._reached()
            if found[-1].weight == "fail":
                return found
            found.append(await self._clock())
            found.append(await self._modules())
            found.append(may := await self._may_write())
            found.append(await self._application())
            found.append(await self._events())
            if may.weight == "ok":
                found.append(await self._configurable())
            found += await self._endpoints()
            found += [found_sound async for found_sound in self._sounds()]
            found.append(await self._recordings())
        found += await self._sip()
        found.append(_fine("rtp_hint"))
        return found

    async def _reached(self) -> list[Found]:
        try:
            reply = await self._ask("GET", "/asterisk/info")
        except httpx.HTTPError as error:
            return [_wrong("unreachable", url=self._url, said=type(error).__name__)]
        if reply.status == 401:
            return [_wrong("bad_user", user=self._user)]
        if reply.status != 200 or not isinstance(reply.body, dict):
            return [_wrong("no_ari", url=self._url, status=reply.status)]
        system = reply.body.get("system")
        version = str(system.get("version", "?")) if isinstance(system, dict) else "?"
        found = [_fine("answers", url=self._url, version=version)]
        if not _new_enough(version):
            wanted = ".".join(map(str, WANTED))
            found.append(_doubtful("old", version=version, wanted=wanted))
        return found

    async def _clock(self) -> Found:
        before = self._now()
        reply = await self._ask("GET", "/asterisk/ping")
        after = self._now()
        stamp = reply.body.get("timestamp", "") if isinstance(reply.body, dict) else ""
        middle = before + (after - before) / 2
        off = (parse_time(str(stamp), middle) - middle).total_seconds()
        if abs(off) > SKEW_S:
            return _doubtful("clock_off", seconds=round(off))
        return _fine("clock_ok")

    async def _modules(self) -> Found:
        reply = await self._ask("GET", "/asterisk/modules")
        if reply.status != 200 or not isinstance(reply.body, list):
            return _doubtful("modules_untold", said=reply.said)
        running = {
            str(module.get("name"))
            for module in reply.body
            if isinstance(module, dict) and module.get("status") == "Running"
        }
        missing = [name for name in MODULES if name not in running]
        return (
            _wrong("modules_missing", names=", ".join(missing)) if missing else _fine("modules_ok")
        )

    async def _may_write(self) -> Found:
        """A bridge nobody has: whoever may delete it is told it is not there."""
        reply = await self._ask("DELETE", f"/bridges/{_TRIAL}{secrets.token_hex(6)}")
        if reply.status == 403:
            return _wrong("read_only", user=self._user)
        return _fine("may_write", user=self._user)

    async def _application(self) -> Found:
        app = self._expected.app
        reply = await self._ask("GET", f"/applications/{app}")
        return _fine("app_ok", app=app) if reply.status == 200 else _doubtful("app_away", app=app)

    async def _events(self) -> Found:
        app = _TRIAL + secrets.token_hex(6)
        try:
            async with open_events(self._url, self._user, self._password, app):
                return _fine("events_ok")
        except (OSError, TimeoutError, WebSocketException) as error:
            return _wrong("events_refused", said=_named(error))

    async def _configurable(self) -> Found:
        """Each kind is written and removed: one of them alone may be closed."""
        name = _TRIAL + secrets.token_hex(6)
        trials = {
            "aor": {"max_contacts": "1"},
            "auth": {"auth_type": "userpass", "username": name, "password": secrets.token_hex(16)},
            "endpoint": {"webrtc": "yes", "aors": name, "auth": name},
        }
        made = []
        try:
            for kind, fields in trials.items():
                path = f"/asterisk/config/dynamic/res_pjsip/{kind}/{name}"
                pairs = [{"attribute": key, "value": text} for key, text in fields.items()]
                reply = await self._ask("PUT", path, {"fields": pairs})
                if reply.status == 403:
                    return _wrong("config_closed", kind=kind)
                if reply.status != 200:
                    return _wrong("config_broken", said=reply.said)
                made.append(path)
        finally:
            for path in reversed(made):
                await self._ask("DELETE", path)
        return _fine("config_ok")

    async def _endpoints(self) -> list[Found]:
        wanted = [*self._expected.lines, *self._expected.trunks]
        if not wanted:
            return []
        reply = await self._ask("GET", "/endpoints/PJSIP")
        listed = reply.body if reply.status == 200 and isinstance(reply.body, list) else []
        states = {
            str(one.get("resource")): str(one.get("state"))
            for one in listed
            if isinstance(one, dict)
        }
        missing = [name for name in wanted if name not in states]
        if missing:
            found = [_wrong("endpoints_missing", names=", ".join(missing))]
        else:
            found = [_fine("endpoints_ok", count=len(wanted))]
        return found + [
            _doubtful("trunk_offline", name=name)
            for name in self._expected.trunks
            if states.get(name) == "offline"
        ]

    async def _sounds(self) -> AsyncIterator[Found]:
        for name in self._expected.sounds:
            reply = await self._ask("GET", f"/sounds/{name}")
            there = reply.status == 200
            yield _fine("sound_ok", name=name) if there else _doubtful("sound_missing", name=name)

    async def _recordings(self) -> Found:
        reply = await self._ask("GET", "/recordings/stored")
        if reply.status != 200 or not isinstance(reply.body, list):
            return _wrong("recordings_broken", said=reply.said)
        ours = [
            one
            for one in reply.body
            if isinstance(one, dict) and str(one.get("name", "")).startswith("dozvon-")
        ]
        if len(ours) > _OLD_RECORDINGS:
            return _doubtful("recordings_left", count=len(ours))
        return _fine("recordings_ok")

    async def _sip(self) -> list[Found]:
        urls = dict.fromkeys(
            filter(None, (websocket_url(self._url), self._expected.browser_url)), None
        )
        found = [await self._speaks_sip(url) for url in urls]
        told = self._expected.browser_url or websocket_url(self._url)
        if self._expected.secure_pages and not told.startswith("wss:"):
            found.append(_wrong("sip_insecure", url=told))
        return found

    async def _speaks_sip(self, url: str) -> Found:
        """RFC 7118 §3: the server has to agree to the subprotocol `sip`."""
        sip = Subprotocol("sip")
        try:
            async with connect(
                url, subprotocols=[sip], proxy=None, open_timeout=_TIMEOUT_S, close_timeout=1
            ) as socket:
                agreed = socket.subprotocol == sip
        except (OSError, TimeoutError, InvalidHandshake, WebSocketException) as error:
            return _wrong("sip_refused", url=url, said=_named(error))
        return _fine("sip_ok", url=url) if agreed else _wrong("sip_refused", url=url, said="sip?")

    async def _ask(self, method: str, path: str, body: Any = None) -> _Reply:
        """What came of a question; no answer is status 0."""
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx.HTTPError as error:
            if path == "/asterisk/info":
                raise
            return _Reply(status=0, body={"message": type(error).__name__})
        try:
            return _Reply(status=answer.status_code, body=msgspec.json.decode(answer.content))
        except msgspec.DecodeError:
            return _Reply(status=answer.status_code)


def _fine(code: str, **data: Any) -> Found:
    return Found(weight="ok", code=code, data=data)


def _doubtful(code: str, **data: Any) -> Found:
    return Found(weight="warn", code=code, data=data)


def _wrong(code: str, **data: Any) -> Found:
    return Found(weight="fail", code=code, data=data)


def _new_enough(version: str) -> bool:
    """Versions built from a repository (`GIT-22-…`) say nothing of their fixes: not doubted."""
    numbers = re.match(r"(?:certified[/-])?(\d+)\.(\d+)(?:\.(\d+))?", version)
    if numbers is None:
        return True
    return tuple(int(part or 0) for part in numbers.groups()) >= WANTED


def _named(error: Exception) -> str:
    """In a few words; a refusal's status says most."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return f"HTTP {status}" if status is not None else type(error).__name__
