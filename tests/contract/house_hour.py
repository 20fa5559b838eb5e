"""A busy hour in one process, on a clock that is moved by hand.

The call owner, contacts, statuses, presence, directory and the gateway are the real ones; the
switch, the CRM and the disk are twins. People are the scenes of `house_scenes`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from backend.bus.memory import MemoryBus
from backend.domain.board.scope import ALL
from backend.domain.phone_number import PhoneNumber
from backend.domain.scenario import Step
from backend.errors import CrmUnavailable
from backend.kit.clock import ManualClock
from backend.realtime.gateway import Gateway
from backend.realtime.services import Services
from backend.services.board.streams import board_stream
from backend.services.callbacks import Callbacks, CallbackTeller
from backend.services.calls import CallOwner, CallsClient
from backend.services.contacts import Contacts, PhoneIndex
from backend.services.device_teller import DeviceTeller
from backend.services.directory import Colleague, DirectoryTeller
from backend.services.outgoing_numbers import OutgoingTeller
from backend.services.ports import (
    Arrived,
    Delivery,
    EarlySound,
    HoldReported,
    IndexedPhone,
    Lease,
    LegEnded,
    LegMoved,
    LiveCall,
    LiveLeg,
    Placed,
    RingOrder,
    SoundOver,
    SwitchConnected,
    SwitchDisconnected,
    SwitchEvent,
    account_stream,
    colleagues_stream,
    me_stream,
)
from backend.services.ports.callbacks import CallbackTask
from backend.services.presence import Presence
from backend.services.ready_lines import ReadyLines
from backend.services.routing import RoutingTable, Team
from backend.services.sessions import Identity, IssuedToken, Sessions
from backend.services.statuses import KeptStatus, StatusService
from protocol.pushes import ContactMatch, HistoryEntry, HistoryPage, RecordRef
from protocol.vocabulary import (
    AccountId,
    CallId,
    Direction,
    EmployeeId,
    Feature,
    HangupCause,
    LegId,
    LegState,
    Outcome,
    RecordKind,
)
from tests.contract.house_board import BoardRoom
from tests.contract.house_dialer import DialerRoom
from tests.fake_lines import phones_of
from tests.fakes import FakeJournal, FakeSwitch, idle
from tests.integration.realtime.harness import MemorySessions
from tests.unit.services.stage import ACC, ANNA, BORIS, CUSTOMER, START, VERA, account, employee

ORIGIN = "https://app.test"
KNOWN, SHARED, UNKNOWN = "+79161234501", "+79161234503", "+79160000009"
"""A contact, a number of two contacts, and nobody's."""
PEOPLE = (ANNA, BORIS, VERA)


class LivelySwitch(FakeSwitch):
    """Does what it is told and reports it; what people do is said with `moved` and `gone`."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock
        self.told: set[str] = set()
        """Kinds of events that were reported."""
        self.legs: dict[tuple[CallId, LegId], LiveLeg] = {}
        self.held: set[CallId] = set()
        self.joined: dict[CallId, tuple[LegId, ...]] = {}

    def say(self, event: SwitchEvent) -> None:
        self.told.add(type(event).__name__)
        self.emit(event)

    def arrived(self, call: CallId, number: str, dialed: str) -> None:
        at = self._clock.now()
        self.legs[call, CUSTOMER] = LiveLeg(
            leg_id=CUSTOMER, state=LegState.RINGING, number=number, dialed=dialed, at=at
        )
        self.say(Arrived(call_id=call, leg_id=CUSTOMER, number=number, dialed=dialed, at=at))

    def placed(self, call: CallId, leg: LegId, number: str, shown: str) -> None:
        """Somebody dials on his telephone: his leg is up, the other rings."""
        at = self._clock.now()
        for name, state in ((leg, LegState.UP), (CUSTOMER, LegState.RINGING)):
            self.legs[call, name] = LiveLeg(
                leg_id=name, state=state, number=number, dialed="", at=at
            )
        self.say(Placed(call_id=call, leg_id=leg, number=number, shown=shown, at=at))

    def moved(self, call: CallId, leg: LegId, state: LegState) -> None:
        at = self._clock.now()
        self.legs[call, leg] = replace(self.legs[call, leg], state=state)
        self.say(LegMoved(call_id=call, leg_id=leg, state=state, at=at))

    def speaks(self, call: CallId, leg: LegId) -> None:
        """The network of who is rung says something before the answer."""
        self.say(EarlySound(call_id=call, leg_id=leg, at=self._clock.now()))

    def gone(self, call: CallId, leg: LegId, cause: HangupCause = HangupCause.NORMAL) -> None:
        if self.legs.pop((call, leg), None) is not None:
            self.say(LegEnded(call_id=call, leg_id=leg, cause=cause, at=self._clock.now()))

    def connect_again(self) -> None:
        """Everything that lives on it, as after any interruption."""
        calls: dict[CallId, list[LiveLeg]] = {}
        for (call, _), leg in self.legs.items():
            calls.setdefault(call, []).append(leg)
        self.say(
            SwitchConnected(
                calls=tuple(
                    LiveCall(
                        call_id=call,
                        legs=tuple(legs),
                        held=call in self.held,
                        connected=self.joined.get(call, ()),
                    )
                    for call, legs in calls.items()
                ),
                at=self._clock.now(),
            )
        )

    async def ring(self, order: RingOrder) -> None:
        await super().ring(order)
        key = (order.call_id, order.leg_id)
        self.legs[key] = LiveLeg(
            leg_id=order.leg_id, state=LegState.DIALING, number="", dialed=order.endpoint,
            at=self._clock.now(),
        )  # fmt: skip
        self.moved(*key, LegState.RINGING)
        if order.auto_answer:
            self.moved(*key, LegState.UP)

    async def answer(self, call_id: CallId, leg_id: LegId) -> None:
        await super().answer(call_id, leg_id)
        self.moved(call_id, leg_id, LegState.UP)

    async def connect(self, account: str, call_id: CallId, legs: Sequence[LegId]) -> None:
        await super().connect(account, call_id, legs)
        self.joined[call_id] = tuple(legs)

    async def hold(self, call_id: CallId, customer: LegId, *, on: bool) -> None:
        await super().hold(call_id, customer, on=on)
        (self.held.add if on else self.held.discard)(call_id)
        self.say(HoldReported(call_id=call_id, on=on, at=self._clock.now()))

    async def play(self, call_id: CallId, leg_id: LegId, sound: str) -> None:
        await super().play(call_id, leg_id, sound)
        at = self._clock.now()
        self.say(SoundOver(call_id=call_id, leg_id=leg_id, kind="played", at=at))

    async def hang_up(self, call_id: CallId, leg_id: LegId, cause: HangupCause) -> None:
        await super().hang_up(call_id, leg_id, cause)
        self.gone(call_id, leg_id, cause)


class Crm:
    """A CRM that knows two numbers and can be down."""

    kind: Literal["amocrm", "bitrix24"] = "amocrm"

    def __init__(self) -> None:
        self.down = False
        self.names = {KNOWN: ("Елена Морозова",), SHARED: ("Светлана", "Игорь")}

    async def find_by_phone(self, number: PhoneNumber) -> list[ContactMatch]:
        await asyncio.sleep(0)
        if self.down:
            raise CrmUnavailable("503")
        return [
            ContactMatch(
                record=RecordRef(kind=RecordKind.CONTACT, id=f"{number.e164}-{i}"),
                name=name,
                company=None,
                url=f"https://crm.test/{i}",
                responsible=None,
                deals=[],
                activities=[],
            )
            for i, name in enumerate(self.names.get(number.e164, ()))
        ]

    def create_url(self, number: PhoneNumber) -> str | None:
        return f"https://crm.test/add?phone={number.e164}"

    async def walk_phones(self) -> AsyncIterator[IndexedPhone]:
        return
        yield


class Choices:
    def __init__(self) -> None:
        self.kept: dict[str, RecordRef] = {}

    async def chosen(self, account_id: AccountId, e164: str) -> RecordRef | None:
        return self.kept.get(e164)

    async def choose(
        self,
        account_id: AccountId,
        e164: str,
        record: RecordRef,
        by: EmployeeId,
        *,
        call_id: CallId,
        url: str,
    ) -> None:
        self.kept[e164] = record


class StatusesOnDisk:
    def __init__(self) -> None:
        self.kept: dict[EmployeeId, KeptStatus] = {}

    async def load(self, account_id: AccountId, employee_id: EmployeeId) -> KeptStatus | None:
        return self.kept.get(employee_id)

    async def save(self, account_id: AccountId, status: KeptStatus) -> bool:
        known = self.kept.get(status.employee_id)
        if status.version != (1 if known is None else known.version + 1):
            return False
        self.kept[status.employee_id] = status
        return True


@dataclass
class JournalHistory:
    journal: FakeJournal

    async def page(
        self, account_id: AccountId, employee_id: EmployeeId, *, before: str | None, limit: int
    ) -> HistoryPage:
        entries = [
            HistoryEntry(
                call_id=c.call_id, direction=Direction(c.direction), number=c.number, name=c.name,
                started_at=c.started_at, answered_at=c.answered_at, ended_at=c.ended_at,
                talk_s=c.talk_s, outcome=Outcome(c.outcome), cause=c.cause,
                mine=c.answered_by == employee_id, answered_by=None,
                virtual_number=c.virtual_number, record=None, record_url=c.record_url,
            )
            for c in self.journal.finished.values()
        ]  # fmt: skip
        return HistoryPage(entries=entries[-limit:], next=None)


class WantedBack:
    """Customers to be called back, without a disk."""

    def __init__(self) -> None:
        self.tasks: list[CallbackTask] = []

    async def open(self, account_id: AccountId) -> Sequence[CallbackTask]:
        return tuple(self.tasks)

    async def done(
        self, account_id: AccountId, call_id: CallId, employee_id: EmployeeId
    ) -> tuple[EmployeeId, ...] | None:
        found = [t for t in self.tasks if t.call_id == call_id and employee_id in t.employees]
        self.tasks = [t for t in self.tasks if t not in found]
        return found[0].employees if found else None


@dataclass
class PipedTab:
    """A tab on the gateway without a network: what it was sent, in order."""

    employee_id: EmployeeId
    hour: Hour
    frames: list[dict[str, Any]] = field(default_factory=list)
    closed: int | None = None
    _in: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _task: asyncio.Task[None] | None = None

    async def open(self, token: IssuedToken, **hello: Any) -> None:
        ticket = await self.hour.sessions.ticket(token.token)
        scope = {
            "type": "websocket",
            "client": ("127.0.0.1", 1),
            "headers": [(b"origin", ORIGIN.encode())],
        }
        self._in.put_nowait({"type": "websocket.connect"})
        self.send(
            type="hello", ticket=ticket, protocol=1, features=[f.value for f in Feature],
            tab=f"tab-{self.employee_id}", visible=True, sound=True, **hello,
        )  # fmt: skip
        self._task = asyncio.create_task(self.hour.gateway(scope, self._in.get, self._sent))
        await idle()

    def send(self, **frame: Any) -> None:
        self._in.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    async def ask(self, tag: str, *, refused: str | None = None, **fields: Any) -> Any:
        """The command's result. `refused` is the error that is meant to come instead."""
        self.hour.asked.add(tag)
        command_id = f"command-{next(self.hour.numbers):05d}"
        self.send(type=tag, id=command_id, **fields)
        for _ in range(200):
            await idle(10)
            for frame in reversed(self.frames):
                if frame["type"] == "reply" and frame["id"] == command_id:
                    error = frame.get("error") or {}
                    assert error.get("code") == refused, (tag, fields, frame)
                    return frame.get("result")
        raise AssertionError(f"{tag} was not answered")

    async def close(self) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": 1001})
        if self._task is not None:
            await self._task

    async def _sent(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self.closed = message["code"]
        if message["type"] != "websocket.send":
            return
        text = message.get("text") or message["bytes"].decode()
        frame = json.loads(text)
        self.frames.append(frame)
        if frame["type"] == "ping":
            self.send(type="pong", n=frame["n"])

    def cards(self) -> dict[str, dict[str, Any]]:
        """The newest card of each call this tab was told of and not told to remove."""
        found: dict[str, dict[str, Any]] = {}
        for frame in self.frames:
            pushes = [frame]
            if frame["type"] == "stream.reset":
                pushes = frame["start"]["pushes"]
                if frame["stream"] == "me":
                    found.clear()
            for push in pushes:
                if push["type"] == "call.changed":
                    found[push["call_id"]] = push
                elif push["type"] == "call.removed":
                    found.pop(push["call_id"], None)
        return found


class Hour:
    """Everything of an account, ready to be busy."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.bus = MemoryBus(self.clock)
        self.journal = FakeJournal()
        self.switch = LivelySwitch(self.clock)
        self.crm = Crm()
        self.numbers = itertools.count(1)
        self.asked: set[str] = set()
        """Tags of commands that were sent."""
        route = account(
            Step(employees=(ANNA, BORIS), timeout_s=20),
            Step(employees=(VERA,), timeout_s=10),
            people=tuple(
                employee(who, extension)
                for who, extension in zip(PEOPLE, ("101", "102", "103"), strict=True)
            ),
        )
        self.routing = RoutingTable()
        self.routing.replace(route)
        self.contacts = Contacts(
            index=PhoneIndex(), sources=lambda _: self.crm, choices=Choices(), bus=self.bus,
            clock=self.clock,
        )  # fmt: skip
        self.directory = DirectoryTeller(self.bus, self.clock)
        self.outgoing = OutgoingTeller(self.bus, self.clock)
        self.devices = DeviceTeller(self.bus, self.clock)
        self.ready_lines = ReadyLines(self.bus)
        self.statuses = StatusService(StatusesOnDisk(), self.bus, self.clock, routing=self.routing)
        self.sessions = Sessions(MemorySessions(), self.bus, self.clock)
        self.wanted = WantedBack()
        self.callbacks = CallbackTeller(self.wanted, self.bus, self.clock)
        self.dialer = DialerRoom(self.bus, self.clock, self.routing)
        self._owner: CallOwner | None = None
        self.board = BoardRoom(
            self.bus, self.clock, self.routing, self.journal,
            lambda account_id: () if self._owner is None else self._owner.calls_of(account_id),
        )  # fmt: skip
        calls = CallsClient(self.bus)
        self.gateway = Gateway(
            self.bus,
            Services(
                calls=calls, contacts=calls, statuses=self.statuses,
                history=JournalHistory(self.journal), sessions=self.sessions,
                presence=Presence(self.bus, self.clock),
                phones=phones_of(self.bus, self.clock),
                callbacks=Callbacks(self.wanted),
                dialer=self.dialer.desk,
                hands=self.board.hands,
            ),
            self.clock,
            origin_allowed=lambda origin: origin == ORIGIN,
        )  # fmt: skip
        self.tabs: dict[EmployeeId, PipedTab] = {}
        self._token = 0
        self._owning: asyncio.Task[None] | None = None

    @property
    def keys(self) -> dict[str, tuple[str, EmployeeId]]:
        """Recorded streams: key by (name, who reads it in the transcript)."""
        return {
            account_stream(ACC): ("account", ANNA),
            colleagues_stream(ACC): ("colleagues", ANNA),
            board_stream(ACC, ALL): ("board", VERA),
            **{me_stream(ACC, who): ("me", who) for who in PEOPLE},
        }

    # ── the process ──

    async def own(self) -> None:
        """A worker takes the switch over: the first one, or after another's death."""
        if self._owning is not None:
            self._owning.cancel()
            await asyncio.gather(self._owning, return_exceptions=True)
            fresh = LivelySwitch(self.clock)
            fresh.legs, fresh.held, fresh.joined = (
                self.switch.legs, self.switch.held, self.switch.joined,
            )  # fmt: skip
            fresh.told = self.switch.told
            self.switch = fresh
        self._token += 1
        lease = Lease("switch:1", "me", self._token, START.replace(year=2100))
        owner = CallOwner(
            connection_id="switch-1", switch=self.switch, bus=self.bus, journal=self.journal,
            lease=lambda: lease, routing=self.routing, callers=self.contacts, clock=self.clock,
            browser_ready=self.ready_lines.is_ready, watch=self.board.keeper.call_changed,
            watches=self.board.watches, watched=self.board.watched,
        )  # fmt: skip
        self._owner = owner
        await self.ready_lines.follow(ACC)
        self._owning = asyncio.create_task(owner.run())
        await idle()
        self.switch.connect_again()
        await idle()

    async def close(self) -> None:
        for tab in self.tabs.values():
            await tab.close()
        if self._owning is not None:
            self._owning.cancel()
            await asyncio.gather(self._owning, return_exceptions=True)
        await self.board.keeper.aclose()
        await self.ready_lines.aclose()
        await self.contacts.aclose()

    async def sign_in(self, who: EmployeeId, **hello: Any) -> PipedTab:
        token = await self.sessions.open(
            Identity(
                account_id=ACC, employee_id=who, name=who.title(), extension="101",
                origins=(ORIGIN,),
            )
        )  # fmt: skip
        tab = PipedTab(who, self)
        await tab.open(token, **hello)
        return tab

    async def staff(self, *who: EmployeeId) -> None:
        await self.directory.tell(
            ACC,
            [
                Colleague(
                    employee_id=w, name=w.title(), extension="10", position=None, department=None
                )
                for w in who
            ],
        )
        await self.directory.tell_groups(
            ACC, [Team(group_id="sales", name=f"Sales, {len(who)}", extension="200")]
        )

    # ── people ──

    async def wait(self, seconds: float) -> None:
        """In steps that leave tabs the time to answer pings."""
        while seconds > 0:
            await self.clock.advance(min(10.0, seconds))
            await idle()
            seconds -= 10

    async def calls(self, number: str = KNOWN) -> CallId:
        """A customer calls; the phones of the first step ring."""
        call = CallId(f"call-{next(self.numbers):04d}")
        self.switch.arrived(call, number, "74951112233")
        await idle(120)
        return call

    async def picks_up(self, call: CallId, who: EmployeeId) -> None:
        leg = next(leg for c, leg in self.switch.legs if c == call and f"-{who}-" in leg)
        self.switch.moved(call, leg, LegState.UP)
        await idle(120)

    async def leaves(self, call: CallId, who: EmployeeId | None = None) -> None:
        """The customer, or `who`, puts the receiver down; and the talk's tidying up."""
        for c, leg in tuple(self.switch.legs):
            if c == call and (leg == CUSTOMER if who is None else f"-{who}-" in leg):
                self.switch.gone(c, leg)
        await idle(120)

    async def disconnected(self) -> None:
        self.switch.say(SwitchDisconnected(at=self.clock.now(), reason="cut"))
        await idle()


@asynccontextmanager
async def busy_hour(listen: Callable[[Delivery], None]) -> AsyncIterator[Hour]:
    """Three people at their tabs, a connected switch; `listen` hears every push of the account."""
    hour = Hour()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(hour.gateway)
        stack.push_async_callback(hour.close)
        for key in hour.keys:
            await stack.enter_async_context(hour.bus.follow(key, listen))
        await hour.staff(*PEOPLE)
        await hour.statuses.tell(ACC, PEOPLE)
        await hour.own()
        await hour.board.keeper.start()
        for who in PEOPLE:
            hour.tabs[who] = await hour.sign_in(who)
        await hour.tabs[ANNA].ask("stream.subscribe", stream="colleagues")
        yield hour
