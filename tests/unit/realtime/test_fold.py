"""R1 over the bus: whatever was published and wherever a reader was cut, what it folded is what a
fresh snapshot shows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.bus.memory import MemoryBus
from backend.realtime.hub import Hub
from backend.realtime.limits import Limits
from backend.realtime.outbox import Message
from backend.realtime.session import Session
from backend.services.ports import Delivery, Publication, StreamRead, me_stream
from protocol import pushes
from protocol.frames import Hello, Position, You
from protocol.pushes import ContactRemoved, RingerChanged
from protocol.vocabulary import AccountId, CallId, EmployeeId, Feature, SessionId, StreamName

ACCOUNT, ANNA = AccountId("acme"), EmployeeId("anna")
KEY = me_stream(ACCOUNT, ANNA)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
View = dict[str, tuple[int, str]]


@dataclass
class Client:
    """What the widget does with a stream, in the fewest words."""

    view: View = field(default_factory=dict)
    position: Position | None = None
    seen: int = 0

    def begin(self, start: dict[str, Any]) -> None:
        if not start["recovered"]:
            self.view = {}
        for push in start["pushes"]:
            self.fold(push)
        self.position = (start["epoch"], start["seq"])

    def live(self, push: dict[str, Any]) -> None:
        assert self.position is not None
        assert push["seq"] > self.position[1], "told twice"
        self.position = (self.position[0], push["seq"])
        self.fold(push)

    def fold(self, push: dict[str, Any]) -> None:
        self.seen += 1
        if push["type"] in pushes.REMOVALS:
            self.view.pop(push["entity"], None)
        elif self.view.get(push["entity"], (-1, ""))[0] < push["version"]:
            self.view[push["entity"]] = (push["version"], push.get("tab") or "")


@dataclass(eq=False)
class Reader:
    """A session joined to a hub, its frames folded at once."""

    client: Client
    session: Session = field(default_factory=lambda: Session(Limits(), 0.0))

    def start(self, reads: dict[str, StreamRead]) -> None:
        welcome = self.session.welcome(
            hello=Hello(ticket="t" * 16, protocol=1, features=list(Feature)),
            session_id=SessionId("s"),
            you=You(account_id=ACCOUNT, employee_id=ANNA, name="", extension=None),
            expires_at=NOW,
            server_time=NOW,
            reads=reads,
        )
        self.client.begin(msgspec.json.decode(welcome)["streams"]["me"])

    def deliver(self, delivery: Delivery, message: Message) -> None:
        if self.session.wants(delivery):
            self.client.live(msgspec.json.decode(message["text"]))

    def start_over(self, key: str, read: StreamRead) -> None:
        frame = self.session.reset(key, read)
        if frame is not None:
            self.client.begin(msgspec.json.decode(frame)["start"])


async def fresh(bus: MemoryBus) -> View:
    client = Client()
    read = await bus.read(KEY, None)
    Reader(client).start({KEY: read})
    return client.view


def publication(entity: int, version: int, value: str, *, removes: bool) -> Publication:
    name = f"entity-{entity}"
    if removes:
        gone = ContactRemoved(
            stream=StreamName.ME, entity=name, version=version, call_id=CallId("c")
        )
        return Publication(KEY, gone, removes=True)
    changed = RingerChanged(stream=StreamName.ME, entity=name, version=version, tab=value)
    return Publication(KEY, changed)


published = st.builds(
    publication,
    st.integers(0, 4),
    st.integers(0, 30),
    st.text("ab", max_size=2),
    removes=st.booleans(),
)
steps = st.lists(
    st.one_of(
        published,
        st.sampled_from(["cut", "back", "flush", "reset"]),
        st.lists(published, max_size=4),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(steps)
async def test_old_snapshot_plus_pushes_is_a_fresh_snapshot(played: list[Any]) -> None:
    bus = MemoryBus()
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Any) -> asyncio.Task[None]:
        tasks.append(asyncio.get_running_loop().create_task(work))
        return tasks[-1]

    hub = Hub(bus, spawn)
    client = Client()
    reader: Reader | None = None

    async def back() -> Reader:
        new = Reader(client)
        await hub.join(new, {KEY: client.position}, new.start)
        return new

    for step in played:
        if step == "cut" and reader is not None:
            hub.leave(reader, KEY)
            reader = None
        elif step == "back" and reader is None:
            reader = await back()
        elif step == "flush":
            bus.flush()
        elif step == "reset":
            await bus.reset(KEY, forget=["entity-1"])
        elif not isinstance(step, str):
            await bus.publish(step if isinstance(step, list) else [step])
        if reader is not None:
            assert client.view == await fresh(bus)
    if reader is None:
        reader = await back()
    assert client.view == await fresh(bus)
    hub.leave(reader, KEY)
    await asyncio.gather(*tasks)
    assert hub.followed == 0


BUSY = [publication(n % 5, n, "ab"[n % 2], removes=n % 7 == 6) for n in range(60)]


@pytest.mark.parametrize("recovered", [True, False], ids=["recovered", "snapshot"])
async def test_a_cut_before_or_after_any_frame_ends_in_the_same_view(recovered: bool) -> None:
    whole = Client()
    bus = MemoryBus()
    reader = Reader(whole)
    hub = Hub(bus, asyncio.get_running_loop().create_task)
    await hub.join(reader, {KEY: None}, reader.start)
    for step in BUSY:
        await bus.publish([step])
    expected = whole.view
    assert expected == await fresh(bus)

    for lost_from in range(len(BUSY) + 1):
        for lost in (0, 1, 5):
            bus = MemoryBus()
            hub = Hub(bus, asyncio.get_running_loop().create_task)
            client = Client()
            before = Reader(client)
            await hub.join(before, {KEY: None}, before.start)
            for step in BUSY[:lost_from]:
                await bus.publish([step])
            hub.leave(before, KEY)
            for step in BUSY[lost_from : lost_from + lost]:
                await bus.publish([step])
            after = Reader(client)
            position = client.position if recovered else None
            await hub.join(after, {KEY: position}, after.start)
            for step in BUSY[lost_from + lost :]:
                await bus.publish([step])
            assert client.view == expected, (lost_from, lost)
            if recovered:
                assert client.seen == whole.seen, "missed exactly what was lost, no more"


async def test_what_is_published_while_a_reader_joins_is_told_once() -> None:
    """A push between following and reading is both in the snapshot and delivered; one right after
    reading is only delivered. Both have to be told once."""

    class Slow(MemoryBus):
        async def read_all(self, positions: Any) -> dict[str, StreamRead]:
            await self.publish([publication(1, 1, "a", removes=False)])
            reads = await super().read_all(positions)
            await self.publish([publication(1, 2, "b", removes=False)])
            return reads

    bus = Slow()
    client = Client()
    reader = Reader(client)
    hub = Hub(bus, asyncio.get_running_loop().create_task)
    await hub.join(reader, {KEY: None}, reader.start)
    assert (client.seen, client.view) == (2, {"entity-1": (2, "b")})


async def test_readers_of_one_stream_share_one_follow() -> None:
    class Counting(MemoryBus):
        follows = 0

        def follow(self, *args: Any, **kwargs: Any) -> Any:
            self.follows += 1
            return super().follow(*args, **kwargs)

    bus = Counting()
    tasks: list[asyncio.Task[None]] = []

    def spawn(work: Any) -> asyncio.Task[None]:
        tasks.append(asyncio.get_running_loop().create_task(work))
        return tasks[-1]

    hub = Hub(bus, spawn)
    readers = [Reader(Client()) for _ in range(10)]
    await asyncio.gather(*(hub.join(r, {KEY: None}, r.start) for r in readers))
    await bus.publish([publication(1, 1, "a", removes=False)])
    assert (bus.follows, {r.client.seen for r in readers}) == (1, {1})
    for r in readers:
        hub.leave(r, KEY)
    await asyncio.gather(*tasks)
    assert hub.followed == 0
