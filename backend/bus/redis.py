"""The bus of several processes, over Redis (6 or newer) or Valkey. Not for a cluster: the scripts
touch several streams at once."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Any

import hiredis
import structlog

from backend.bus import keys, scripts
from backend.bus.fanout import Followed, Listener, OnReset, catch_up
from backend.bus.line import Address, Line, Wire, Word
from backend.bus.membership import Membership, Prompt
from backend.bus.memory import new_epoch
from backend.bus.reading import Reading
from backend.bus.redis_values import RedisValues
from backend.errors import Expired
from backend.kit.tasks import Tasks
from backend.services.ports import Publication, StreamKey, StreamRead
from protocol import pushes
from protocol.frames import Position

_log = structlog.get_logger(__name__)
_ASK_AGAIN_S = 0.05


class RedisBus(RedisValues):
    """Use as a context manager, or `start` and `aclose`.

    Every method raises ConnectionError when the server is away for more than two seconds. What may
    be repeated without a second effect is repeated once over a new connection.
    """

    def __init__(self, url: str) -> None:
        address = Address.parse(url)
        super().__init__(Line(address, on_up=scripts.load))
        self._fanout = Line(address, on_message=self._on_message, on_up=self._resubscribe)
        self.followed: dict[bytes, Followed] = {}
        """By channel."""
        self._plain: dict[bytes, dict[object, Callable[[bytes], None]]] = {}
        """Listeners of wake-ups, questions and answers, by channel."""
        self._wakes: set[bytes] = set()
        """Channels of wake-ups: after a lost connection each is woken once."""
        self._process = secrets.token_hex(8)
        self._asked: dict[bytes, asyncio.Future[bytes]] = {}
        self._tasks: Tasks[None] = Tasks(_failed)

    async def start(self) -> None:
        """Connect. Raises OSError, TimeoutError or hiredis.ReplyError when that is impossible."""
        await self._commands.start()
        try:
            self._plain[keys.answer(self._process).encode()] = {self: self._on_answer}
            await self._fanout.start()
        except BaseException:
            await self._commands.stop()
            raise

    async def aclose(self) -> None:
        await self._tasks.stop()
        await self._fanout.stop()
        await self._commands.stop()

    async def __aenter__(self) -> RedisBus:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    # ── streams ──────────────────────────────────────────────────────────────────────────────

    async def publish(self, publications: Sequence[Publication]) -> None:
        names: list[str] = []
        args: list[Word] = [
            new_epoch(),
            keys.LOG_MAX,
            keys.LOG_TTL_S * 1000,
            keys.TOMBSTONE_TTL_S,
        ]
        for publication in publications:
            push = publication.push
            stream = keys.stream(publication.key)
            names += (stream.state, stream.entities, stream.tombs, stream.log)
            args += (
                keys.channel(publication.key),
                push.entity,
                push.version,
                "1" if publication.removes else "0",
                pushes.tag(push),
                pushes.encode(push),
            )
        if names:
            # Versions make it safe to repeat.
            await self._run("publish", names, args, again=True)

    async def reset(self, key: StreamKey, *, forget: Sequence[str] = ()) -> None:
        stream = keys.stream(key)
        names = [stream.state, stream.entities, stream.tombs, stream.log]
        await self._run("reset", names, [new_epoch(), keys.channel(key), *forget], again=True)

    async def read(self, key: StreamKey, position: Position | None) -> StreamRead:
        return (await self.read_all({key: position}))[key]

    async def read_all(
        self, positions: Mapping[StreamKey, Position | None]
    ) -> dict[StreamKey, StreamRead]:
        """Asked over the connection that subscribes: the server answers in order, so a stream that
        was begun to be followed before is read after its subscription took effect."""
        if not positions:
            return {}
        reading = Reading(self, positions)
        try:
            answers = await self._run(
                "read", reading.names, reading.args, again=True, line=self._fanout
            )
        except BaseException:
            reading.failed()
            raise
        return reading.done(answers)

    async def redeem(
        self, key: str, positions: Mapping[StreamKey, Position | None]
    ) -> tuple[bytes, dict[StreamKey, StreamRead]] | None:
        reading = Reading(self, positions)
        names = [*reading.names, keys.value(key)]
        try:
            # Repeated it would find nothing, so it is not.
            answers = await self._run("read", names, reading.args, line=self._fanout)
        except BaseException:
            reading.failed()
            raise
        if answers is None:
            reading.failed()
            return None
        return answers.pop(), reading.done(answers)

    def follow(
        self, key: StreamKey, listener: Listener, on_reset: OnReset | None = None
    ) -> AbstractAsyncContextManager[None]:
        channel = keys.channel(key).encode()
        token = object()

        def begin() -> asyncio.Future[None] | None:
            return self._begin(key, channel, token, (listener, on_reset))

        async def enter() -> None:
            if channel not in self.followed:
                await self._fanout.wire()
            confirmed = begin()
            if confirmed is not None:
                # Others wait for the same.
                await asyncio.shield(confirmed)

        def leave() -> None:
            self._unfollow(channel, token)

        return Prompt(enter, leave, begin)

    def _begin(
        self,
        key: StreamKey,
        channel: bytes,
        token: object,
        listener: tuple[Listener, OnReset | None],
    ) -> asyncio.Future[None] | None:
        """Subscribe, and have the place asked for: by the reading that mostly follows at once,
        else by a question of its own. Readings go over the same connection (see `read_all`), so
        one that is asked for afterwards misses nothing.

        None: the stream is followed already. Raises ConnectionError without a connection.
        """
        followed = self.followed.get(channel)
        if followed is None:
            wire = self._fanout.now
            if wire is None:
                raise ConnectionError("the bus is away")
            followed = self.followed[channel] = Followed(key)
            wire.tell("SUBSCRIBE", channel)
            asyncio.get_running_loop().call_soon(self.ask_place, channel, followed)
        followed.listeners[token] = listener
        return followed.ready

    def ask_place(self, channel: bytes, followed: Followed) -> None:
        if followed.asked:
            return
        followed.asked = True
        wire = self._fanout.now
        if wire is None:
            self._not_followed(channel, followed, ConnectionError("the bus is away"))
            return
        answer = wire.ask(
            *scripts.call("position", [keys.stream(followed.key).state], [new_epoch()])
        )
        answer.add_done_callback(partial(self._answered, wire, channel, followed))

    def _answered(
        self, wire: Wire, channel: bytes, followed: Followed, answer: asyncio.Future[Any]
    ) -> None:
        error = answer.exception()
        if isinstance(error, hiredis.ReplyError) and scripts.forgotten(error):
            self._tasks.spawn(self._load_and_place(wire, channel, followed))
        elif error is not None:
            self._not_followed(channel, followed, error)
        else:
            epoch, seq = answer.result()
            self.placed(channel, followed, epoch.decode(), int(seq))

    def placed(self, channel: bytes, followed: Followed, epoch: str, seq: int) -> None:
        """The place of a stream that begins to be followed is known."""
        ready = followed.ready
        if ready is None or ready.done():
            return
        followed.ready = None
        ready.set_result(None)
        if not followed.begin(epoch, seq):
            self._tasks.spawn(catch_up([followed], self.read_all))
        if not followed.listeners:
            self._drop(channel, followed)

    async def _load_and_place(self, wire: Wire, channel: bytes, followed: Followed) -> None:
        try:
            await scripts.load(wire)
        except (OSError, hiredis.HiredisError) as error:
            self._not_followed(channel, followed, error)
        else:
            followed.asked = False
            self.ask_place(channel, followed)

    def _not_followed(self, channel: bytes, followed: Followed, error: BaseException) -> None:
        self._drop(channel, followed)
        if followed.ready is not None and not followed.ready.done():
            followed.ready.set_exception(ConnectionError(f"cannot follow: {error!r}"))
            # Looked at: whoever asked may be gone.
            followed.ready.exception()

    def _unfollow(self, channel: bytes, token: object) -> None:
        followed = self.followed.get(channel)
        if followed is None:
            return
        followed.listeners.pop(token, None)
        if not followed.listeners and followed.ready is None:
            self._drop(channel, followed)

    def _drop(self, channel: bytes, followed: Followed) -> None:
        if self.followed.get(channel) is followed:
            del self.followed[channel]
            self._unsubscribe(channel)

    def _unsubscribe(self, channel: bytes) -> None:
        wire = self._fanout.now
        if wire is not None:
            wire.tell("UNSUBSCRIBE", channel)

    def _on_message(self, channel: bytes, payload: bytes) -> None:
        followed = self.followed.get(channel)
        if followed is not None:
            if not followed.take(payload):
                self._tasks.spawn(catch_up([followed], self.read_all))
            return
        for listener in tuple(self._plain.get(channel, {}).values()):
            listener(payload)

    async def _resubscribe(self, wire: Wire) -> None:
        """A new fan-out connection: everything followed goes on, gaps are read."""
        await scripts.load(wire)
        channels = [*self._plain, *self.followed]
        for first in range(0, len(channels), 500):
            wire.tell("SUBSCRIBE", *channels[first : first + 500])
        # Answered after all subscriptions took effect; an error here means they were refused.
        await wire.ask("PING")
        behind = [f for f in self.followed.values() if f.ready is None]
        for followed in behind:
            followed.held = followed.held or []
        if behind:
            self._tasks.spawn(catch_up(behind, self.read_all))
        for channel in self._wakes:
            for listener in tuple(self._plain.get(channel, {}).values()):
                listener(b"")

    # ── questions and wake-ups ───────────────────────────────────────────────────────────────

    async def ask(self, owner: str, payload: bytes, *, timeout_s: float) -> bytes:
        question = secrets.token_hex(8).encode()
        message = b"%s\n%s\n%s" % (keys.answer(self._process).encode(), question, payload)
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[question] = future
        try:
            async with asyncio.timeout(timeout_s):
                # Nobody right now: an owner may be on its way (a restart, a lease changing hands),
                # in another process, so there is no event to wait for.
                while not await self._publish(keys.question(owner), message):  # noqa: ASYNC110
                    await asyncio.sleep(_ASK_AGAIN_S)
                return await future
        except TimeoutError:
            raise Expired(f"{owner} did not answer in {timeout_s} s") from None
        finally:
            del self._asked[question]

    async def _publish(self, channel: str, message: bytes) -> int:
        return int(await self._commands.ask("PUBLISH", channel, message))

    def _on_answer(self, message: bytes) -> None:
        question, _, payload = message.partition(b"\n")
        future = self._asked.get(question)
        if future is not None and not future.done():
            future.set_result(payload)

    def serve(
        self, owner: str, handler: Callable[[bytes], Awaitable[bytes]]
    ) -> AbstractAsyncContextManager[None]:
        def on_question(message: bytes) -> None:
            reply_to, question, payload = message.split(b"\n", 2)
            self._tasks.spawn(self._answer(owner, handler, reply_to, question, payload))

        return self._listening(keys.question(owner), on_question, is_wake=False)

    async def _answer(
        self,
        owner: str,
        handler: Callable[[bytes], Awaitable[bytes]],
        reply_to: bytes,
        question: bytes,
        payload: bytes,
    ) -> None:
        try:
            answer = await handler(payload)
            await self._commands.ask("PUBLISH", reply_to, b"%s\n%s" % (question, answer))
        except OSError as error:
            # The asker's deadline passes: it is told that nobody answered.
            _log.warning("answer_lost", owner=owner, error=repr(error))

    async def wake(self, topic: str, payload: bytes = b"") -> None:
        await self._publish(keys.wake(topic), payload)

    def on_wake(
        self, topic: str, listener: Callable[[bytes], None]
    ) -> AbstractAsyncContextManager[None]:
        """Also called once, with nothing, after every lost connection: a wake-up may be lost."""
        return self._listening(keys.wake(topic), listener, is_wake=True)

    def _listening(
        self, name: str, listener: Callable[[bytes], None], *, is_wake: bool
    ) -> AbstractAsyncContextManager[None]:
        channel = name.encode()
        token = object()

        async def enter() -> None:
            wire = await self._fanout.wire()
            listeners = self._plain.setdefault(channel, {})
            listeners[token] = listener
            if is_wake:
                self._wakes.add(channel)
            wire.tell("SUBSCRIBE", channel)
            await wire.ask("PING")

        def leave() -> None:
            listeners = self._plain.get(channel, {})
            listeners.pop(token, None)
            if not listeners:
                self._plain.pop(channel, None)
                self._wakes.discard(channel)
                self._unsubscribe(channel)

        return Membership(enter, leave)


def _failed(error: BaseException) -> None:
    _log.error("bus_task_failed", error=repr(error), exc_info=error)
