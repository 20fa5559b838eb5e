"""One admitted socket: its session's rules, its outbox and the streams it reads, tied together."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from backend.domain.tab_phone import TabPhone
from backend.errors import NotAllowed
from backend.realtime import registry
from backend.realtime.agent import Agent
from backend.realtime.hub import Positions, Reads
from backend.realtime.outbox import AsgiSend, Message, Outbox, text_message
from backend.realtime.session import Close, Phase, Run, Send, Session, reply, stream_name
from backend.services.board.streams import board_stream
from backend.services.ports import (
    Delivery,
    StreamKey,
    StreamRead,
    TabPresence,
    account_stream,
    colleagues_stream,
    me_stream,
)
from backend.services.presence import Seat
from backend.services.sessions import Admission, claimed
from protocol.close_codes import CloseCode
from protocol.frames import Hello, Position, You
from protocol.vocabulary import StreamName

if TYPE_CHECKING:
    from backend.realtime.gateway import Gateway

_encode = msgspec.json.Encoder().encode
_ALWAYS = (StreamName.ME, StreamName.ACCOUNT)


class ForeignPage(Exception):
    """A good ticket shown by a page that is not one of its account's."""


class Connection:
    """A `hub.Reader` and an `agent.Link`."""

    __slots__ = (
        "__weakref__",
        "_gateway",
        "_task",
        "admission",
        "closing_at",
        "goodbye",
        "keys",
        "outbox",
        "seat",
        "session",
    )

    def __init__(self, gateway: Gateway, session: Session, send: AsgiSend) -> None:
        self._gateway = gateway
        self.session = session
        self.outbox = Outbox(send, self._too_slow, gateway.spawn)
        self._task = asyncio.current_task()
        """The endpoint's own: ended when a closing socket does not end by itself."""
        self.admission: Admission | None = None
        self.seat: Seat | None = None
        """Set once the welcome is sent; what presence knows of this tab."""
        self.keys: set[StreamKey] = set()
        """Streams this session reads."""
        self.closing_at: float | None = None
        """Monotonic second of the close; the keeper cuts what lingers."""
        self.goodbye: CloseCode | None = None
        """What we closed it with; None where the other side did."""

    # ── starting ─────────────────────────────────────────────────────────────────────────────

    async def welcome(self, hello: Hello, origin: str) -> None:
        """Take the ticket and read the session's streams in one step, tell them in the welcome
        and go on live. Raises BadTicket and ForeignPage; nothing was told then."""
        account_id, employee_id = claimed(hello.ticket)
        positions = {
            key: hello.streams.get(stream_name(key))
            for key in (me_stream(account_id, employee_id), account_stream(account_id))
        }
        colleagues = hello.streams.get(StreamName.COLLEAGUES)
        if colleagues is not None:
            # It was on screen when the socket went; one round trip less for the reader.
            positions[colleagues_stream(account_id)] = colleagues
        gateway = self._gateway

        async def read(wanted: Positions) -> Reads:
            admission, reads = await gateway.services.sessions.admit(hello.ticket, wanted)
            if admission.origins and origin not in admission.origins:
                raise ForeignPage(account_id)
            self.admission = admission
            return reads

        def start(reads: Reads) -> None:
            admission = self._admitted
            self.keys.update(positions)
            self.send(
                self.session.welcome(
                    hello=hello,
                    session_id=admission.session_id,
                    you=You(
                        account_id=admission.account_id,
                        employee_id=admission.employee_id,
                        name=admission.name,
                        extension=admission.extension,
                        is_supervisor=admission.is_supervisor,
                    ),
                    expires_at=admission.expires_at,
                    server_time=gateway.clock.now(),
                    reads=reads,
                )
            )

        await gateway.hub.join(self, positions, start, read)
        if self._admitted.board:
            # A page that watches is nobody's phone: it must neither ring nor count as being there.
            return
        self.seat = Seat(
            account_id,
            employee_id,
            TabPresence(
                # Several tabs of a browser share one session: presence counts sockets.
                session=f"{self._admitted.session_id}:{id(self):x}:{gateway.process}",
                tab=hello.tab,
                visible=hello.visible,
                sound=hello.sound,
                since=gateway.clock.now(),
            ),
        )

    @property
    def _admitted(self) -> Admission:
        if self.admission is None:
            raise NotAllowed("not admitted yet")
        return self.admission

    def _key(self, stream: StreamName) -> StreamKey:
        admission = self._admitted
        if stream is StreamName.ME:
            return me_stream(admission.account_id, admission.employee_id)
        if stream is StreamName.ACCOUNT:
            return account_stream(admission.account_id)
        if stream is StreamName.BOARD:
            if not admission.board:
                raise NotAllowed("this session was not opened for a board")
            return board_stream(admission.account_id, admission.board)
        return colleagues_stream(admission.account_id)

    # ── frames ───────────────────────────────────────────────────────────────────────────────

    def receive(self, frame: str | bytes) -> None:
        """One frame of an open session."""
        action = self.session.receive(frame, self._gateway.clock.monotonic())
        if isinstance(action, Run):
            self._gateway.spawn(self._perform(action))
        else:
            self.carry_out(action)

    def carry_out(self, action: object) -> None:
        if isinstance(action, Send):
            self.send(action.frame)
        elif isinstance(action, Close):
            self.close(action.code, action.reason)

    async def _perform(self, run: Run) -> None:
        admission = self.admission
        if admission is None:
            return
        # Made per command: most sessions of a large account only listen.
        agent = Agent(
            admission.account_id,
            admission.employee_id,
            admission.name,
            admission.extension,
            admission.is_supervisor,
            admission.session_id,
            self,
        )
        answer = await registry.perform(run.command, agent, self._gateway.services, run.timeout_s)
        if not self.session.answered(run.command.id):
            self.send(self.session.finish(run.command.id, answer))

    def send(self, frame: bytes) -> None:
        self._put(text_message(frame))

    def _put(self, message: Message) -> None:
        limits = self._gateway.limits
        self.outbox.put(message, limits.outbox_frames, limits.outbox_bytes)

    def _too_slow(self) -> None:
        self._gateway.cuts += 1
        self.close(CloseCode.SLOW, "the outbox is full", drop=True)

    def close(self, code: CloseCode, reason: str = "", *, drop: bool = False) -> None:
        """Say goodbye after what waits, or with `drop` instead of it."""
        if self.closing_at is not None:
            return
        self.session.phase = Phase.CLOSED
        self.closing_at = self._gateway.clock.monotonic()
        self.goodbye = code
        self.outbox.finish(
            {"type": "websocket.close", "code": int(code), "reason": reason[:120]}, drop=drop
        )

    def cut(self) -> None:
        """End a socket whose goodbye does not get through."""
        self.outbox.discard()
        if self._task is not None:
            self._task.cancel()

    # ── hub.Reader ───────────────────────────────────────────────────────────────────────────

    def deliver(self, delivery: Delivery, message: Message) -> None:
        if self.session.wants(delivery):
            limits = self._gateway.limits
            self.outbox.put(message, limits.outbox_frames, limits.outbox_bytes)

    def start_over(self, key: StreamKey, read: StreamRead) -> None:
        frame = self.session.reset(key, read)
        if frame is not None:
            self.send(frame)

    # ── agent.Link ───────────────────────────────────────────────────────────────────────────

    async def subscribe(
        self, command_id: str, stream: StreamName, position: Position | None
    ) -> None:
        """Answers the command by itself: the reply has to leave before the first live push."""
        key = self._key(stream)
        if key in self.keys:
            # Asked again: start over from where the asker says it is.
            self._gateway.hub.leave(self, key)
            self.session.leave(key)
        self.keys.add(key)

        def start(reads: dict[StreamKey, StreamRead]) -> None:
            begin = _encode(self.session.start(key, reads[key]))
            self.send(self.session.finish(command_id, reply(command_id, begin)))

        await self._gateway.hub.join(self, {key: position}, start)
        if self.session.phase is Phase.CLOSED or key not in self.keys:
            self._gateway.hub.leave(self, key)

    def unsubscribe(self, stream: StreamName) -> None:
        if stream in _ALWAYS:
            raise NotAllowed(f"{stream} cannot be left")
        key = self._key(stream)
        if key in self.keys:
            self.keys.discard(key)
            self.session.leave(key)
            self._gateway.hub.leave(self, key)

    async def report(self, *, visible: bool, sound: bool) -> None:
        if self.seat is not None:
            tab = replace(self.seat.tab, visible=visible, sound=sound)
            self.seat = replace(self.seat, tab=tab)
            await self._gateway.services.presence.arrived(self.seat)

    async def be_phone(self, phone: TabPhone | None) -> None:
        if self.seat is None:
            return
        self.seat = replace(self.seat, tab=replace(self.seat.tab, phone=phone))
        if phone is None:
            await self._gateway.services.presence.stopped_phoning(self.seat)
        else:
            await self._gateway.services.presence.arrived(self.seat)

    def prolong(self, expires_at: datetime) -> None:
        self.session.expires_at = expires_at
