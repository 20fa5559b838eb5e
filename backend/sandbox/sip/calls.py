"""One call on a browser's line: the dialog, its sound, and what each side is told of the other.

OutgoingCall   we invite:  offer → INVITE → 180 → 200 → ACK │ CANCEL, refusal
IncomingCall   it invites: INVITE → 100 → 180 → 200 → ACK   │ CANCEL, refusal
both           talk: BYE, re-INVITE (hold), INFO and telephone events (keys)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backend.sandbox.ari import causes
from backend.sandbox.media import sdp
from backend.sandbox.media.peer import AudioPeer
from backend.sandbox.sip import wire

if TYPE_CHECKING:
    from sipmessage import URI, Address, Request

    from backend.sandbox.ari.lines import BrowserLine
    from backend.sandbox.ari.model import Channel
    from backend.sandbox.media.g711 import Law
    from backend.sandbox.sip.agent import Agent
    from backend.sandbox.sip.wire import SipSocket

SDP = "application/sdp"
_LAWS: dict[str, Law] = {"ulaw": "PCMU", "alaw": "PCMA"}
_INFO_KEY = re.compile(rb"^\s*(?:signal\s*=\s*)?([0-9*#a-d])", re.IGNORECASE)


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
            codecs=laws(line.fields.get("allow", "")) or ("PCMU",),
            key_pressed=self._key,
            loses=agent.faults.loses,
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
                self.agent.spawn(self._again(socket, request))
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

    async def _again(self, socket: SipSocket, request: Request) -> None:
        """A new offer, hold above all; without a body it only asks whether we are there."""
        answer = wire.respond(request, 200)
        answer.headers.set("Contact", str(wire.contact(socket.host)))
        answer.headers.set("Allow", wire.ALLOW)
        if not request.body:
            socket.send(answer if request.method == "UPDATE" else wire.respond(request, 488))
            return
        try:
            offered, answer.body = await self.peer.renegotiate(request.body)
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
            self._goodbye()

    def _goodbye(self) -> None:
        bye = self._next("BYE")
        self.socket.ask(bye, lambda _response: None)

    def _next(self, method: str) -> Request:
        self._sequence += 1
        if self.socket.closed:
            # The browser came back over another connection and registered the same contact there.
            self.socket = self.agent.socket_of(self.line, self.target) or self.socket
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
