"""The switch's SIP end: sockets come and go, requests find their line and their call."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sipmessage import Request

from backend.sandbox.ari.dialing import parse_caller_id
from backend.sandbox.ari.model import Party
from backend.sandbox.media import sdp
from backend.sandbox.sip import wire
from backend.sandbox.sip.digest import Digest
from backend.sandbox.sip.incoming import IncomingCall
from backend.sandbox.sip.registrar import Registrar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from sipmessage import URI

    from backend.sandbox.ari.lines import BrowserLine
    from backend.sandbox.ari.switch import Switch
    from backend.sandbox.sip.calls import Call
    from backend.sandbox.sip.wire import SipSocket

_log = logging.getLogger(__name__)

# A name nobody has is challenged like one that is known, so that asking tells nothing.
_NOBODY: Mapping[str, str] = {"username": "\0", "password": "\0"}


class Agent:
    def __init__(self, switch: Switch) -> None:
        self.engine = switch.engine
        self.dialing = switch.dialing
        self.plane = switch.plane
        self.faults = switch.faults
        self._lines = switch.lines
        self._digest = Digest(switch.clock)
        self._registrar = Registrar(self, switch.lines, switch.timers)
        self._sockets: set[SipSocket] = set()
        self._calls: dict[str, Call] = {}
        """By Call-ID: every dialog that may still be spoken in."""
        # The loop holds tasks weakly; this set keeps them until they end.
        self._tasks: set[asyncio.Task[None]] = set()

    # -- sockets ------------------------------------------------------------------------------

    def connected(self, socket: SipSocket) -> None:
        self._sockets.add(socket)

    def disconnected(self, socket: SipSocket) -> None:
        """Its contacts go at once; what rang on it failed; talks go on."""
        socket.close()
        self._sockets.discard(socket)
        self._registrar.socket_closed(socket)
        for call in tuple(self._calls.values()):
            call.socket_closed(socket)

    def received(self, socket: SipSocket, data: bytes) -> None:
        if not data.strip():
            if data != b"\r\n":  # a question (RFC 5626, section 3.5.1), not the answer to ours
                socket.put(b"\r\n")
            return
        message = wire.parse(data)
        if isinstance(message, Request):
            self._request(socket, message)
        elif message is not None:
            socket.response(message)

    def cut(self) -> None:
        """Close every socket, as a restart does."""
        for socket in tuple(self._sockets):
            socket.close()

    def forget(self) -> None:
        """A restart: no dialog is known any more, and nobody is told."""
        for call in tuple(self._calls.values()):
            call.over = True
            call.close()
        self.cut()

    async def close(self) -> None:
        self.forget()
        while self._tasks:
            _done, late = await asyncio.wait(tuple(self._tasks), timeout=2)
            for task in late:
                task.cancel()

    # -- for calls ----------------------------------------------------------------------------

    def remember(self, call: Call) -> None:
        self._calls[call.call_id] = call

    def forget_call(self, call: Call) -> None:
        self._calls.pop(call.call_id, None)

    def socket_of(self, line: BrowserLine, target: URI) -> SipSocket | None:
        """Where a contact of the line is reached now."""
        found = self._registrar.find(line, target)
        return found.socket if found is not None else None

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- requests -----------------------------------------------------------------------------

    def _request(self, socket: SipSocket, request: Request) -> None:
        call = self._calls.get(request.call_id)
        if request.method == "ACK":
            return
        if request.method == "CANCEL":
            if isinstance(call, IncomingCall):
                call.cancelled(socket, request)
            else:
                self._refuse(socket, request, 481)
            return
        if "tag" in request.to_address.parameters:
            if call is None:
                self._refuse(socket, request, 481)
            else:
                call.request(socket, request)
            return
        match request.method:
            case "OPTIONS":
                answer = wire.respond(request, 200, to_tag=wire.tag())
                answer.headers.set("Allow", wire.ALLOW)
                answer.headers.set("Accept", "application/sdp")
                socket.send(answer)
            case "REGISTER" if (status := self.faults.registration()) != 0:
                self._refuse(socket, request, status)
            case "REGISTER":
                if (line := self._authenticated(socket, request)) is not None:
                    self._registrar.register(socket, request, line)
            case "INVITE":
                if call is None and (line := self._authenticated(socket, request)) is not None:
                    self._invited(socket, request, line)
            case _:
                self._refuse(socket, request, 405)

    def _authenticated(self, socket: SipSocket, request: Request) -> BrowserLine | None:
        """The line a request is from; None when it was answered with a challenge instead."""
        line = self._lines.find(request.from_address.uri.user or "")
        auth: Mapping[str, str] = _NOBODY
        if line is not None:
            name = line.fields["auth"].split(",")[0].strip()
            if not name:
                return line
            auth = self._lines.objects.find("auth", name) or _NOBODY
        try:
            verdict = self._digest.check(auth, request.method, request.authorization)
        except ValueError:
            verdict = "bad"
        if verdict == "good":
            return line
        answer = wire.respond(request, 401, to_tag=wire.tag())
        answer.www_authenticate = self._digest.challenge(auth, stale=verdict == "stale")
        socket.send(answer)
        return None

    def _invited(self, socket: SipSocket, request: Request, line: BrowserLine) -> None:
        try:
            sdp.parse(request.body)
        except sdp.SdpError as error:
            _log.info("%s called with an offer nobody can take: %s", line.username, error)
            self._refuse(socket, request, 488)
            return
        call = IncomingCall(self, socket, line, request)
        own = parse_caller_id(line.fields["callerid"])
        dialled = request.uri.user or "s"
        channel = self.engine.create(
            endpoint=line.endpoint,
            state="Ring",
            far_end=line,
            caller=Party(own.number or line.username, own.name),
            context=line.fields["context"],
            exten=dialled,
        )
        channel.protocol_id = request.call_id
        call.begin(channel)
        self.engine.touch(channel)
        app = self.engine.config.internal_app
        self.engine.timers.soon(
            lambda: self.engine.run_dialplan(channel, app, ("internal", dialled))
        )

    def _refuse(self, socket: SipSocket, request: Request, code: int) -> None:
        socket.send(wire.respond(request, code, to_tag=wire.tag()))

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception:
            _log.exception("a call of the sandbox switch failed")
