"""A telephone network behind a trunk: SIP over UDP by sipmessage, one `Line` for each call.

Numbers called through the trunk do what the test tells them, or ring until it does.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from sipmessage import (
    URI,
    Address,
    CSeq,
    MediaType,
    Message,
    Parameters,
    Request,
    Response,
    Via,
)

from tests.contract.asterisk.sound import DEADLINE_S, RtpSound

CUSTOMER_HZ = 440
EARLY_HZ = 950
"""What a number says before it is answered."""


class Line:
    """One call of the network, from either side."""

    def __init__(self, provider: Provider, invite: Request, sound: RtpSound) -> None:
        self.provider = provider
        self.invite = invite
        """Theirs, or ours with the latest answer's tag in To."""
        self.sound = sound
        self.said: list[int] = []
        """Codes answered to our INVITE, in order."""
        self.progress = asyncio.Event()
        """Something was answered, 180 or better."""
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        self.reason = ""
        """The Reason header of what ended it (RFC 3326)."""
        self._tag = secrets.token_hex(4)
        self._theirs: URI | None = None
        self._sequence = 1

    # -- when we are called -------------------------------------------------------------------

    def ring(self) -> None:
        self._respond(180)

    def announce(self) -> None:
        """183: sound before the answer."""
        self.sound.hz = EARLY_HZ
        self.sound.speak_to(self.invite.body)
        self._respond(183, self.sound.sdp)

    def pick_up(self) -> None:
        self.sound.hz = CUSTOMER_HZ
        self.sound.speak_to(self.invite.body)
        self._respond(200, self.sound.sdp)

    def refuse(self, code: int, reason: str = "") -> None:
        self._respond(code, reason=reason)
        self.ended.set()

    # -- on either side -----------------------------------------------------------------------

    def hang_up(self) -> None:
        """BYE, CANCEL before the answer, or a refusal of theirs."""
        if self.ended.is_set():
            return
        if self.answered.is_set():
            self._in_dialog("BYE")
        elif self.provider.is_ours(self.invite):
            request = self.provider.request("CANCEL", self.invite.uri, self.invite.cseq.sequence)
            request.via, request.call_id = self.invite.via, self.invite.call_id
            request.from_address = self.invite.from_address
            request.to_address = Address(self.invite.to_address.uri)
            self.provider.send(request)
        else:
            self.refuse(603)
        self.ended.set()

    def response(self, response: Response) -> None:
        """An answer to our INVITE."""
        if response.cseq.method != "INVITE":
            return
        self.said.append(response.code)
        if response.code > 100:
            self.progress.set()
        if response.body:
            self.sound.speak_to(response.body)
        if response.code < 200:
            return
        ours = response.code >= 300
        target = self.invite.uri if ours else response.contact[0].uri
        ack = self.provider.request("ACK", target, response.cseq.sequence)
        if ours:
            ack.via = self.invite.via
        ack.from_address, ack.to_address = response.from_address, response.to_address
        ack.call_id = response.call_id
        self.provider.send(ack)
        if ours:
            self.ended.set()
        else:
            self._theirs, self.invite.to_address = target, response.to_address
            self.answered.set()

    def requested(self, request: Request) -> None:
        match request.method:
            case "ACK":
                self.answered.set()
            case "INVITE":  # once more: other ports, or on hold
                self.sound.speak_to(request.body)
                answer = self.provider.respond(request, 200, self._tag)
                answer.contact = [Address(self.provider.contact)]
                answer.content_type, answer.body = MediaType("application/sdp"), self.sound.sdp
                self.provider.send(answer)
            case "BYE" | "CANCEL":
                self.reason = request.headers.get("Reason") or ""
                self.provider.send(self.provider.respond(request, 200, self._tag))
                if request.method == "CANCEL":
                    self._respond(487)
                self.ended.set()
            case _:
                self.provider.send(self.provider.respond(request, 200, self._tag))

    async def wait(self, what: asyncio.Event) -> None:
        await asyncio.wait_for(what.wait(), DEADLINE_S)

    def _respond(self, code: int, body: bytes = b"", reason: str = "") -> None:
        response = self.provider.respond(self.invite, code, self._tag)
        response.contact = [Address(self.provider.contact)]
        if reason:
            response.headers.set("Reason", reason)
        if body:
            response.content_type, response.body = MediaType("application/sdp"), body
        self.provider.send(response)

    def _in_dialog(self, method: str) -> None:
        self._sequence += 1
        ours = self.provider.is_ours(self.invite)
        target = self._theirs if ours and self._theirs else self.invite.contact[0].uri
        request = self.provider.request(method, target, self.invite.cseq.sequence + self._sequence)
        here = Address(self.invite.to_address.uri, parameters=Parameters(tag=self._tag))
        request.from_address = self.invite.from_address if ours else here
        request.to_address = self.invite.to_address if ours else self.invite.from_address
        request.call_id = self.invite.call_id
        self.provider.send(request)


class Provider(asyncio.DatagramProtocol):
    """`lines` by Call-ID; `rung` brings those the switch called."""

    def __init__(self, switch: tuple[str, int]) -> None:
        self.lines: dict[str, Line] = {}
        self.rung: asyncio.Queue[Line] = asyncio.Queue()
        self.contact = URI("sip", "127.0.0.1")
        self._switch = switch
        self._tag = secrets.token_hex(4)
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        port = transport.get_extra_info("sockname")[1]
        self.contact = URI("sip", "127.0.0.1", user="network", port=port)

    async def call(self, number: str, dialed: str, *, hz: int = CUSTOMER_HZ) -> Line:
        """`number` dials `dialed`; back at once."""
        uri = URI("sip", self._switch[0], user=dialed, port=self._switch[1])
        request = self.request("INVITE", uri, 1)
        tag = f"{self._tag}-{secrets.token_hex(4)}"
        caller = URI("sip", "127.0.0.1", user=number)
        request.from_address = Address(caller, parameters=Parameters(tag=tag))
        request.to_address, request.call_id = Address(uri), secrets.token_hex(8)
        request.contact = [Address(self.contact)]
        sound = await RtpSound.open(hz)
        request.content_type, request.body = MediaType("application/sdp"), sound.sdp
        line = self.lines[request.call_id] = Line(self, request, sound)
        self.send(request)
        return line

    def is_ours(self, invite: Request) -> bool:
        return (invite.from_address.parameters.get("tag") or "").startswith(self._tag)

    def request(self, method: str, uri: URI, sequence: int) -> Request:
        request = Request(method, uri, b"")
        parameters = Parameters(branch="z9hG4bK" + secrets.token_hex(6), rport=None)
        request.via = [Via("UDP", "127.0.0.1", port=self.contact.port, parameters=parameters)]
        request.max_forwards = 70
        request.cseq = CSeq(sequence, method)
        return request

    def respond(self, request: Request, code: int, tag: str) -> Response:
        response = Response(code, "Whatever")
        response.via, response.from_address = request.via, request.from_address
        to = request.to_address
        response.to_address = Address(to.uri, to.name, to.parameters.replace(tag=tag))
        response.call_id, response.cseq = request.call_id, request.cseq
        return response

    def send(self, message: Request | Response) -> None:
        message.content_length = len(message.body)
        assert self._transport is not None
        if not self._transport.is_closing():
            self._transport.sendto(bytes(message), self._switch)

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        line = self.lines.get(message.call_id)
        if isinstance(message, Response):
            if line is not None:
                line.response(message)
        elif line is not None:
            line.requested(message)
        elif message.method == "INVITE":
            task = asyncio.create_task(self._called(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif message.method != "ACK":
            self.send(self.respond(message, 200, "network"))

    async def _called(self, invite: Request) -> None:
        sound = await RtpSound.open(CUSTOMER_HZ)
        line = self.lines[invite.call_id] = Line(self, invite, sound)
        self.rung.put_nowait(line)

    async def close(self) -> None:
        for line in self.lines.values():
            line.hang_up()
            await line.sound.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def provider(switch: tuple[str, int], port: int) -> AsyncIterator[Provider]:
    """The network on its port; all its calls are over in the end."""
    loop = asyncio.get_running_loop()
    _, made = await loop.create_datagram_endpoint(
        lambda: Provider(switch), local_addr=("127.0.0.1", port)
    )
    try:
        yield made
    finally:
        await made.close()
