"""A browser calls: the switch's dialplan gets it as it gets what desk phones dial."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sipmessage import Address, Parameters

from backend.sandbox.ari import causes
from backend.sandbox.media import sdp
from backend.sandbox.sip import wire
from backend.sandbox.sip.calls import SDP, Call

if TYPE_CHECKING:
    from sipmessage import Request, Response

    from backend.sandbox.ari.lines import BrowserLine
    from backend.sandbox.ari.model import Channel
    from backend.sandbox.sip.agent import Agent
    from backend.sandbox.sip.wire import SipSocket

# What an answer of ours says when the channel ended before it was answered, by its cause.
_BY_CAUSE = {
    causes.UNALLOCATED: 404,
    causes.BUSY: 486,
    causes.NO_ANSWER: 480,
    causes.NO_USER_RESPONSE: 480,
    causes.REJECTED: 403,
    causes.CONGESTION: 503,
    causes.CODEC_MISMATCH: 488,
}


class IncomingCall(Call):
    """Answered when the application answers its channel."""

    def __init__(self, agent: Agent, socket: SipSocket, line: BrowserLine, invite: Request) -> None:
        super().__init__(agent, socket, line, None, invite.call_id)
        self._invite = invite
        self._ringing = False
        self._answering = False
        self.theirs = invite.from_address
        to = invite.to_address
        self.ours = Address(to.uri, to.name, Parameters(tag=self.tag))
        self.target = invite.contact[0].uri if invite.contact else invite.from_address.uri
        agent.remember(self)
        socket.send(wire.respond(invite, 100))

    def begin(self, channel: Channel) -> None:
        """Its channel exists; the dialplan is about to run."""
        self.channel = channel
        self.line.begun(channel, self)

    def noticed(self) -> None:
        super().noticed()
        channel = self.channel
        if channel is None or self._answering or self.over:
            return
        if channel.state == "Up":
            self._answering = True
            self.agent.spawn(self._answer())
        elif channel.ringing and not self._ringing:
            self._ringing = True
            self.socket.send(self._response(180))

    def cancelled(self, socket: SipSocket, request: Request) -> None:
        socket.send(wire.respond(request, 200, to_tag=self.tag))
        channel = self.channel
        if not self._answering and channel is not None and not channel.destroyed:
            self.agent.engine.hang_up(channel, causes.NORMAL)

    async def _answer(self) -> None:
        try:
            _offered, body = await self.peer.answer(self._invite.body)
        except sdp.SdpError:
            self._answering = False
            if self.channel is not None:
                self.agent.engine.hang_up(self.channel, causes.CODEC_MISMATCH)
            return
        if self.over:
            self.socket.send(self._response(487))
            return
        response = self._response(200)
        response.headers.set("Allow", wire.ALLOW)
        response.body = body
        self.socket.send(response, SDP)
        self._talk()

    def _hang_up(self) -> None:
        if self.established:
            super()._hang_up()
        elif not self._answering and self.channel is not None:
            cancelled = self.channel.hangup_cause == causes.NORMAL
            code = _BY_CAUSE.get(self.channel.hangup_cause, 487 if cancelled else 603)
            self.socket.send(self._response(code))

    def _response(self, code: int) -> Response:
        response = wire.respond(self._invite, code, to_tag=self.tag)
        if code < 300:
            response.headers.set("Contact", str(wire.contact(self.socket.host)))
        return response
