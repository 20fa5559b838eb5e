"""One call on a browser's line: the dialog, its sound, and what each side is told of the other.

OutgoingCall   we invite:  offer → INVITE → 180 → 200 → ACK │ CANCEL, refusal
IncomingCall   it invites: INVITE → 100 → 180 → 200 → ACK   │ CANCEL, refusal
both           talk: BYE, re-INVITE (hold), INFO and telephone events (keys)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sipmessage import URI, Address, CSeq, Parameters, Request

from backend.sandbox.ari import causes
from backend.sandbox.media import sdp
from backend.sandbox.media.peer import AudioPeer
from backend.sandbox.sip import wire

if TYPE_CHECKING:
    from sipmessage import Response

    from backend.sandbox.ari.lines import BrowserLine
    from backend.sandbox.ari.model import Channel
    from backend.sandbox.media.g711 import Law
    from backend.sandbox.sip.agent import Agent
    from backend.sandbox.sip.wire import SipSocket

SDP = "application/sdp"
_LAWS: dict[str, Law] = {"ulaw": "PCMU", "alaw": "PCMA"}
_INFO_KEY = re.compile(rb"^\s*(?:signal\s*=\s*)?([0-9*#a-d])", re.IGNORECASE)
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


def laws(allow: str) -> tuple[Law, ...]:
    """The G.711 codecs of an endpoint's `allow`, in its order; `all` and nothing mean both."""
    names = [name.strip().lower() for name in allow.split(",")]
    wished = tuple(_LAWS[name] for name in names if name in _LAWS)
    return wished or (() if "!all" in names else ("PCMU", "PCMA"))


class Call:
    """What both directions have in common. `theirs` is the other end's address with its tag."""

    def __init__(
        self,
        agent: Agent,
        socket: SipSocket,
        line: BrowserLine,
        channel: Channel | None,
        call_id: str,
    ) -> None:
        self.agent = agent
        self.socket = socket
        """The connection it spoke over last."""
        self.line = line
        self.channel = channel
        self.call_id = call_id
        self.ours: Address
        self.theirs: Address
        self.target: URI
        self.tag = wire.tag()
        self.established = False
        self.over = False
        """The channel is gone, or never came."""
        self.left = False
        """The browser said goodbye itself."""
        self.peer = AudioPeer(
            codecs=laws(line.fields.get("allow", "")) or ("PCMU",), key_pressed=self._key
        )
        self._sequence = 100
        self._keys_sent = 0

    # -- the engine's side --------------------------------------------------------------------

    def noticed(self) -> None:
        """Keys the application sends down the line go on as telephone events."""
        channel = self.channel
        if channel is None or not self.established:
            return
        new = channel.dtmf_sent[self._keys_sent :]
        self._keys_sent = len(channel.dtmf_sent)
        if new:
            self.peer.press(new)

    def ended(self) -> None:
        if self.over:
            return
        self.over = True
        if not self.left:
            self._hang_up()
        self.close()

    def close(self) -> None:
        """Stop the sound and forget the dialog once its last answer had time to come."""
        if self.channel is not None:
            self.agent.plane.detach(self.channel.id)
        self.agent.spawn(self.peer.close())
        self.agent.forget_call(self)

    # -- the browser's side -------------------------------------------------------------------

    def request(self, socket: SipSocket, request: Request) -> None:
        """A request within the dialog."""
        self.socket = socket
        match request.method:
            case "BYE":
                socket.send(wire.respond(request, 200))
                self._bye()
            case "INVITE" | "UPDATE":
                self._again(socket, request)
            case "INFO":
                self._info(socket, request)
            case "OPTIONS":
                socket.send(wire.respond(request, 200))
            case "ACK" | "PRACK":
                pass
            case _:
                socket.send(wire.respond(request, 405))

    def socket_closed(self, socket: SipSocket) -> None:
        """A talk goes on without its socket: only its sound tells whether anybody is there."""

    def _bye(self) -> None:
        channel = self.channel
        self.left = True
        if channel is not None and not channel.destroyed:
            self.agent.engine.hang_up(channel, causes.NORMAL)

    def _again(self, socket: SipSocket, request: Request) -> None:
        """A new offer, hold above all; without a body it only asks whether we are there."""
        answer = wire.respond(request, 200)
        answer.headers.set("Contact", str(wire.contact(socket.host)))
        answer.headers.set("Allow", wire.ALLOW)
        if not request.body:
            socket.send(answer if request.method == "UPDATE" else wire.respond(request, 488))
            return
        try:
            offered, answer.body = self.peer.renegotiate(request.body)
        except sdp.SdpError:
            socket.send(wire.respond(request, 488))
            return
        if request.contact:
            self.target = request.contact[0].uri
        socket.send(answer, SDP)
        if self.channel is not None and not self.channel.destroyed:
            self.agent.engine.far_end_hold(self.channel, offered.held)

    def _info(self, socket: SipSocket, request: Request) -> None:
        kind = (request.headers.get("Content-Type") or "").lower()
        match = _INFO_KEY.match(request.body)
        if not kind.startswith(("application/dtmf-relay", "application/dtmf")) or match is None:
            socket.send(wire.respond(request, 415))
            return
        socket.send(wire.respond(request, 200))
        self._key(match[1].decode().upper())

    def _key(self, key: str) -> None:
        if self.channel is not None and not self.channel.destroyed:
            self.agent.engine.dtmf(self.channel, key)

    # -- both ---------------------------------------------------------------------------------

    def _talk(self) -> None:
        """Agreed: the sound begins, and the channel has it."""
        self.established = True
        self.agent.spawn(self.peer.run())
        if self.channel is not None:
            self._keys_sent = len(self.channel.dtmf_sent)
            self.agent.plane.attach(self.channel, self.peer, self._patience_s)

    def _patience_s(self) -> float:
        held = self.channel is not None and self.channel.held_by_far_end
        return float(self.line.fields.get("rtp_timeout_hold" if held else "rtp_timeout") or 0)

    def _hang_up(self) -> None:
        """The channel ended: say so in the dialog."""
        if self.established:
            self.socket.ask(self._next("BYE"), lambda _response: None)

    def _next(self, method: str) -> Request:
        self._sequence += 1
        request = wire.request_to(
            method,
            self.target,
            self.socket.host,
            sequence=self._sequence,
            call_id=self.call_id,
            ours=self.ours,
            theirs=self.theirs,
        )
        self._reason(request)
        return request

    def _reason(self, request: Request) -> None:
        """RFC 3326: why it ends, in both numberings where SIP has a word for it."""
        if self.channel is None or not self.channel.hangup_cause:
            return
        cause = self.channel.hangup_cause
        if cause == causes.ANSWERED_ELSEWHERE:
            request.headers.add("Reason", 'SIP;cause=200;text="Call completed elsewhere"')
        request.headers.add("Reason", f'Q.850;cause={cause};text="{causes.text(cause)}"')


class OutgoingCall(Call):
    """The switch rings the browser."""

    def __init__(
        self, agent: Agent, socket: SipSocket, target: URI, line: BrowserLine, channel: Channel
    ) -> None:
        super().__init__(agent, socket, line, channel, channel.protocol_id)
        self.target = target
        caller = channel.caller
        user = re.sub(r"[^0-9A-Za-z+*#_.-]", "", caller.number) or "anonymous"
        self.ours = Address(
            URI("sip", socket.host, user=user), caller.name, Parameters(tag=self.tag)
        )
        self.theirs = Address(URI("sip", target.host, user=target.user, port=target.port))
        self._invite: Request | None = None
        self._provisional = False
        self._cancelled = False
        agent.remember(self)
        agent.spawn(self._begin(agent.dialing.headers.get(channel.id, {})))

    def socket_closed(self, socket: SipSocket) -> None:
        """An INVITE nobody can answer any more has failed (PJSIP's transport error is a 503)."""
        if socket is self.socket and not self.established and not self.over:
            self._refused(503)

    async def _begin(self, headers: dict[str, str]) -> None:
        offer = await self.peer.offer()
        if self.over:
            await self.peer.close()
            return
        assert self.channel is not None  # noqa: S101  # it is this call's reason to be
        invite = wire.request_to(
            "INVITE",
            self.target,
            self.socket.host,
            sequence=self._sequence,
            call_id=self.call_id,
            ours=self.ours,
            theirs=self.theirs,
        )
        invite.headers.set("Contact", str(wire.contact(self.socket.host)))
        invite.headers.set("Allow", wire.ALLOW)
        for name, value in headers.items():
            invite.headers.set("-".join(part.capitalize() for part in name.split("-")), value)
        invite.body = offer
        self._invite = invite
        if self.socket.closed:
            self._refused(503)
            return
        self.socket.ask(invite, self._answered, SDP)

    def _answered(self, response: Response) -> None:
        if response.code == 100:
            return
        if response.code < 200:
            self._provisional = True
            if self.over:
                self._cancel()
            elif self.channel is not None:
                self.theirs = response.to_address
                self.agent.dialing.ringing(self.channel)
            return
        if response.code >= 300:
            self._acknowledge(response, in_transaction=True)
            self._refused(response.code)
            return
        self.theirs = response.to_address
        if response.contact:
            self.target = response.contact[0].uri
        self._acknowledge(response, in_transaction=False)
        if self.established:  # our ACK was lost and the 200 came again
            return
        if self.over:  # it was answered while we gave up
            self.socket.ask(self._next("BYE"), lambda _response: None)
            return
        try:
            self.peer.accept(response.body)
        except sdp.SdpError:
            self.socket.ask(self._next("BYE"), lambda _response: None)
            self._refused(488)
            return
        self._talk()
        if self.channel is not None:
            self.agent.dialing.answered(self.channel)

    def _hang_up(self) -> None:
        if self.established:
            super()._hang_up()
        elif self._invite is not None and self._provisional:
            self._cancel()

    def _cancel(self) -> None:
        """Only after a provisional answer (RFC 3261, section 9.1), and in the INVITE's branch."""
        if self._invite is None or self._cancelled:
            return
        self._cancelled = True
        cancel = Request("CANCEL", self._invite.uri)
        for name in ("Via", "From", "To", "Call-ID", "Max-Forwards"):
            cancel.headers.set(name, self._invite.headers[name])
        cancel.cseq = CSeq(self._sequence, "CANCEL")
        self._reason(cancel)
        self.socket.send(cancel)

    def _acknowledge(self, response: Response, *, in_transaction: bool) -> None:
        invite = self._invite
        if invite is None:
            return
        ack = wire.request_to(
            "ACK",
            invite.uri if in_transaction else self.target,
            self.socket.host,
            sequence=invite.cseq.sequence,
            call_id=self.call_id,
            ours=self.ours,
            theirs=response.to_address,
        )
        if in_transaction:
            ack.headers.set("Via", invite.headers["Via"])
            self.socket.forget(invite)
        self.socket.send(ack)

    def _refused(self, code: int) -> None:
        channel = self.channel
        if channel is not None and not channel.destroyed and not self.over:
            self.over = True
            self.close()
            self.agent.dialing.refused(channel, code if code >= 400 else 480)


class IncomingCall(Call):
    """The browser calls: the switch's dialplan gets it as it gets what desk phones dial."""

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
