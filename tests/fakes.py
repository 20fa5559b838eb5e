"""Twins of the outside for unit tests: they remember what was asked and say what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from backend.domain.scenario import ManagerStep
from backend.errors import AppError
from backend.services.calls.hooks import Manager
from backend.services.ports import (
    Capabilities,
    FinishedCall,
    JournalEntry,
    Lease,
    RingOrder,
    Sound,
    SwitchEvent,
)
from protocol.pushes import RecordRef
from protocol.vocabulary import AccountId, CallId, EmployeeId, HangupCause, LegId

_END = object()


class FakeSwitch:
    """Records orders in the order they came; `emit` lets it report. It does nothing by itself."""

    def __init__(self) -> None:
        self.capabilities = Capabilities()
        self.orders: list[tuple[object, ...]] = []
        self.rung: list[RingOrder] = []
        self.errors: dict[str, AppError] = {}
        """By endpoint, or by the name of the order: raised instead of obeying."""
        self.gate: asyncio.Event | None = None
        """While set and not open, ring orders hang: a slow switch."""
        self.offline: set[str] = set()
        """Endpoints nobody is registered at."""
        self._reports: asyncio.Queue[object] = asyncio.Queue()

    def emit(self, *events: SwitchEvent) -> None:
        for event in events:
            self._reports.put_nowait(event)

    def end(self, error: Exception | None = None) -> None:
        """The connection is over: cleanly, or because of `error`."""
        self._reports.put_nowait(_END if error is None else error)

    async def events(self) -> AsyncIterator[SwitchEvent]:
        while True:
            event = await self._reports.get()
            if event is _END:
                return
            if isinstance(event, Exception):
                raise event
            yield event  # type: ignore[misc]

    def said(self, name: str) -> list[tuple[object, ...]]:
        """The arguments of every order of this name."""
        return [order[1:] for order in self.orders if order[0] == name]

    def endpoints(self) -> list[str]:
        return [order.endpoint for order in self.rung]

    async def ring(self, order: RingOrder) -> None:
        if self.gate is not None:
            await self.gate.wait()
        self._obey("ring", order.leg_id, order.endpoint)
        if order.endpoint in self.errors:
            raise self.errors[order.endpoint]
        self.rung.append(order)

    async def registered(self, endpoints: Sequence[str]) -> dict[str, bool]:
        self._obey("registered", tuple(endpoints))
        return {name: name not in self.offline for name in endpoints if "@" not in name}

    async def indicate_ringing(self, call_id: CallId, leg_id: LegId) -> None:
        self._obey("indicate_ringing", call_id, leg_id)

    async def answer(self, call_id: CallId, leg_id: LegId) -> None:
        self._obey("answer", call_id, leg_id)

    async def connect(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        self._obey("connect", call_id, tuple(legs))

    async def hold(self, call_id: CallId, customer: LegId, *, on: bool) -> None:
        self._obey("hold", call_id, customer, on)

    async def consult(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        self._obey("consult", call_id, tuple(legs))

    async def set_aside(self, call_id: CallId, leg_id: LegId, sound: Sound) -> None:
        self._obey("set_aside", leg_id, sound)

    async def mute(self, call_id: CallId, leg_id: LegId, *, on: bool) -> None:
        self._obey("mute", leg_id, on)

    async def send_digits(self, call_id: CallId, leg_id: LegId, digits: str) -> None:
        self._obey("send_digits", call_id, leg_id, digits)

    async def play(self, call_id: CallId, leg_id: LegId, sound: str) -> None:
        self._obey("play", leg_id, sound)

    async def take_message(self, call_id: CallId, leg_id: LegId, name: str, *, max_s: int) -> None:
        self._obey("take_message", leg_id, name, max_s)

    async def announce_recording(self, call_id: CallId) -> None:
        self._obey("announce_recording", call_id)

    async def record(self, call_id: CallId, name: str) -> None:
        self._obey("record", call_id, name)

    async def mute_recording(self, name: str, *, on: bool) -> None:
        self._obey("mute_recording", name, on)

    async def stop_recording(self, name: str) -> None:
        self._obey("stop_recording", name)

    async def hang_up(self, call_id: CallId, leg_id: LegId, cause: HangupCause) -> None:
        self._obey("hang_up", leg_id, cause)

    async def release(self, call_id: CallId) -> None:
        self._obey("release", call_id)

    async def aclose(self) -> None:
        self.end()

    def _obey(self, name: str, *arguments: object) -> None:
        self.orders.append((name, *arguments))
        if name in self.errors:
            raise self.errors[name]


class FakeJournal:
    """Keeps everything in memory. `gate` makes the disk slow."""

    def __init__(self) -> None:
        self.entries: list[JournalEntry] = []
        self.finished: dict[CallId, FinishedCall] = {}
        self.intents: set[tuple[CallId, LegId]] = set()
        self.lease_lost = False
        self.gate: asyncio.Event | None = None

    def append(self, entry: JournalEntry) -> None:
        self.entries.append(entry)

    def finish(self, call: FinishedCall) -> None:
        self.finished[call.call_id] = call

    async def record_intent(
        self, lease: Lease, account_id: AccountId, call_id: CallId, leg_id: LegId
    ) -> bool:
        await self._disk()
        if self.lease_lost or (call_id, leg_id) in self.intents:
            return False
        self.intents.add((call_id, leg_id))
        return True

    async def open_calls(
        self, account_ids: Sequence[AccountId]
    ) -> dict[CallId, list[JournalEntry]]:
        found: dict[CallId, list[JournalEntry]] = {}
        for entry in self.entries:
            if entry.account_id in account_ids and entry.call_id not in self.finished:
                found.setdefault(entry.call_id, []).append(entry)
        return found

    async def flush(self) -> None:
        await self._disk()

    async def _disk(self) -> None:
        if self.gate is not None:
            await self.gate.wait()


@dataclass(frozen=True)
class Known:
    name: str


@dataclass
class FakeCallers:
    """A contact look-up that knows `names` by number and counts who watches."""

    names: dict[str, str] = field(default_factory=dict)
    looked_up: list[tuple[CallId, str, tuple[EmployeeId, ...]]] = field(default_factory=list)
    forgotten: list[tuple[CallId, tuple[EmployeeId, ...]]] = field(default_factory=list)
    records: dict[CallId, tuple[RecordRef, str]] = field(default_factory=dict)
    preferred: dict[CallId, RecordRef] = field(default_factory=dict)

    def known(self, account_id: AccountId, number: str) -> Known | None:
        return Known(self.names[number]) if number in self.names else None

    def look_up(
        self, account_id: AccountId, call_id: CallId, number: str, employees: Iterable[EmployeeId]
    ) -> None:
        self.looked_up.append((call_id, number, tuple(employees)))

    def forget(self, call_id: CallId, employees: Iterable[EmployeeId]) -> None:
        self.forgotten.append((call_id, tuple(employees)))

    def prefer(self, call_id: CallId, record: RecordRef) -> None:
        self.preferred[call_id] = record

    def record_of(self, call_id: CallId) -> tuple[RecordRef, str] | None:
        return self.records.get(call_id)

    async def choose(
        self, account_id: AccountId, call_id: CallId, record: RecordRef, by: EmployeeId
    ) -> None:
        self.records[call_id] = (record, "")

    async def retry(self, account_id: AccountId, call_id: CallId) -> None:
        self.looked_up.append((call_id, "", ()))


@dataclass
class FakeManagers:
    """A CRM's word on whom a customer belongs to. `gate` makes it slow."""

    answer: Manager = field(default_factory=Manager)
    asked: list[tuple[str, ManagerStep]] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def find(self, account_id: AccountId, number: str, step: ManagerStep) -> Manager:
        self.asked.append((number, step))
        if self.gate is not None:
            await self.gate.wait()
        return self.answer


async def until(condition: Callable[[], bool], *, turns: int = 500) -> None:
    """Let the loop turn until `condition` holds. Raises AssertionError when it never does."""
    for _ in range(turns):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to be")


async def idle(turns: int = 60) -> None:
    """Let everything that can run without time passing run."""
    for _ in range(turns):
        await asyncio.sleep(0)
