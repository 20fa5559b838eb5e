"""Between processes: streams, questions, wake-ups, presence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import msgspec

from backend.domain.tab_phone import TabPhone
from protocol.frames import Position, Push
from protocol.vocabulary import AccountId, EmployeeId

StreamKey = str
"""`me:<account>:<employee>`, `account:<account>` or `colleagues:<account>`."""


class Publication(msgspec.Struct, frozen=True, gc=False):
    """One push on its way into one stream. `removes` deletes the entity from the snapshot.

    A Struct, as `Delivery` is: both are made for every push, and a frozen dataclass costs more
    than the rest of the bus's work on it.
    """

    key: StreamKey
    push: Push
    removes: bool = False


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One numbered push as it left the bus. `frame` is the wire form, the same for all readers."""

    key: StreamKey
    epoch: str
    seq: int
    tag: str
    frame: bytes


class StreamRead(msgspec.Struct, frozen=True, gc=False):
    """Answer to "where is this stream": the missed deliveries, or a snapshot."""

    epoch: str
    seq: int
    recovered: bool
    deliveries: tuple[Delivery, ...]


class TabPresence(msgspec.Struct, frozen=True, gc=False):
    """One live socket of an employee, as the web process that holds it knows it."""

    session: str
    tab: str
    visible: bool
    sound: bool
    since: datetime
    phone: TabPhone | None = None
    """What it proved as a phone; None for tabs that are none."""


class Bus(Protocol):
    """Fan-out, wake-ups, presence and short-lived values. May be flushed at any moment."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Number, store as newest version, append and fan out, all in one atomic step.

        A publication whose entity already has this version or a newer one is dropped.
        """

    async def reset(self, key: StreamKey, *, forget: Sequence[str] = ()) -> None:
        """Begin another history of `key`: a new epoch, without the entities whose key begins with
        one of `forget`. A new owner does this before it publishes what it knows (R7)."""

    async def read(self, key: StreamKey, position: Position | None) -> StreamRead: ...

    async def read_all(
        self, positions: Mapping[StreamKey, Position | None]
    ) -> dict[StreamKey, StreamRead]:
        """Several streams in one step (a `hello`)."""

    def follow(
        self,
        key: StreamKey,
        listener: Callable[[Delivery], None],
        on_reset: Callable[[StreamRead], None] | None = None,
    ) -> AbstractAsyncContextManager[None]:
        """Deliver every later push of `key` to `listener` (called on the loop, must not block).

        Once entered, nothing published afterwards is missed: when the bus lost the connection the
        gap is read and delivered. Where that is impossible (another epoch) `on_reset` gets the
        snapshot, and later deliveries go on from it.
        """

    async def ask(self, owner: str, payload: bytes, *, timeout_s: float) -> bytes:
        """Ask whoever serves `owner`. Raises Expired when nobody answers in time."""

    def serve(
        self, owner: str, handler: Callable[[bytes], Awaitable[bytes]]
    ) -> AbstractAsyncContextManager[None]: ...

    async def wake(self, topic: str, payload: bytes = b"") -> None: ...

    def on_wake(
        self, topic: str, listener: Callable[[bytes], None]
    ) -> AbstractAsyncContextManager[None]: ...

    async def put(self, key: str, value: bytes, *, ttl_s: float) -> None: ...

    async def take(self, key: str) -> bytes | None:
        """The value, once: it is gone afterwards."""

    async def redeem(
        self, key: str, positions: Mapping[StreamKey, Position | None]
    ) -> tuple[bytes, dict[StreamKey, StreamRead]] | None:
        """`take` and `read_all` in one step (a `hello`); without a value nothing is read."""

    async def count(self, key: str, *, ttl_s: float) -> int:
        """One more; the counter vanishes `ttl_s` after its first use."""

    async def mark_present(
        self, account_id: AccountId, employee_id: EmployeeId, tab: TabPresence, *, ttl_s: float
    ) -> list[TabPresence]:
        """Live tabs of the employee now, oldest first."""

    async def mark_gone(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        session: str,
        *,
        linger_s: float = 0.0,
    ) -> list[TabPresence]:
        """The tab is gone at once; its employee, when it was the last, after `linger_s`. Returns
        the tabs that are left."""

    async def present(self, account_id: AccountId, employee_id: EmployeeId) -> list[TabPresence]:
        """Live tabs of one employee, oldest first."""

    async def present_employees(self, account_id: AccountId) -> set[EmployeeId]: ...

    async def generation(self) -> str:
        """Changes when the bus lost its memory (a flush): owners then publish all anew."""

    async def change(self, key: str, value: bytes, *, force: bool = False) -> int | None:
        """Remember `value`; its version when it differs from the last one, else None. With `force`
        it counts as different (what was said of it got lost).

        Several processes may come to the same conclusion: one of them tells it. Versions grow."""

    async def next_version(self, key: str) -> int:
        """A growing number for entities without an owner; after a flush it goes on from the
        time in microseconds, so it never falls behind."""


def me_stream(account_id: AccountId, employee_id: EmployeeId) -> StreamKey:
    return f"me:{account_id}:{employee_id}"


def account_stream(account_id: AccountId) -> StreamKey:
    return f"account:{account_id}"


def colleagues_stream(account_id: AccountId) -> StreamKey:
    return f"colleagues:{account_id}"
