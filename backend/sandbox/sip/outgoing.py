"""The switch rings a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sipmessage import URI, Address, CSeq, Parameters, Request

from backend.sandbox.media import sdp
from backend.sandbox.sip import wire
from backend.sandbox.sip.calls import SDP, Call

if TYPE_CHECKING:
    from sipmessage import Response

    from backend.sandbox.ari.lines import BrowserLine
    from backend.sandbox.ari.model import Channel
    from backend.sandbox.sip.agent import Agent
    from backend.sandbox.sip.wire import SipSocket


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

    def close(self) -> None:
        super().close()
        if self._invite is not None and self.established:
            self.socket.forget(self._invite)

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
            self._goodbye()
            return
        try:
            self.peer.accept(response.body)
        except sdp.SdpError:
            self._goodbye()
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
