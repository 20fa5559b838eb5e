"""The hearing half of the adapter: the event socket, what lives on the switch, what was missed.

One application name has one consumer: a second socket takes over silently for Asterisk and for
good for us. So before every connection the lease is asked for, and once replaced we stay away.
Nothing that happens without a socket is told later; what lives is read anew after each connection
and, because single events can be lost too, compared with what we believe once a minute.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from backend.errors import NotFound, SwitchError, SwitchRefused
from backend.kit.backoff import Backoff
from backend.kit.clock import Clock
from backend.services.ports import (
    Arrived,
    LiveCall,
    SwitchConnected,
    SwitchDisconnected,
    SwitchEvent,
)
from backend.telephony.asterisk import adopt, names
from backend.telephony.asterisk.client import AriClient
from backend.telephony.asterisk.translate import Doubt, Replaced, Translator
from backend.telephony.asterisk.wire import Bridge, Channel
from protocol.vocabulary import CallId, LegId

log = structlog.get_logger(__name__)

_EVENTS_AHEAD: Final = 10_000
_AUDIT_EVERY_S: Final = 60.0
# Asterisk sends StasisEnd and ChannelDestroyed within milliseconds of each other; a second is
# late enough to be no part of that and early enough that nobody waits for a dead leg.
_DOUBT_S: Final = 1.0
_VARIABLES_AT_ONCE: Final = 8


class Listener:
    """Hears one application of one Asterisk. Commands have no part in it.

    `open_socket` makes a new event socket; `translator` is shared with the commands, which look
    channels up in it.
    """

    def __init__(
        self,
        app: str,
        client: AriClient,
        translator: Translator,
        open_socket: Callable[[], connect],
        *,
        clock: Clock,
        fence: Callable[[], Awaitable[bool]],
        identity: str,
        backoff: Backoff,
    ) -> None:
        self._app = app
        self._client = client
        self._translator = translator
        self._open = open_socket
        self._clock = clock
        self._fence = fence
        self._identity = identity
        self._backoff = backoff
        self._queue: asyncio.Queue[SwitchEvent | _End] = asyncio.Queue(_EVENTS_AHEAD)
        """What `events()` has yet to hand out."""
        self._task: asyncio.Task[None] | None = None
        """Set while `events()` is read."""
        self._chores: set[asyncio.Task[None]] = set()
        """Short requests nobody waits for; cancelled on close."""
        self._link: object | None = None
        """Stands for the present connection; None between two of them."""
        self._doubting = False
        """A look at the switch is already on its way."""
        self._closed = False

    async def aclose(self) -> None:
        """End `events()` and drop unfinished chores."""
        self._closed = True
        tasks = [*self._chores, *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- events -------------------------------------------------------------------------------

    async def events(self) -> AsyncIterator[SwitchEvent]:
        """See the port. Raises SwitchRefused when replaced or when the fence says no."""
        if self._task is not None:
            raise RuntimeError("events() is already being read")
        if self._closed:
            return
        queue: asyncio.Queue[SwitchEvent | _End] = asyncio.Queue(_EVENTS_AHEAD)
        self._queue = queue
        self._task = asyncio.create_task(self._connect_for_ever(), name=f"ari-events:{self._app}")
        self._task.add_done_callback(lambda task: _finish(queue, task))
        try:
            while True:
                item = await queue.get()
                if isinstance(item, _End):
                    if item.error is not None:
                        raise item.error
                    return
                yield item
        finally:
            listener, self._task = self._task, None
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    async def _connect_for_ever(self) -> None:
        """Ends only by being cancelled or refused."""
        told = False  # one outage is told and logged once, however many attempts it takes
        while True:
            reason = "the lease could not be checked"
            if await self._may_connect():
                try:
                    async with self._open() as socket:
                        await self._adopt()
                        told = False
                        self._backoff.reset()
                        await self._follow(socket)
                    reason = "the switch closed the socket"
                except _TakenOver as taken:
                    raise SwitchRefused("another holder took the application over") from taken
                except InvalidStatus as refused:
                    reason = f"the switch refused the socket: {refused.response.status_code}"
                except (OSError, TimeoutError, WebSocketException) as failed:
                    reason = f"no socket: {type(failed).__name__}"
                except (SwitchError, NotFound) as failed:
                    reason = f"the switch could not be read: {failed}"
            if not told:
                told = True
                log.warning("switch_disconnected", app=self._app, reason=reason)
                await self._queue.put(SwitchDisconnected(at=self._clock.now(), reason=reason))
            await self._clock.sleep(self._backoff.next_s())

    async def _may_connect(self) -> bool:
        """False: not known now, ask again. Raises SwitchRefused when the lease is lost."""
        try:
            ours = await self._fence()
        except Exception as failed:
            # Not knowing is no permission: a connection would throw the rightful holder out.
            log.warning("switch_fence_failed", app=self._app, error=type(failed).__name__)
            return False
        if not ours:
            raise SwitchRefused("the lease of this connection is not ours")
        return True

    async def _follow(self, socket: ClientConnection) -> None:
        self._link = object()
        auditor = asyncio.create_task(self._audit_for_ever())
        try:
            async for frame in socket:
                for item in self._translator.translate(frame, now=self._clock.now()):
                    if isinstance(item, Replaced):
                        raise _TakenOver
                    if isinstance(item, Doubt):
                        self._look_soon()
                    else:
                        await self._tell(item)
        finally:
            self._link = None
            auditor.cancel()
            await asyncio.gather(auditor, return_exceptions=True)

    async def _tell(self, event: SwitchEvent) -> None:
        if isinstance(event, Arrived):
            self._chore(self._mark(event.call_id, event.leg_id))
        await self._queue.put(event)

    async def _mark(self, call_id: CallId, leg_id: LegId) -> None:
        """Leave the call's id on an inbound channel, for people and other programs to see."""
        channel = self._translator.channel_of(call_id, leg_id)
        await self._client.set_variable(channel, names.CALL_VARIABLE, call_id)
        await self._client.set_variable(channel, names.LEG_VARIABLE, leg_id)

    # -- reading the switch -------------------------------------------------------------------

    async def _adopt(self) -> None:
        """Read what lives and tell it. The socket is open: what happens meanwhile is queued."""
        ours, channels, bridges = await self._read()
        mine = adopt.our_channels(channels, ours)
        held = await self._held(adopt.may_be_held(mine, bridges))
        now = self._clock.now()
        found = adopt.live_calls(mine, bridges, held, identity=self._identity, now=now)
        seeds: list[tuple[str, LiveCall]] = [(id_, call) for call, ids in found for id_ in ids]
        self._translator.seed(seeds)
        log.info("switch_connected", app=self._app, calls=len(found))
        await self._queue.put(SwitchConnected(calls=tuple(call for call, _ in found), at=now))

    async def _read(self) -> tuple[frozenset[str], list[Channel], list[Bridge]]:
        application, channels, bridges = await asyncio.gather(
            self._client.application(self._app), self._client.channels(), self._client.bridges()
        )
        return frozenset(application.channel_ids), channels, bridges

    async def _held(self, channel_ids: Sequence[str]) -> set[str]:
        slots = asyncio.Semaphore(_VARIABLES_AT_ONCE)

        async def ask(channel_id: str) -> bool:
            async with slots:
                return await self._client.variable(channel_id, names.HELD_VARIABLE) == "1"

        answers = await asyncio.gather(*(ask(channel_id) for channel_id in channel_ids))
        return {id_ for id_, held in zip(channel_ids, answers, strict=True) if held}

    async def _audit_for_ever(self) -> None:
        while True:
            await self._clock.sleep(_AUDIT_EVERY_S)
            with contextlib.suppress(SwitchError, NotFound):
                await self._audit()

    def _look_soon(self) -> None:
        if self._doubting:
            return
        self._doubting = True

        async def look() -> None:
            try:
                await self._clock.sleep(_DOUBT_S)
            finally:
                self._doubting = False
            if self._translator.doubts:
                await self._audit()

        self._chore(look())

    async def _audit(self) -> None:
        """Compare what we believe with the lists of the switch and tell the difference.

        Nothing is told between two connections: the next one begins with a full reading.
        """
        link, known = self._link, self._translator.known
        doubts = set(self._translator.doubts)
        if link is None:
            return
        ours, channels, _ = await self._read()
        # The answer may have overtaken an event that says the same, and says it better: a leg's
        # end comes with its cause.
        await self._clock.sleep(_DOUBT_S)
        if self._link is not link:
            return
        self._translator.doubts -= doubts
        for item in self._translator.audit(channels, ours, known, self._clock.now()):
            if not isinstance(item, Doubt | Replaced):
                log.info("switch_event_missed", app=self._app, kind=type(item).__name__)
                await self._tell(item)

    # -- inside -------------------------------------------------------------------------------

    def _chore(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            try:
                await work
            except (SwitchError, NotFound) as failed:
                log.debug("switch_chore_failed", app=self._app, error=str(failed))

        task = asyncio.create_task(run())
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)


class _End:
    """The last item of the queue; `error` is what `events()` raises."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _TakenOver(Exception):
    """ApplicationReplaced came."""


def _finish(queue: asyncio.Queue[SwitchEvent | _End], listener: asyncio.Task[None]) -> None:
    """Close the queue with what ended the listener."""
    error = None if listener.cancelled() else listener.exception()
    while queue.full():  # the end must fit; whoever reads on starts with a fresh list anyway
        queue.get_nowait()
    queue.put_nowait(_End(error))
