"""The bus of a single process. Same contract as the Redis one, nothing leaves the process."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import TracebackType

from backend.bus import keys
from backend.errors import Expired
from backend.kit.clock import Clock, SystemClock
from backend.services.ports import Delivery, Publication, StreamKey, StreamRead, TabPresence
from protocol import pushes
from protocol.frames import Position, Push, numbered
from protocol.vocabulary import AccountId, EmployeeId

Listener = Callable[[Delivery], None]
OnReset = Callable[[StreamRead], None]


_TAGS: dict[type[Push], str] = {}
"""Asking the struct for its tag makes an object each time."""


def new_epoch() -> str:
    """8 random bytes: two histories of a stream never share one."""
    return secrets.token_hex(8)


@dataclass(slots=True)
class _Stream:
    epoch: str = field(default_factory=new_epoch)
    seq: int = 0
    newest: dict[str, Delivery] = field(default_factory=dict)
    """Last push by entity: the snapshot."""
    versions: dict[str, int] = field(default_factory=dict)
    """Of every entity ever seen here; removed ones are dropped after the tombstone's time."""
    removed: dict[str, float] = field(default_factory=dict)
    """Monotonic second of removal, oldest first."""
    log: deque[Delivery] = field(default_factory=lambda: deque(maxlen=keys.LOG_MAX))
    written: float = 0.0
    """Monotonic second of the last push: the whole log forgets at once, as Redis does it."""


class Membership:
    """Being on a list while inside. A class because there are several per socket, and a generator
    frame for each costs half a kilobyte."""

    __slots__ = ("_enter", "_leave")

    def __init__(self, enter: Callable[[], None], leave: Callable[[], None]) -> None:
        self._enter = enter
        self._leave = leave

    def begin(self) -> None:
        """Enter now (see the hub's `Prompt`)."""
        self._enter()

    async def __aenter__(self) -> None:
        self._enter()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()


class MemoryBus:
    """Numbers, keeps and hands out inside one event loop; listeners run within `publish`."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._streams: dict[StreamKey, _Stream] = {}
        self._followers: dict[StreamKey, dict[object, tuple[Listener, OnReset | None]]] = {}
        self._owners: dict[str, Callable[[bytes], Awaitable[bytes]]] = {}
        self._sleepers: dict[str, dict[object, Callable[[bytes], None]]] = {}
        self._values: dict[str, tuple[bytes, float]] = {}
        self._counters: dict[str, tuple[int, float]] = {}
        self._changes: dict[str, tuple[bytes, int]] = {}
        self._versions: dict[str, int] = {}
        self._tabs: dict[tuple[str, str], dict[str, tuple[TabPresence, float]]] = {}
        self._lingering: dict[tuple[str, str], float] = {}
        self._generation = new_epoch()

    # ── streams ──────────────────────────────────────────────────────────────────────────────

    async def publish(self, publications: Sequence[Publication]) -> None:
        now = self._clock.monotonic()
        # All are stored before the first is told: a listener that reads sees the whole step.
        if len(publications) == 1:
            # Mostly it is one: no list is made for it.
            delivery = self._store(publications[0], now)
            if delivery is not None:
                self._tell(delivery)
            return
        for delivery in [self._store(publication, now) for publication in publications]:
            if delivery is not None:
                self._tell(delivery)

    def _tell(self, delivery: Delivery) -> None:
        followers = self._followers.get(delivery.key)
        if followers:
            for listener, _ in tuple(followers.values()):
                listener(delivery)

    def _store(self, publication: Publication, now: float) -> Delivery | None:
        key, push = publication.key, publication.push
        entity, version = push.entity, push.version
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream()
        known = stream.versions.get(entity)
        if known is not None and version <= known:
            return None
        if stream.removed or now - stream.written > keys.LOG_TTL_S:
            self._forget_old(stream, now)
        stream.seq = seq = stream.seq + 1
        tag = _TAGS.get(type(push))
        if tag is None:
            tag = _TAGS[type(push)] = pushes.tag(push)
        delivery = Delivery(key, stream.epoch, seq, tag, numbered(pushes.encode(push), seq))
        stream.log.append(delivery)
        stream.written = now
        stream.versions[entity] = version
        # Put last again: the snapshot is told in the order of `seq`.
        stream.newest.pop(entity, None)
        if stream.removed:
            stream.removed.pop(entity, None)
        if publication.removes:
            stream.removed[entity] = now
        else:
            stream.newest[entity] = delivery
        return delivery

    @staticmethod
    def _forget_old(stream: _Stream, now: float) -> None:
        if now - stream.written > keys.LOG_TTL_S:
            stream.log.clear()
        while stream.removed:
            entity, at = next(iter(stream.removed.items()))
            if now - at < keys.TOMBSTONE_TTL_S:
                return
            del stream.removed[entity]
            del stream.versions[entity]

    async def reset(self, key: StreamKey, *, forget: Sequence[str] = ()) -> None:
        stream = self._streams.setdefault(key, _Stream())
        stream.epoch = new_epoch()
        stream.seq += 1
        stream.log.clear()
        for entity in [e for e in stream.versions if e.startswith(tuple(forget))]:
            del stream.versions[entity]
            stream.newest.pop(entity, None)
            stream.removed.pop(entity, None)
        stream.newest = {
            e: Delivery(key, stream.epoch, d.seq, d.tag, d.frame) for e, d in stream.newest.items()
        }
        self._tell_reset(key)

    def _tell_reset(self, key: StreamKey) -> None:
        read = self._read(key, None)
        for _, on_reset in tuple(self._followers.get(key, {}).values()):
            if on_reset is not None:
                on_reset(read)

    async def read(self, key: StreamKey, position: Position | None) -> StreamRead:
        return self._read(key, position)

    async def read_all(
        self, positions: Mapping[StreamKey, Position | None]
    ) -> dict[StreamKey, StreamRead]:
        return {key: self._read(key, position) for key, position in positions.items()}

    def _read(self, key: StreamKey, position: Position | None) -> StreamRead:
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = _Stream()
        if position is not None and position[0] == stream.epoch:
            missed = stream.seq - position[1]
            if missed == 0:
                return StreamRead(stream.epoch, stream.seq, recovered=True, deliveries=())
            self._forget_old(stream, self._clock.monotonic())
            if 0 < missed <= len(stream.log):
                tail = tuple(stream.log)[-missed:]
                return StreamRead(stream.epoch, stream.seq, recovered=True, deliveries=tail)
        newest = tuple(stream.newest.values())
        return StreamRead(stream.epoch, stream.seq, recovered=False, deliveries=newest)

    def follow(
        self, key: StreamKey, listener: Listener, on_reset: OnReset | None = None
    ) -> AbstractAsyncContextManager[None]:
        token = object()

        def enter() -> None:
            self._followers.setdefault(key, {})[token] = (listener, on_reset)

        def leave() -> None:
            followers = self._followers.get(key)
            if followers is not None:
                followers.pop(token, None)
                if not followers:
                    del self._followers[key]

        return Membership(enter, leave)

    # ── questions and wake-ups ───────────────────────────────────────────────────────────────

    async def ask(self, owner: str, payload: bytes, *, timeout_s: float) -> bytes:
        deadline = self._clock.monotonic() + timeout_s
        while (handler := self._owners.get(owner)) is None:
            # Nobody right now: an owner may be on its way (a restart, a lease changing hands).
            if self._clock.monotonic() >= deadline:
                raise Expired(f"nobody serves {owner}")
            await self._clock.sleep(0.05)
        try:
            async with asyncio.timeout(max(0.0, deadline - self._clock.monotonic())):
                return await handler(payload)
        except TimeoutError:
            raise Expired(f"{owner} did not answer in {timeout_s} s") from None

    def serve(
        self, owner: str, handler: Callable[[bytes], Awaitable[bytes]]
    ) -> AbstractAsyncContextManager[None]:
        def enter() -> None:
            self._owners[owner] = handler

        def leave() -> None:
            if self._owners.get(owner) is handler:
                del self._owners[owner]

        return Membership(enter, leave)

    async def wake(self, topic: str, payload: bytes = b"") -> None:
        for listener in tuple(self._sleepers.get(topic, {}).values()):
            listener(payload)

    def on_wake(
        self, topic: str, listener: Callable[[bytes], None]
    ) -> AbstractAsyncContextManager[None]:
        token = object()

        def enter() -> None:
            self._sleepers.setdefault(topic, {})[token] = listener

        def leave() -> None:
            sleepers = self._sleepers.get(topic)
            if sleepers is not None:
                sleepers.pop(token, None)
                if not sleepers:
                    del self._sleepers[topic]

        return Membership(enter, leave)

    # ── short-lived values ───────────────────────────────────────────────────────────────────

    async def put(self, key: str, value: bytes, *, ttl_s: float) -> None:
        now = self._clock.monotonic()
        # Tickets that were never used would otherwise stay: look at a few old ones each time.
        for old in list(self._values)[:4]:
            if self._values[old][1] <= now:
                del self._values[old]
        self._values.pop(key, None)
        self._values[key] = (value, now + ttl_s)

    async def redeem(
        self, key: str, positions: Mapping[StreamKey, Position | None]
    ) -> tuple[bytes, dict[StreamKey, StreamRead]] | None:
        value = await self.take(key)
        return None if value is None else (value, await self.read_all(positions))

    async def take(self, key: str) -> bytes | None:
        value, until = self._values.pop(key, (b"", 0.0))
        return value if until > self._clock.monotonic() else None

    async def count(self, key: str, *, ttl_s: float) -> int:
        now = self._clock.monotonic()
        for old in list(self._counters)[:4]:
            if self._counters[old][1] <= now:
                del self._counters[old]
        number, until = self._counters.get(key, (0, now + ttl_s))
        self._counters[key] = (number + 1, until)
        return number + 1

    async def generation(self) -> str:
        return self._generation

    async def change(self, key: str, value: bytes, *, force: bool = False) -> int | None:
        last, version = self._changes.get(key, (None, self._microseconds() - 1))
        if last == value and not force:
            return None
        self._changes[key] = (value, version + 1)
        return version + 1

    async def next_version(self, key: str) -> int:
        self._versions[key] = self._versions.get(key, self._microseconds() - 1) + 1
        return self._versions[key]

    def _microseconds(self) -> int:
        return int(self._clock.now().timestamp() * 1_000_000)

    # ── presence ─────────────────────────────────────────────────────────────────────────────

    async def mark_present(
        self, account_id: AccountId, employee_id: EmployeeId, tab: TabPresence, *, ttl_s: float
    ) -> list[TabPresence]:
        until = self._clock.monotonic() + ttl_s
        self._tabs.setdefault((account_id, employee_id), {})[tab.session] = (tab, until)
        return await self.present(account_id, employee_id)

    async def mark_gone(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        session: str,
        *,
        linger_s: float = 0.0,
    ) -> list[TabPresence]:
        who = (account_id, employee_id)
        gone = self._tabs.get(who, {}).pop(session, None)
        left = await self.present(account_id, employee_id)
        if gone is not None and not left:
            self._tabs.pop(who, None)
            if linger_s > 0:
                self._lingering[who] = self._clock.monotonic() + linger_s
        return left

    async def present(self, account_id: AccountId, employee_id: EmployeeId) -> list[TabPresence]:
        now = self._clock.monotonic()
        tabs = self._tabs.get((account_id, employee_id), {})
        live = [tab for tab, until in tabs.values() if until > now]
        return sorted(live, key=lambda tab: (tab.since, tab.session))

    async def present_employees(self, account_id: AccountId) -> set[EmployeeId]:
        now = self._clock.monotonic()
        for who, tabs in list(self._tabs.items()):
            live = {s: t for s, t in tabs.items() if t[1] > now}
            if live:
                self._tabs[who] = live
            else:
                del self._tabs[who]
        self._lingering = {who: until for who, until in self._lingering.items() if until > now}
        everyone = self._tabs.keys() | self._lingering.keys()
        return {EmployeeId(employee) for account, employee in everyone if account == account_id}

    # ── for tests and the demo ───────────────────────────────────────────────────────────────

    def flush(self) -> None:
        """Lose everything, as a Redis may at any moment."""
        self._streams.clear()
        for lost in (self._values, self._counters, self._changes, self._versions, self._tabs):
            lost.clear()
        self._lingering.clear()
        self._generation = new_epoch()
        for key in tuple(self._followers):
            self._tell_reset(key)

    async def aclose(self) -> None:
        """Nothing to give back; there so that both buses are closed alike."""
