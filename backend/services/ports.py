"""What the use cases need from the outside, as Protocols. Adapters and their twins fulfil them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from backend.domain.phone_number import PhoneNumber
from protocol.frames import Position, Push
from protocol.pushes import ContactMatch
from protocol.vocabulary import AccountId, CallId, EmployeeId, HangupCause, LegId, LegState

# ── bus ──────────────────────────────────────────────────────────────────────────────────────

StreamKey = str
"""`me:<account>:<employee>`, `account:<account>` or `colleagues:<account>`."""


@dataclass(frozen=True, slots=True)
class Publication:
    """One push on its way into one stream. `removes` deletes the entity from the snapshot."""

    key: StreamKey
    push: Push
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One numbered push as it left the bus. `frame` is the wire form, the same for all readers."""

    key: StreamKey
    epoch: str
    seq: int
    tag: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class StreamRead:
    """Answer to "where is this stream": the missed deliveries, or a snapshot."""

    epoch: str
    seq: int
    recovered: bool
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class TabPresence:
    """One live socket of an employee, as the web process that holds it knows it."""

    session: str
    tab: str
    visible: bool
    sound: bool
    since: datetime


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


# ── switch ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A customer's leg reached us and waits; it hears nothing until told to."""

    call_id: CallId
    leg_id: LegId
    number: str
    """As the switch reports it; empty when withheld."""
    dialed: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMoved:
    """A leg is dialing, ringing or up. May come late, twice or out of order."""

    call_id: CallId
    leg_id: LegId
    state: LegState
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    call_id: CallId
    leg_id: LegId
    cause: HangupCause
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReported:
    """The switch confirmed, or a phone did it by itself."""

    call_id: CallId
    on: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLeg:
    leg_id: LegId
    state: LegState
    number: str
    dialed: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    call_id: CallId
    legs: tuple[LiveLeg, ...]
    held: bool
    connected: tuple[LegId, ...]
    """Legs that hear each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchConnected:
    """We hear the switch (again). `calls` is all that lives on it now: whatever a call's owner
    remembers beyond that is over, whatever it does not know is to be taken over (R7)."""

    calls: tuple[LiveCall, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchDisconnected:
    at: datetime
    reason: str


SwitchEvent = Arrived | LegMoved | LegEnded | HoldReported | SwitchConnected | SwitchDisconnected


@dataclass(frozen=True, slots=True, kw_only=True)
class RingOrder:
    """Make a device or an outside number ring as a leg of a call.

    The switch-side id of the leg is derived from (call_id, leg_id): asking twice rings once.
    """

    account: str
    """The account's slug: names on the switch carry it."""
    call_id: CallId
    leg_id: LegId
    """`<kind>-<n>-<attempt>`: another attempt is another leg."""
    endpoint: str
    """In the switch's own words, as stored with the employee's number or the trunk."""
    caller_number: str
    caller_name: str
    timeout_s: int
    auto_answer: bool = False
    """Ask the device to pick up by itself (it was told to by its person)."""


class Switch(Protocol):
    """One switch connection. Commands return when the switch accepted them; what becomes of it is
    told by events. Raises SwitchUnavailable, SwitchRefused (NoDevice), NotFound for a gone leg."""

    def events(self) -> AsyncIterator[SwitchEvent]:
        """Connects, reconnects with backoff, begins with SwitchConnected. Ends when closed or,
        raising SwitchRefused, when another holder took the connection over."""

    async def ring(self, order: RingOrder) -> None: ...

    async def indicate_ringing(self, call_id: CallId, leg_id: LegId) -> None:
        """Let a waiting customer hear ringback."""

    async def answer(self, call_id: CallId, leg_id: LegId) -> None: ...

    async def connect(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        """Let these legs hear each other; others of the call leave the bridge."""

    async def hold(self, call_id: CallId, customer: LegId, *, on: bool) -> None:
        """Music for the customer and back; kept on the switch too, for the next owner."""

    async def hang_up(self, call_id: CallId, leg_id: LegId, cause: HangupCause) -> None:
        """A leg that is already gone counts as done."""

    async def release(self, call_id: CallId) -> None:
        """Forget the bridge of a call that is over."""

    async def aclose(self) -> None: ...


# ── storage ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to do what only one may do. `token` grows with every new holder."""

    name: str
    holder: str
    token: int
    expires_at: datetime


class Leases(Protocol):
    async def acquire(self, name: str, holder: str, *, ttl_s: float) -> Lease | None: ...
    async def renew(self, lease: Lease, *, ttl_s: float) -> Lease | None:
        """None: it is lost; stop at once."""

    async def release(self, lease: Lease) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One thing that happened to a call, as the owner applied it."""

    account_id: AccountId
    call_id: CallId
    kind: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedLeg:
    leg_id: LegId
    employee_id: EmployeeId | None
    number: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    cause: HangupCause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCall:
    """What is kept of a call for ever. Writing it twice leaves one."""

    account_id: AccountId
    call_id: CallId
    direction: str
    number: str
    name: str | None
    virtual_number: str | None
    scenario: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    talk_s: int
    outcome: str
    cause: HangupCause | None
    answered_by: EmployeeId | None
    legs: tuple[FinishedLeg, ...]
    record_kind: str | None = None
    record_id: str | None = None
    record_url: str | None = None


class CallJournal(Protocol):
    """The calls' memory on disk. `append` returns at once; entries are committed in groups, in
    order, and in the same transaction as the jobs a finished call causes."""

    def append(self, entry: JournalEntry) -> None: ...
    def finish(self, call: FinishedCall) -> None: ...
    async def record_intent(
        self, lease: Lease, account_id: AccountId, call_id: CallId, leg_id: LegId
    ) -> bool:
        """Write down that a leg is about to be rung, checking the lease's token in the same
        transaction. False: the lease is lost or the intent already stands; do not ring."""

    async def open_calls(
        self, account_ids: Sequence[AccountId]
    ) -> dict[CallId, list[JournalEntry]]:
        """Entries of every call without an end, in the order they were applied."""

    async def flush(self) -> None:
        """Everything appended so far is on disk."""


# ── CRM ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A CRM's leave to act for an account. `repr` shows no token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    base_url: str
    """Where the account's API is now; it may move."""
    auth_url: str
    """Where tokens are exchanged."""


class Grants(Protocol):
    """Keeps one account's grant; refreshing is single-flight across processes (X5, P17)."""

    async def current(self) -> Grant:
        """Raises CrmAuthExpired when there is none."""

    async def refreshed(self, stale: Grant, exchange: Callable[[Grant], Awaitable[Grant]]) -> Grant:
        """The grant after `stale`: another's newer one if there is one, else what `exchange`
        brings, stored before it is used. Raises CrmAuthExpired and marks the account when
        `exchange` does."""


class ContactSource(Protocol):
    """Reading a CRM account. Raises CrmAuthExpired, CrmUnavailable, CrmRejected."""

    @property
    def kind(self) -> Literal["amocrm", "bitrix24"]: ...

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        """Everyone the number belongs to, with open deals and activities; best match first.

        At most two requests for a number known to the index."""

    def create_url(self, number: PhoneNumber) -> str | None: ...

    def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        """Every phone of every contact, company and lead, for the local index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedPhone:
    e164: str
    kind: str
    record_id: str
    name: str
    responsible_crm_id: str | None
    updated_at: datetime | None = None
    extra: dict[str, str] = field(default_factory=dict)
